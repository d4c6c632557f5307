package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

func newInit(env Env) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "init PATH…",
		Short: "Write a policy that describes what binaries claim today",
		Long: `init looks at the binaries and .entitlements files in the paths and writes a policy to begin with.
It extends ` + policy.PresetPrefix + policy.DefaultPreset + `, names the teams that signed the code, and has the narrowest exception
for each claim that needs one, under a comment on what the entitlement permits.

Category, justification, owner, approval and expiry of each exception are empty: until people
have written them, check fails. A file that is there is never overwritten. When something cannot
be read, nothing is written.

Exit status: 0 the policy is written, 2 it could not be, or wrong usage, 3 something could not be
read.`,
		Example: `  codewarrant init build/Acme.app
  codewarrant init --output codewarrant.yml build/Acme.app src/Acme.entitlements
  codewarrant init --output - build/Acme.app | less`,
		Args: paths,
		RunE: func(cmd *cobra.Command, args []string) error { return initPolicy(cmd.Context(), env, output, args) },
	}
	cmd.Flags().StringVarP(&output, "output", "o", policyFiles[0], "`file` to write the policy to; - for standard output")
	cmd.MarkFlagFilename("output", "yml", "yaml")
	return cmd
}

func initPolicy(ctx context.Context, env Env, output string, args []string) error {
	if _, err := os.Lstat(output); err == nil && output != "-" {
		return taken(output)
	}
	r, err := runCheck(ctx, env, checkOptions{policy: policy.PresetPrefix + policy.DefaultPreset}, args)
	if err != nil {
		return err
	}
	if r.Result() == check.Unreadable {
		tellUnreadable(env, r)
		return status(exitUnreadable)
	}
	src, exceptions, err := report.Draft(r, strings.Join(args, ", "))
	if err != nil {
		return err
	}
	if output == "-" {
		return emit(env, "", func(w io.Writer, _ bool) error {
			_, err := sanitise.Log(w).Write(src)
			return err
		})
	}
	if err := create(output, src); err != nil {
		return err
	}
	return emit(env, "", func(w io.Writer, _ bool) error {
		_, err := fmt.Fprintf(sanitise.Log(w), "%s: written, exceptions to fill in: %d\n", sanitise.Text(output), exceptions)
		return err
	})
}

func taken(name string) error {
	return hinted{fmt.Errorf("%s is there already and is not overwritten", name), "name another file with --output, or - for standard output"}
}

// tellUnreadable tells what could not be read, or that there was nothing to read.
func tellUnreadable(env Env, r *check.Report) {
	w := sanitise.Log(env.Stderr)
	for _, f := range r.Findings {
		if rule, _ := check.RuleByID(f.Rule); !rule.Unreadable {
			continue
		}
		where := strings.Join(append([]string{""}, f.Paths...), " ")
		fmt.Fprintf(w, "codewarrant:%s: %s\n", sanitise.Text(where), sanitise.Text(f.Message))
		if f.Hint != "" {
			fmt.Fprintf(w, "hint: %s\n", sanitise.Text(f.Hint))
		}
	}
}

// create writes a file that must not be there yet, whole or not at all, and makes
// the folder .github where it is missing.
func create(name string, b []byte) error {
	if dir := filepath.Dir(name); filepath.Base(dir) == ".github" {
		if err := os.Mkdir(dir, 0o755); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	switch {
	case errors.Is(err, fs.ErrExist):
		return taken(name)
	case err != nil:
		return hinted{err, "the folder has to be there and writable"}
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	return nil
}
