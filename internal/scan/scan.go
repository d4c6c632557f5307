// Package scan turns paths into the plain values that are judged: it walks the
// artifacts, reads each Mach-O file in them and its signature, and lets go of the
// bytes. The work is spread over the cores; the result does not depend on it.
//
// What a run takes is bounded, whatever it is pointed at. What lies beyond a limit is
// told as something that could not be read.
package scan

import (
	"context"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// Result is what was found in a number of paths.
type Result struct {
	Binaries []check.Binary // in the order of the walk
	Packages []check.Package
	Unread   []check.Unread
	Remarks  []check.Remark
	Empty    []check.Unread // paths that were given, and in which no Mach-O file was found
}

// Depth says how closely signatures are looked at.
type Depth string

// The depths.
const (
	// Slots reads headers and signatures alone, some kilobytes of each file, and
	// compares the special slots.
	Slots Depth = "slots"

	// Full also compares every page of the code with its hash, and verifies who
	// signed it.
	Full Depth = "full"
)

const (
	// maxTime is after what time no further file is begun. It bounds what is hashed,
	// too: a sparse file costs nothing to make. From a disk that reads 200 MB a
	// second an hour is enough for 700 GB.
	maxTime = time.Hour

	// maxKept bounds what a run keeps of what it found, in bytes as [costOf] counts
	// them. It is enough for 33,000 slices such as that of a program with a Developer
	// ID and three entitlements, none of which the policy allows. The memory of the
	// process is up to twice that, as the garbage collector has it.
	maxKept = 512 << 20
)

// view is how files are looked at.
type view struct {
	verifier *codesign.Verifier // nil: pages and signers are left out
	evidence bool
}

// limits are what one run may take.
type limits struct {
	time time.Duration
	kept int
}

// Options are how a run looks at things.
type Options struct {
	Depth Depth
	Now   time.Time // that certificates are held against where there is no secure timestamp

	Evidence bool // read out of the code what it needs, too

	// Begun, unless nil, is told of each file that is begun, in the order of the walk.
	Begun func(path string, size int64)
}

// Run looks at everything in the paths, which are files and folders. When ctx ends
// before that there is no result, and the error is the cause.
func Run(ctx context.Context, paths []string, o Options) (Result, error) {
	return limits{maxTime, maxKept}.run(ctx, paths, o)
}

func (l limits) run(ctx context.Context, paths []string, o Options) (Result, error) {
	limited, cancel := context.WithTimeout(ctx, l.time)
	defer cancel()
	view := view{evidence: o.Evidence}
	if o.Depth == Full {
		view.verifier = codesign.NewVerifier(codesign.AppleAnchors(), o.Now)
	}
	var full atomic.Bool
	w := walk{ctx: ctx, limited: limited, full: &full, begun: o.Begun, jobs: make(chan job), done: make(chan outcome)}
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range w.jobs {
				w.done <- j.read(limited, view)
			}
		})
	}
	go func() {
		w.run(paths)
		workers.Wait()
		close(w.done)
	}()
	k := keeper{limit: l.kept}
	for o := range w.done {
		if !k.add(o) {
			full.Store(true)
		}
	}
	if ctx.Err() != nil {
		return Result{}, context.Cause(ctx)
	}
	r := k.result(w.files)
	if len(r.Binaries)+len(r.Packages)+len(r.Unread)+len(r.Empty) == 0 && !check.Unsupported(r.Remarks) {
		// Whatever began like a Mach-O file was a Java class.
		for _, path := range paths {
			r.Empty = append(r.Empty, check.Unread{Path: filepath.ToSlash(path), Err: macho.ErrNotMachO})
		}
	}
	return r, nil
}
