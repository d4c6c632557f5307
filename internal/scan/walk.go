package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// walk meets one thing after another. Files become jobs; of anything else it says
// itself what became of it.
type walk struct {
	ctx     context.Context // when it ends there is nothing more to do
	limited context.Context // when it ends no more files are begun
	full    *atomic.Bool    // whether no more can be kept
	begun   func(path string, size int64)
	jobs    chan job
	done    chan outcome

	met     int             // things so far
	files   int             // of those, which begin as Mach-O files do, packages and images
	running []chan struct{} // ended of jobs: as many as there are workers, and one, at most
}

// job is one file that begins as a Mach-O file does, or an installer package or a disk image. The
// channel of jobs holds none, so that no more files are open than there are workers, and one.
type job struct {
	index  int
	item   *artifact.Item
	before []chan struct{} // ended of those that were running when this one began
	ended  chan struct{}   // closed when it is not read any more
}

// wait waits for the jobs that were begun before, or for the end of the time. Each of them is with a
// worker already, and waits for earlier ones at most.
func (j job) wait(ctx context.Context) {
	for _, ended := range j.before {
		select {
		case <-ended:
		case <-ctx.Done():
			return
		}
	}
}

// run walks the paths and closes the channel of jobs. Where nothing more is kept it
// goes on and counts.
func (w *walk) run(paths []string) {
	defer close(w.jobs)
	for item, problem := range artifact.Walk(w.limited, paths...) {
		if w.ctx.Err() != nil {
			if item != nil {
				item.Close()
			}
			return
		}
		if problem != nil {
			w.tell(problem.Path, problemOf(problem))
			continue
		}
		w.files++
		if w.ends(item.Path) {
			item.Close()
			continue
		}
		path, size := item.Path, item.Size // which are the worker's after that
		w.jobs <- w.job(item)
		if w.begun != nil {
			w.begun(path, size)
		}
	}
}

// ends reports whether no more files are looked at. Of the time it tells itself.
func (w *walk) ends(path string) bool {
	if !w.full.Load() && w.limited.Err() != nil {
		w.full.Store(true)
		w.done <- outcome{index: w.next(), path: path, stop: errTime}
	}
	return w.full.Load()
}

var errTime = fmt.Errorf("the %d minutes that there are for a run are over", int(maxTime.Minutes()))

// job returns the job of an item.
func (w *walk) job(item *artifact.Item) job {
	w.running = slices.DeleteFunc(w.running, func(ended chan struct{}) bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
	j := job{index: w.next(), item: item, ended: make(chan struct{})}
	if item.Image != nil {
		j.before = slices.Clone(w.running)
	}
	w.running = append(w.running, j.ended)
	return j
}

func (w *walk) next() int {
	w.met++
	return w.met
}

// tell tells what was found without a job.
func (w *walk) tell(path string, found Result) {
	w.done <- outcome{index: w.next(), path: path, found: found, cost: costOf(found)}
}

func problemOf(p *artifact.Problem) Result {
	switch p.Kind {
	case artifact.LinkOutside, artifact.NoCode, artifact.Ambiguous, artifact.Opaque, artifact.Script, artifact.Unsupported:
		return Result{Remarks: []check.Remark{{Rule: remarks[p.Kind], Path: p.Path, Message: p.Err.Error()}}}
	case artifact.NoMain:
		return Result{Unread: []check.Unread{{Path: p.Path, Err: p.Err, Hint: mainHint}}}
	case artifact.OldLayout:
		return Result{Unread: []check.Unread{{Path: p.Path, Err: p.Err, Hint: "lay the bundle out anew with a folder Contents, as current tools do, and sign it"}}}
	case artifact.NotMachO, artifact.Nothing:
		return Result{Empty: []check.Unread{{Path: p.Path, Err: p.Err}}}
	default:
		return Result{Unread: []check.Unread{{Path: p.Path, Err: p.Err, Hint: placeHint(p.Err)}}}
	}
}

// placeHint says what to do where a file could not be unpacked for want of a place; else it
// is empty.
func placeHint(err error) string {
	if errors.Is(err, artifact.ErrNoPlace) {
		return "set TMPDIR to a folder that can be written to, with room for what is unpacked"
	}
	return ""
}

var remarks = map[artifact.Kind]string{
	artifact.LinkOutside: check.RuleLinkOutside,
	artifact.NoCode:      check.RuleBrokenSeal,
	artifact.Ambiguous:   check.RuleAmbiguousArchive,
	artifact.Opaque:      check.RuleOpaquePayload,
	artifact.Script:      check.RuleInstallerScript,
	artifact.Unsupported: check.RuleUnsupportedFileSystem,
}

const mainHint = "hand over the bundle with the Mach-O file that its Info.plist names; where that is a script or a link, no signature is read here, so leave the bundle out and verify it on a Mac"

// isSignable reports whether a slice may be signed, or might if it could be read.
func isSignable(s check.Slice) bool { return s.Err != nil || s.IsSignable() }

// readPackage reads who signed a package. v verifies it; nil leaves that out.
func readPackage(item *artifact.Item, v *codesign.Verifier) check.Package {
	p := item.Package
	out := check.Package{Path: item.Path, Size: item.Size, Algorithm: p.Algorithm, Uncovered: p.Uncovered, Signed: p.CMS != nil || p.RSA != nil}
	if v != nil && out.Signed {
		a := v.AuthenticatePackage(codesign.Package{
			Algorithm: p.Algorithm, Sum: p.Sum,
			CMS: (*codesign.PackageSignature)(p.CMS), RSA: (*codesign.PackageSignature)(p.RSA),
		})
		out.Authentication = &a
	}
	return out
}

// read reads a file, and closes it.
func (j job) read(ctx context.Context, l view) outcome {
	defer close(j.ended)
	defer j.item.Close()
	o := outcome{index: j.index, path: j.item.Path, file: true}
	if j.item.Package != nil || j.item.Image != nil {
		if j.item.Package != nil {
			o.found.Packages = []check.Package{readPackage(j.item, l.verifier)}
		} else {
			o.found = readImage(ctx, j, l.verifier)
		}
		o.cost = costOf(o.found)
		return o
	}
	b, err := readBinary(ctx, j.item, l)
	switch {
	case errors.Is(err, macho.ErrNotMachO) && j.item.Main:
		o.found.Unread = []check.Unread{{Path: o.path, Err: fmt.Errorf("the main executable of a bundle: %w", err), Hint: mainHint}}
	case errors.Is(err, macho.ErrNotMachO):
	case err != nil:
		o.found.Unread = []check.Unread{{Path: o.path, Err: err, Hint: placeHint(err)}}
	default:
		o.found.Binaries = []check.Binary{b}
		o.found.Remarks = payloads(j.item, b.Slices)
		if j.item.Main && !slices.ContainsFunc(b.Slices, isSignable) {
			o.found.Unread = []check.Unread{{
				Path: o.path, Err: errors.New("the main executable of a bundle is of a type that is never signed, so neither a signature nor the seal of the bundle was looked at"),
				Hint: mainHint,
			}}
		}
	}
	o.cost = costOf(o.found)
	return o
}
