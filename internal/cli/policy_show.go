package cli

import (
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// policyFormats are the ways to write a policy with all that it extends.
var policyFormats = formats[*policy.Policy]{
	{"yaml", func(w io.Writer, p *policy.Policy, _ report.TextOptions) error {
		b, err := policyText(p)
		if err != nil {
			return err
		}
		_, err = sanitise.Log(w).Write(b)
		return err
	}},
	{"json", func(w io.Writer, p *policy.Policy, _ report.TextOptions) error {
		b, err := p.JSON()
		if err != nil {
			return err
		}
		_, err = w.Write(sanitise.JSON(b))
		return err
	}},
}

func newPolicyShow(env Env) *cobra.Command {
	var format formatFlag[*policy.Policy]
	cmd := &cobra.Command{
		Use:   "show [POLICY]",
		Short: "Print a policy with all that it extends",
		Long: `show prints a policy, a file or preset:NAME, with everything that it extends merged into it, as YAML in
which a comment on each value says where it comes from; without an argument, the policy that check would
use. The rules of each policy stay apart: each decides by its own, and the strictest decision holds.

Of a preset it prints the source: what applies where there is no policy, and where to start from to
write one. Presets: ` + strings.Join(policy.PresetNames(), ", ") + `.

With --format json it prints, for programs, the texts that the policy is made of with their SHA-256, the
merged policy with the keys that it has in YAML, and the places that its parts come from, by their JSON
Pointers (RFC 6901); what has no place is a default, or built in.

Exit status: 0 printed, 2 wrong usage or a policy that is not valid.`,
		Example: `  codewarrant policy show .github/codewarrant.yml
  codewarrant policy show --format json | jq '.policy.settings'
  codewarrant policy show preset:hardened-runtime > codewarrant.yml`,
		Args: takes(0, 1, "one argument at most, a policy", ".github/codewarrant.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := loadPolicy(cmd.Context(), env, append(args, "")[0])
			if err != nil {
				return err
			}
			return format.emit(env, "", p, report.TextOptions{})
		},
		ValidArgsFunction: policyArgs(1),
	}
	format.flag(cmd, policyFormats, "`format` to print in")
	return cmd
}

// policyText returns a policy with all that it extends, and a preset as it was written.
func policyText(p *policy.Policy) ([]byte, error) {
	if preset, is := strings.CutPrefix(p.Name, policy.PresetPrefix); is && len(p.Extends) == 0 {
		return policy.PresetSource(preset)
	}
	return p.YAML()
}
