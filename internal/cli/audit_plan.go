package cli

import (
	"encoding/json"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/report"
)

func newAuditPlan(env Env) *cobra.Command {
	var o asking
	var shards int
	var output string
	cmd := &cobra.Command{
		Use:   "plan --output FILE AUDIT.yml",
		Short: "Divide an audit among the jobs of a matrix",
		Long: `plan finds the repositories of an audit and writes which they are, on which day and by what they are
judged, into a file. It prints the matrix for GitHub Actions, {"shard":["1/8","2/8",…]}: a job each
runs audit run --plan FILE --shard K/N, and needs nothing but the file and a token. There are no more
parts than repositories.

` + auditFile + `

Exit status: 0 written, 2 wrong usage, an audit that is not valid, or a plan that could not be written,
3 what there is to audit could not be read, or it is nothing.`,
		Example: `  codewarrant audit plan --shards 8 --output plan.json audit.yml
  matrix=$(codewarrant audit plan --output plan.json audit.yml)
  echo "matrix=$matrix" >> "$GITHUB_OUTPUT"`,
		Args: takes(1, 1, "one argument, the file that says what is audited", "--output plan.json audit.yml"),
		RunE: func(cmd *cobra.Command, args []string) error {
			switch {
			case shards < 1 || shards > report.MaxShards:
				return fmt.Errorf("--shards: %d is not from 1 to %d, the most that one matrix has", shards, report.MaxShards)
			case output == "":
				return hinted{fmt.Errorf("no --output is given"), "name the file that the plan goes into, such as plan.json: standard output has the matrix"}
			}
			c, _, done, err := o.open(env)
			if err != nil {
				return err
			}
			defer done()
			p, err := o.plan(cmd.Context(), env, c, args[0], shards)
			if err != nil {
				return err
			}
			if err := emit(env, output, func(w io.Writer, _ bool) error { return p.Write(w) }); err != nil {
				return err
			}
			matrix := map[string][]string{}
			for k := range p.Shards {
				matrix["shard"] = append(matrix["shard"], fmt.Sprintf("%d/%d", k+1, p.Shards))
			}
			return emit(env, "", func(w io.Writer, _ bool) error { return json.NewEncoder(w).Encode(matrix) })
		},
		ValidArgsFunction: upTo(1, policyFileArgs),
	}
	o.flags(cmd)
	cmd.Flags().IntVar(&shards, "shards", 8, "`number` of parts, at most")
	cmd.Flags().StringVarP(&output, "output", "o", "", "`file` to write the plan to")
	complete(cmd, "shards", nil)
	return cmd
}
