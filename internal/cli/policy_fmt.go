package cli

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

func newFormat(env Env) *cobra.Command {
	var write, check bool
	cmd := &cobra.Command{
		Use:   "fmt FILE…",
		Short: "Format policies",
		Long: `fmt prints policies in the one form that all of them are meant to have: the keys in the order of the
documentation, two blanks for each level, short lists on one line, and short mappings that are in
braces, long justifications folded, quotes only where they are needed, an empty line between sections
and exceptions. What a policy says stays the same, and so does every comment, in its column where it
is aligned. What init, approve and renew write is in this form too.
--write replaces the file, so that another hard link to it keeps the old text.

Exit status: 0 done, 1 with --check a file that is not formatted, 2 wrong usage or a policy
that is not valid.`,
		Example: `  codewarrant policy fmt .github/codewarrant.yml
  codewarrant policy fmt --write .github/codewarrant.yml
  codewarrant policy fmt --check .github/codewarrant.yml`,
		Args:    takes(1, -1, "at least one argument, a policy", ".github/codewarrant.yml"),
		PreRunE: oneOf(0, "write", "check"),
		RunE: func(_ *cobra.Command, args []string) error {
			result := status(exitClean)
			for _, name := range args {
				changed, err := format(env, name, write, check)
				if err != nil {
					tell(env, err)
					result = exitUsage
				} else if changed && check && result == exitClean {
					result = exitFindings
				}
			}
			if result != exitClean {
				return result
			}
			return nil
		},
		ValidArgsFunction: policyFileArgs,
	}
	cmd.Flags().BoolVarP(&write, "write", "w", false, "write the result to the file instead of standard output")
	cmd.Flags().BoolVar(&check, "check", false, "name the files that are not formatted, and write nothing")
	return cmd
}

// format formats one policy, and reports whether that changes it. With write the file
// is replaced, with check it is named, and else the result is printed.
func format(env Env, name string, write, check bool) (changed bool, err error) {
	src, err := readNamed(name)
	if err != nil {
		return false, hinted{fmt.Errorf("policy: %w", err), "name a policy in a file"}
	}
	out, err := policy.Format(filepath.ToSlash(name), src)
	if err != nil {
		return false, withSource(err, src)
	}
	changed = !bytes.Equal(src, out)
	switch {
	case write && changed:
		return true, rewriteFile(name, src, out)
	case write, check && !changed:
		return changed, nil
	}
	if check {
		return true, emit(env, "", func(w io.Writer, _ bool) error {
			_, err := fmt.Fprintln(sanitise.Log(w), sanitise.Text(name))
			return err
		})
	}
	return changed, emitExactly(env, name, out, "give --write, or --check")
}
