package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/report"
)

func newMerge(env Env) *cobra.Command {
	var o mergedOutput
	cmd := &cobra.Command{
		Use:   "merge REPORT…",
		Short: "Join reports of several checks into one",
		Long: `merge joins reports that check --format json has written, and those that merge has written itself,
into one report. Each report is in it once, however often it is given, and in the same place
whatever the order: merging in parts, and merging the parts, comes to the same.

With --format json, which merge reads again, all of each report is kept. With html it is one page for a
browser: who holds which exception and how long, what which repository claims, and a part for each
repository. csv and ndjson have the findings, junit the claims and findings as cases, and text and
markdown tell what all comes to.

Two reports of the same files, by the same policy and version of the program on the same day, are
equal, or one of them was changed: both are kept, and that is told. So are shards of an audit that are
missing.

Exit status: that of the worst report, 0 passed, 1 failed, 3 something could not be read; 3 when reports
contradict one another, or shards are missing, or a report could not be read, and then nothing is
written; 2 wrong usage, or output that could not be written.`,
		Example: `  codewarrant merge reports/*.json > all.json
  codewarrant merge --output all.json shard-1.json shard-2.json
  codewarrant merge --format html --output all.html reports/*.json
  codewarrant merge reports/*.json | jq -r '.runs[].report | select(.result != "pass") | .policy.name'`,
		Args: takes(1, -1, "one argument or more, reports in JSON", "reports/*.json"),
		RunE: func(_ *cobra.Command, args []string) error {
			var m report.Merger
			for _, name := range args {
				f, err := openInput(name)
				if err == nil {
					err = m.Add(f)
				}
				if err != nil {
					return unreadableInput(env, hinted{fmt.Errorf("%s: %w", relative(name), bareError(err)), "name reports that check --format json or merge has written; nothing is written"})
				}
			}
			if err := o.write(env, &m); err != nil {
				return err
			}
			tellMissing(env, &m)
			return mergedStatus(m.Result())
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return []string{"json"}, cobra.ShellCompDirectiveFilterFileExt
		},
	}
	o.flags(cmd)
	return cmd
}

// bareError returns the reason in an error about a file, which is named already.
func bareError(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// input is a file that is open while it is read: there may be more of them than a process
// may have open.
type input struct {
	name string
	size int64
}

func openInput(name string) (*input, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return &input{name, info.Size()}, nil
}

func (in *input) Size() int64 { return in.size }

func (in *input) ReadAt(p []byte, at int64) (int, error) {
	f, err := os.Open(in.name)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	return f.ReadAt(p, at)
}
