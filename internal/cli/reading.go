package cli

import (
	"context"
	"fmt"
	"runtime"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/codewarrant/codewarrant/internal/scan"
)

// reading is how artifacts are read.
type reading struct {
	jobs  jobs
	quiet bool // no progress is shown
}

func (r *reading) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.Var(&r.jobs, "jobs", "`number` of files that are read, and of cores that are used, at the same time (default one for each core)")
	f.BoolVarP(&r.quiet, "quiet", "q", false, "show no progress on a terminal")
	complete(cmd, "jobs", nil)
}

// run looks at everything in the paths, and shows how far that is.
func (r reading) run(ctx context.Context, env Env, paths []string, o scan.Options) (scan.Result, error) {
	if r.jobs > 0 {
		// Files are shared out among as many goroutines, and the blocks of each file too.
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(int(r.jobs)))
	}
	p := startProgress(env, r.quiet)
	defer p.stop()
	o.Begun = p.begun
	return scan.Run(ctx, paths, o)
}

// jobs is how many of something are done at the same time; 0: as many as there are cores.
type jobs int

// maxJobs keeps the files that are open, and the memory for blocks of them, few.
const maxJobs = 256

func (j *jobs) Set(s string) error {
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > maxJobs {
		return fmt.Errorf("not a whole number from 1 to %d", maxJobs)
	}
	*j = jobs(n)
	return nil
}

func (j *jobs) String() string { return strconv.Itoa(int(*j)) }
func (j *jobs) Type() string   { return "int" }
