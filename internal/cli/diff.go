package cli

import (
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

func newPolicyDiff(env Env) *cobra.Command {
	var format string
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what a change of a policy lets pass, and what it does not",
		Long: `diff tells in words what a new policy says differently from an old one: first that by which more
passes, then that by which less does. Rules are compared by what they decide, about every key and
glob that either policy names and every documented entitlement, in each stage that both have; how
they are written does not matter. Exceptions are compared by their ids, and of the files of allowed
signers who may sign with which key, where a policy accepts signatures. Each policy is a file, or
preset:NAME.

Exit status: 0 both policies could be read, 1 with --exit-code when something may pass that did
not, 2 wrong usage or a policy that is not valid.`,
		Example: `  codewarrant policy diff old.yml .github/codewarrant.yml
  git worktree add ../main origin/main && codewarrant policy diff --exit-code ../main/.github/codewarrant.yml .github/codewarrant.yml
  codewarrant policy diff --format json preset:hardened-runtime codewarrant.yml`,
		Args: takes(2, 2, "two arguments, the old policy and the new one", "old.yml codewarrant.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			write, ok := map[string]func(io.Writer, *report.Diff, bool) error{
				"text": func(w io.Writer, d *report.Diff, colour bool) error {
					return report.DiffText(sanitise.Log(w), d, report.TextOptions{Color: colour})
				},
				"json": func(w io.Writer, d *report.Diff, _ bool) error { return report.DiffJSON(w, d, Version()) },
			}[format]
			if !ok {
				return fmt.Errorf("--format: %q is not one of text, json", format)
			}
			from, was, err := workspacePolicy(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			to, is, err := workspacePolicy(cmd.Context(), env, args[1])
			if err != nil {
				return err
			}
			d := &report.Diff{From: from, To: to, Changes: diff(from, to, was, is)}
			if err := emit(env, "", func(w io.Writer, colour bool) error { return write(w, d, colour) }); err != nil {
				return err
			}
			if exitCode && d.Count(policy.Looser) > 0 {
				return status(exitFindings)
			}
			return nil
		},
		ValidArgsFunction: policyArgs(2),
	}
	cmd.Flags().StringVar(&format, "format", "text", "`format` to print in: text, json")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "end with 1 when something may pass that did not")
	complete(cmd, "format", []string{"text", "json"})
	return cmd
}

// diff compares two policies, and the signers whom they demand.
func diff(from, to *policy.Policy, was, is approval.Demand) []policy.Change {
	changes := append(policy.Diff(from, to), approval.Diff(was, is)...)
	policy.SortChanges(changes)
	return changes
}
