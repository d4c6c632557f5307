package cli

import (
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// approved is a policy and who approved its exceptions.
type approved struct {
	policy   *policy.Policy
	statuses []approval.Status
}

// approvalsFormats are the ways to write who did.
var approvalsFormats = formats[approved]{
	{"text", func(w io.Writer, a approved, _ report.TextOptions) error {
		return report.ApprovalsText(sanitise.Log(w), a.policy, a.statuses)
	}},
	{"json", func(w io.Writer, a approved, _ report.TextOptions) error {
		return report.ApprovalsJSON(w, a.policy, a.statuses, Version())
	}},
}

func newApprovals(env Env) *cobra.Command {
	var format formatFlag[approved]
	cmd := &cobra.Command{
		Use:   "approvals [POLICY]",
		Short: "Tell who approved which exception",
		Long: `approvals lists the exceptions of a policy, who approved each as far as it says, and, where the
policy accepts signatures, who signed it: which signatures count, and why the others do not. The
policy is looked for as check does.

Exit status: 0 nothing to object, 1 an exception that has to be signed is not, 2 wrong usage, or a
policy or a file of allowed signers that is not valid.`,
		Example: `  codewarrant approvals
  codewarrant approvals --format json .github/codewarrant.yml | jq '.exceptions[].signed.signers'`,
		Args: takes(0, 1, "one argument at most, a policy", ".github/codewarrant.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := loadPolicy(cmd.Context(), env, append(args, "")[0])
			if err != nil {
				return err
			}
			demand, err := newPolicyReader(cmd.Context(), env).demandOf(p)
			if err != nil {
				return err
			}
			list := demand.Verify(p.Exceptions)
			if err := format.emit(env, "", approved{p, list}, report.TextOptions{}); err != nil {
				return err
			}
			return unsigned(p, list)
		},
		ValidArgsFunction: policyArgs(1),
	}
	format.flag(cmd, approvalsFormats, "`format` to print in")
	return cmd
}

// unsigned ends with the status that says that an exception lacks signatures, where
// nothing else can approve it.
func unsigned(p *policy.Policy, list []approval.Status) error {
	other := slices.ContainsFunc(p.Approvals.Accept, func(w policy.Way) bool { return w != policy.SignedBy })
	if !other && slices.ContainsFunc(list, func(s approval.Status) bool { return !s.Reached() }) {
		return status(exitFindings)
	}
	return nil
}
