package cli

import (
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker for released builds.
var version string

// Version returns the version of the program: of the release, else of the module,
// else of the commit it was built from.
func Version() string {
	if version != "" {
		return version
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return "devel-" + s.Value[:min(12, len(s.Value))]
		}
	}
	return "devel"
}

func newVersion(env Env) *cobra.Command {
	return &cobra.Command{
		Use:                   "version",
		DisableFlagsInUseLine: true,
		Short:                 "Print the version",
		Long: `version prints the release, or else the commit, that the program was built from.

Exit status: 0 printed, 2 wrong usage.`,
		Example: "  codewarrant version",
		Args:    takesNothing,
		RunE:    func(*cobra.Command, []string) error { return printVersion(env) },
	}
}

func printVersion(env Env) error {
	return emit(env, "", func(w io.Writer, _ bool) error {
		_, err := fmt.Fprintln(w, "codewarrant", Version())
		return err
	})
}
