package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// approveOptions are the flags of approve. One of the first four is given.
type approveOptions struct {
	key, agent, signature string // files: private key, public key of the agent, signature
	dryRun                bool
	policy, principal     string
}

func newApprove(env Env) *cobra.Command {
	var o approveOptions
	cmd := &cobra.Command{
		Use:   "approve ID…",
		Short: "Approve exceptions with a signature",
		Long: `approve signs each exception as it stands in the policy, and adds the signature to it: of everything
that it says, together with the policy-id, but who approved it. Any later change makes the signature
void; how the YAML is written does not matter. approved-on is set to today where it is empty, and the
name under which the file of allowed signers has the key is added to approved-by. These lines are
written in the form of policy fmt; all else in the file stays as it is. The file is replaced, so that
another hard link to it keeps the old text.

The key is in a file, or in ssh-agent, which has to be for keys with a passphrase and for security
keys. Or print the text of one exception with --dry-run, sign it elsewhere, and add the signature with
--signature. Of several exceptions none is signed unless all can be.

Exit status: 0 the signatures are added, or the text printed, 2 they could not be, or wrong usage.`,
		Example: `  codewarrant approve EXC-2026-014 --key ~/.ssh/id_ed25519
  codewarrant approve EXC-2026-014 EXC-2026-015 --agent ~/.ssh/id_ed25519_sk.pub
  codewarrant approve EXC-2026-014 --dry-run | jq .
  codewarrant approve EXC-2026-014 --dry-run > text
  ssh-keygen -Y sign -n ` + approval.Namespace + ` -f ~/.ssh/id_ed25519 text
  codewarrant approve EXC-2026-014 --signature text.sig`,
		Args: takes(1, -1, "the ids of exceptions", "EXC-2026-014 --key ~/.ssh/id_ed25519"),
		PreRunE: func(cmd *cobra.Command, args []string) error {
			if o.dryRun && o.principal != "" {
				return hinted{errors.New("--principal says nothing with --dry-run"), "give it with --signature: what is signed is the same, whoever signs"}
			}
			return oneOf(1, "key", "agent", "signature", "dry-run")(cmd, args)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 && (o.dryRun || o.signature != "") {
				return hinted{errors.New("--dry-run and --signature are for one exception"), "a signature is of one text: name one id"}
			}
			return approve(cmd.Context(), env, args, o)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			return slices.DeleteFunc(exceptions(o.policy), func(offer string) bool {
				id, _, _ := strings.Cut(offer, "\t")
				return slices.Contains(args, id)
			}), cobra.ShellCompDirectiveNoFileComp
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.key, "key", "", "`file` of the private key to sign with")
	f.StringVar(&o.agent, "agent", "", "`file` of the public key with which ssh-agent is to sign")
	f.StringVar(&o.signature, "signature", "", "`file` of a signature that was made elsewhere")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what is to be signed, and change nothing")
	f.StringVar(&o.policy, "policy", "", "`policy` that the exception stands in, a file (default the first of "+strings.Join(policyFiles, ", ")+")")
	f.StringVar(&o.principal, "principal", "", "`who` signs, where the key is allowed for several")
	completePolicy(cmd)
	complete(cmd, "principal", nil)
	return cmd
}

// approve does the work. Nothing is written unless each exception is approved by one person
// more in what is to be written.
func approve(ctx context.Context, env Env, ids []string, o approveOptions) error {
	d, err := openDraft(ctx, env, o.policy, policy.DateOf(env.Now()))
	if err != nil {
		return err
	}
	for _, id := range ids { // before anybody is asked to touch a key
		if err := d.read(id); err != nil {
			return err
		}
		if err := d.ready("approved-by"); err != nil {
			return err
		}
	}
	if o.dryRun {
		return emitExactly(env, "what is signed of "+ids[0], d.text, "run it outside of a job on GitHub")
	}
	demand, err := newPolicyReader(ctx, env).demandOf(d.approvals)
	if err != nil {
		return err
	}
	var told strings.Builder
	for _, id := range ids {
		if err := d.approve(env, id, o, demand, &told); err != nil {
			if len(ids) > 1 {
				err = fmt.Errorf("%s is not signed, and so none is: %w", id, err)
			}
			return err
		}
	}
	if err := rewriteFile(filepath.FromSlash(d.name), d.was, d.src); err != nil {
		return err
	}
	return emit(env, "", func(w io.Writer, _ bool) error {
		_, err := io.WriteString(sanitise.Log(w), told.String())
		return err
	})
}

// approve adds a signature of one exception to the draft, and tells so.
func (d *draft) approve(env Env, id string, o approveOptions, demand approval.Demand, told io.Writer) error {
	if err := d.read(id); err != nil {
		return err
	}
	signature, err := sign(env, o, d.text)
	if err != nil {
		return err
	}
	before := demand.One(d.exception)
	made, err := d.sign(signature, o.principal, demand)
	if err != nil {
		return err
	}
	if err := d.ready(""); err != nil {
		return err
	}
	after := demand.One(d.exception)
	if len(after.Signers) <= len(before.Signers) {
		return fmt.Errorf("what would be written is not approved by one person more: %s", after.Lack())
	}
	_, err = fmt.Fprintf(told, "%s: %s is signed by %s with %s %s, approved on %s; %d of %d\n",
		sanitise.Text(d.name), sanitise.Text(id), sanitise.Text(made.Principals), made.KeyType, made.Fingerprint,
		d.exception.ApprovedOn, len(after.Signers), after.Needed)
	return err
}
