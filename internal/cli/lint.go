package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// lintFormats are the ways to write remarks on a policy.
var lintFormats = formats[*report.Lint]{
	{"text", func(w io.Writer, l *report.Lint, _ report.TextOptions) error {
		return report.LintText(sanitise.Log(w), l)
	}},
	{"json", func(w io.Writer, l *report.Lint, _ report.TextOptions) error { return report.LintJSON(w, l, Version()) }},
}

func newLint(env Env) *cobra.Command {
	var at, failOn string
	var format formatFlag[*report.Lint]
	cmd := &cobra.Command{
		Use:   "lint [POLICY]",
		Short: "Tell everything that is wrong with a policy",
		Long: `lint parses a policy and tells all errors at once, and then which exceptions approve nothing, since
something is missing or their signatures do not count, have run out or will soon, have no effect,
cover what another one does or hold whatever code is called; which rules decide nothing; which
names are not known, and near to ones that are; and what could be said better. It looks at no binary.

Owners are looked for in CODEOWNERS where the repository of the policy has that file.

The policy is a file, or preset:NAME; without an argument it is the one that check would find.
Why a policy is not valid is told on standard error, and by --format json as remarks of level error, too.

Exit status: 0 nothing to object, 1 remarks at or above --fail-on, 2 wrong usage or a policy that is
not valid.`,
		Example: `  codewarrant policy lint .github/codewarrant.yml
  codewarrant policy lint --at 2027-05-01 --fail-on warning codewarrant.yml
  codewarrant policy lint --format json codewarrant.yml | jq '.remarks[].message'`,
		Args: takes(0, 1, "one argument at most, a policy", ".github/codewarrant.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			day, err := dayOf(env, at)
			if err != nil {
				return err
			}
			levels, ok := map[string][]policy.Level{
				"error": {policy.Error}, "warning": {policy.Error, policy.Warning}, "never": nil,
			}[failOn]
			if !ok {
				return fmt.Errorf("--fail-on: %q is not one of error, warning, never", failOn)
			}
			return lint(cmd.Context(), env, append(args, "")[0], day, levels, func(w io.Writer, l *report.Lint) error {
				return format.write(w, l, report.TextOptions{})
			})
		},
		ValidArgsFunction: policyArgs(1),
	}
	cmd.Flags().StringVar(&at, "at", "", "judge as on this `day`, YYYY-MM-DD (default today, UTC)")
	cmd.Flags().StringVar(&failOn, "fail-on", "error", "lowest `level` that fails: error, warning, never")
	format.flag(cmd, lintFormats, "`format` to print in")
	complete(cmd, "fail-on", []string{"error", "warning", "never"})
	complete(cmd, "at", nil)
	return cmd
}

// dayOf returns the day that --at names, or else today.
func dayOf(env Env, at string) (policy.Date, error) {
	if at == "" {
		return policy.DateOf(env.Now()), nil
	}
	day, err := policy.ParseDate(at)
	if err != nil {
		return day, fmt.Errorf("--at: %w", err)
	}
	return day, nil
}

func lint(ctx context.Context, env Env, name string, day policy.Date, failing []policy.Level, write func(io.Writer, *report.Lint) error) error {
	p, demand, err := workspacePolicy(ctx, env, name)
	var invalid invalidPolicy
	if errors.As(err, &invalid) && invalid.named != nil {
		l := &report.Lint{Policy: invalid.named, Invalid: true, At: day, Remarks: invalid.Remarks()}
		if err := emit(env, "", func(w io.Writer, _ bool) error { return write(w, l) }); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	l := &report.Lint{Policy: p, At: day, Remarks: append(policy.Lint(p, day), approval.Lint(p, demand)...)}
	if policy.IsFile(p.Name) {
		owners, err := lintOwners(p, p.Name)
		if err != nil {
			return err
		}
		l.Remarks = append(l.Remarks, owners...)
	}
	inorder.By(l.Remarks, func(a, b policy.Remark) int { return cmp.Compare(a.Position.Line, b.Position.Line) })
	if err := emit(env, "", func(w io.Writer, _ bool) error { return write(w, l) }); err != nil {
		return err
	}
	for _, level := range failing {
		if l.Count(level) > 0 {
			return status(exitFindings)
		}
	}
	return nil
}

// lintOwners looks for the owners in the CODEOWNERS file of the repository that the
// policy is in. Without one there is nothing to say.
func lintOwners(p *policy.Policy, name string) ([]policy.Remark, error) {
	folder, err := repositoryOf(name)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(folder) // which no link leads out of
	if err != nil {
		return nil, err
	}
	defer root.Close()
	for _, file := range policy.CodeownersFiles {
		info, err := root.Stat(file)
		if isMissing(err) {
			continue
		}
		if err == nil && (!info.Mode().IsRegular() || info.Size() > policy.MaxCodeowners) {
			err = fmt.Errorf("%s is no file that GitHub would read", file)
		}
		var src []byte
		if err == nil {
			src, err = root.ReadFile(file)
		}
		if err != nil {
			return nil, fmt.Errorf("CODEOWNERS: %w", err)
		}
		return policy.LintOwners(p, file, src), nil
	}
	return nil, nil
}

// repositoryOf returns the root of the repository that a policy is in: the nearest
// folder above it with a .git; without one the folder of the policy, or the one
// above .github.
func repositoryOf(name string) (string, error) {
	abs, err := filepath.Abs(name)
	if err != nil {
		return "", err
	}
	folder := filepath.Dir(abs)
	for dir := folder; ; dir = filepath.Dir(dir) {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			break
		}
	}
	if filepath.Base(folder) == ".github" {
		folder = filepath.Dir(folder)
	}
	return folder, nil
}
