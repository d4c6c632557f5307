package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/git"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// policyDiffFormats are the ways to write what a policy says differently.
var policyDiffFormats = formats[*report.Diff]{
	{"text", func(w io.Writer, d *report.Diff, o report.TextOptions) error {
		return report.DiffText(sanitise.Log(w), d, o)
	}},
	{"json", func(w io.Writer, d *report.Diff, _ report.TextOptions) error { return report.DiffJSON(w, d, Version()) }},
}

func newPolicyDiff(env Env) *cobra.Command {
	var format formatFlag[*report.Diff]
	var exitCode bool
	cmd := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "Tell what a change of a policy lets pass, and what it does not",
		Long: `diff tells in words what a new policy says differently from an old one: first that by which more
passes, then that by which less does. Rules are compared by what they decide, about every key and
glob that either policy names and every documented entitlement, in each stage that both have; how
they are written does not matter. Exceptions are compared by their ids, and of the files of allowed
signers who may sign with which key, where a policy accepts signatures.

Each policy is a file, preset:NAME, or REF:PATH for a file as it stands at a branch, a tag or a commit of the
checkout, with what it extends as that stands there: the path is from the root of the repository, or
from the current folder when it begins with ./.

Exit status: 0 both policies could be read, 1 with --exit-code when something may pass that did
not, 2 wrong usage or a policy that is not valid.`,
		Example: `  codewarrant policy diff old.yml .github/codewarrant.yml
  codewarrant policy diff --exit-code origin/main:.github/codewarrant.yml .github/codewarrant.yml
  codewarrant policy diff --format json preset:hardened-runtime codewarrant.yml`,
		Args: takes(2, 2, "two arguments, the old policy and the new one", "old.yml codewarrant.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			from, was, err := policyAt(cmd.Context(), env, args[0])
			if err != nil {
				return err
			}
			to, is, err := policyAt(cmd.Context(), env, args[1])
			if err != nil {
				return err
			}
			d := &report.Diff{From: from, To: to, Changes: diff(from, to, was, is)}
			if err := format.emit(env, "", d, report.TextOptions{}); err != nil {
				return err
			}
			if exitCode && d.Count(policy.Looser) > 0 {
				return status(exitFindings)
			}
			return nil
		},
		ValidArgsFunction: policyArgs(2),
	}
	format.flag(cmd, policyDiffFormats, "`format` to print in")
	cmd.Flags().BoolVar(&exitCode, "exit-code", false, "end with 1 when something may pass that did not")
	return cmd
}

// diff compares two policies, and the signers whom they demand.
func diff(from, to *policy.Policy, was, is approval.Demand) []policy.Change {
	changes := append(policy.Diff(from, to), approval.Diff(was, is)...)
	policy.SortChanges(changes)
	return changes
}

// policyAt reads a policy by its name, or as it stands at a commit, for REF:PATH, and who
// may sign its exceptions. A file that is there by the whole of the name is meant before
// that.
func policyAt(ctx context.Context, env Env, name string) (*policy.Policy, approval.Demand, error) {
	ref, file, ok := strings.Cut(name, ":")
	if _, err := os.Lstat(name); !ok || err == nil || !policy.IsFile(name) {
		return workspacePolicy(ctx, env, name)
	}
	var none approval.Demand
	cwd, err := os.Getwd()
	if err != nil {
		return nil, none, err
	}
	root, ok := rootAbove(cwd, env.Getenv("GITHUB_WORKSPACE"))
	if !ok {
		return nil, none, hinted{fmt.Errorf("%s: there is no checkout of git here to read it in", name), "name a file, or one of " + strings.Join(presets(), ", ")}
	}
	local, err := git.Open(root)
	if err != nil {
		return nil, none, fmt.Errorf("%s: %w", name, err)
	}
	sha, err := local.Resolve(ctx, ref)
	if err != nil {
		return nil, none, hinted{fmt.Errorf("%s: %w", name, err), "name a branch, a tag or a commit that is there, such as origin/main:" + policyFiles[0]}
	}
	if strings.HasPrefix(file, "./") {
		rel, _ := below(root, cwd) // which it is
		file = path.Join(rel, file)
	}
	reader := newPolicyReader(ctx, env)
	reader.base = commitFiles{ctx, sha, local, nil}
	src, err := reader.base.ReadFile(file)
	if err != nil {
		return nil, none, fmt.Errorf("%s: %w", name, err)
	}
	p, err := reader.read(policy.Location{Base: true, Path: file}, src)
	if err != nil {
		return nil, none, err
	}
	by, err := reader.demandOf(p)
	return p, by, err
}
