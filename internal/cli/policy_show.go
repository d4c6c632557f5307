package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

func newPolicyShow(env Env) *cobra.Command {
	var format string
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
			return showPolicy(cmd.Context(), env, append(args, "")[0], format)
		},
		ValidArgsFunction: policyArgs(1),
	}
	cmd.Flags().StringVar(&format, "format", "yaml", "`format` to print in: yaml, json")
	complete(cmd, "format", []string{"yaml", "json"})
	return cmd
}

func showPolicy(ctx context.Context, env Env, name, format string) error {
	p, err := loadPolicy(ctx, env, name)
	if err != nil {
		return err
	}
	preset, isPreset := strings.CutPrefix(p.Name, policy.PresetPrefix)
	var b []byte
	switch {
	case format == "json":
		if b, err = p.JSON(); err == nil {
			b = sanitise.JSON(b)
		}
	case format != "yaml":
		return fmt.Errorf("--format: %q is not one of yaml, json", format)
	case isPreset && len(p.Extends) == 0:
		b, err = policy.PresetSource(preset)
	default:
		b, err = p.YAML()
	}
	if err != nil {
		return err
	}
	return emit(env, "", func(w io.Writer, _ bool) error {
		if format == "yaml" {
			w = sanitise.Log(w)
		}
		_, err := w.Write(b)
		return err
	})
}
