// Package scan turns paths into the plain values that are judged: it walks the
// artifacts, reads each Mach-O file in them and its signature, and lets go of the
// bytes. The work is spread over the cores; the result does not depend on it.
package scan

import (
	"runtime"
	"sync"
	"time"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
)

// Result is what was found in a number of paths.
type Result struct {
	Binaries []check.Binary // in the order of the walk
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

// Run looks at everything in the paths, which are files and folders. Certificates
// are held against the time now where there is no secure timestamp.
func Run(paths []string, depth Depth, now time.Time) Result {
	var verifier *codesign.Verifier
	if depth == Full {
		verifier = codesign.NewVerifier(codesign.AppleAnchors(), now)
	}
	jobs := make(chan job)
	done := make(chan outcome)
	var workers sync.WaitGroup
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for j := range jobs {
				done <- j.read(verifier)
			}
		})
	}
	var w walk
	go func() {
		w.run(paths, jobs)
		workers.Wait()
		close(done)
	}()
	var outcomes []outcome
	for o := range done {
		outcomes = append(outcomes, o)
	}
	return w.result(outcomes)
}

// job is one file that begins as a Mach-O file does. The channel of jobs holds
// none, so that no more files are open than there are workers, and one.
type job struct {
	index int
	item  *artifact.Item
}

// outcome is what became of a job: a binary, or why there is none.
type outcome struct {
	index  int
	path   string
	binary check.Binary
	err    error // macho.ErrNotMachO for what only began like one
}

func (j job) read(v *codesign.Verifier) outcome {
	defer j.item.Close()
	b, err := readBinary(j.item, v)
	return outcome{j.index, j.item.Path, b, err}
}
