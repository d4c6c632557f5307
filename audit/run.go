package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// maxTime is after what time a repository is given up.
const maxTime = 3 * time.Hour

// Options are how a run goes about it.
type Options struct {
	Client  *github.Client
	Version string // of the program
	State   *State // where reports are kept
	Shard   int    // which of the shards of the plan, from 1; 0: all of them
	Jobs    int    // repositories at the same time

	// Begun, unless nil, is told of each repository that is begun. It is called by several
	// goroutines.
	Begun func(repository string)
}

// run is the state of one Run.
type run struct {
	plan      *Plan
	o         Options
	byDefault *policy.Policy // that judges where nothing else does
	scanning  sync.Mutex     // the assets of one repository
	maxReport int            // bytes of one

	mu         sync.Mutex
	incomplete bool // the rate limit kept something from being read
	failed     error
}

// Run looks at the repositories of a plan, but for those whose reports are in the state
// already, and returns the names of the files that the reports are in, and whether the rate
// limit kept some of them from being complete: these are looked at once more by the next
// run. When ctx ends before that, the error is the cause.
func Run(ctx context.Context, p *Plan, o Options) (files []string, limited bool, err error) {
	r := &run{plan: p, o: o, maxReport: report.MaxDocument}
	if r.byDefault, err = policy.Load(policy.Location{Preset: policy.DefaultPreset}, nil); err != nil {
		return nil, false, err
	}
	jobs := make(chan int)
	var workers sync.WaitGroup
	for range max(o.Jobs, 1) {
		workers.Go(func() {
			for i := range jobs {
				r.one(ctx, i)
			}
		})
	}
	mine := p.Part(o.Shard)
	for _, i := range mine {
		if ctx.Err() == nil && !r.hasFailed() && !r.o.State.has(i) {
			jobs <- i
		}
	}
	close(jobs)
	workers.Wait()
	if ctx.Err() != nil {
		return nil, false, context.Cause(ctx)
	}
	if r.failed != nil {
		return nil, false, r.failed
	}
	for _, i := range mine {
		if name, ok := o.State.report(i); ok {
			files = append(files, name)
		}
	}
	return files, r.incomplete, o.State.failed()
}

func (r *run) hasFailed() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed != nil
}

// one looks at the i-th repository, and keeps its report.
func (r *run) one(ctx context.Context, i int) {
	if ctx.Err() != nil {
		return
	}
	t := r.plan.Repositories[i]
	if r.o.Begun != nil {
		r.o.Begun(t.Repository)
	}
	limit, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	result, limited := r.repository(limit, t)
	if ctx.Err() != nil { // which may be why something could not be read
		return
	}
	limited = limited || limit.Err() != nil // it may have waited that long
	var b []byte
	var err error
	if result != nil {
		b, err = r.encode(result)
	}
	if errors.Is(err, errLarge) {
		b, err = r.encode(r.unreadable(t, err, "check the release by itself, or have the audit ask for fewer assets"))
	}
	if err == nil {
		err = r.o.State.keep(i, b, !limited)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.incomplete = r.incomplete || limited
	if err != nil && r.failed == nil {
		r.failed = err
	}
}

var errLarge = fmt.Errorf("its report would have more than %d bytes", report.MaxDocument)

// encode returns a report as it is kept, if it could be read back.
func (r *run) encode(result *check.Report) ([]byte, error) {
	b := &bounded{limit: r.maxReport}
	err := report.JSON(b, result, r.o.Version)
	return b.Bytes(), err
}

// bounded is a buffer that takes so many bytes.
type bounded struct {
	bytes.Buffer
	limit int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.limit {
		return 0, errLarge
	}
	return b.Buffer.Write(p)
}
