package scan

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/macho"
)

// walk is what the walk itself finds, beside the jobs.
type walk struct {
	paths   []string
	unread  []check.Unread
	remarks []check.Remark
	empty   []check.Unread
	bundles map[*artifact.Bundle]bool
}

// run sends every file to the workers and closes the channel.
func (w *walk) run(paths []string, jobs chan<- job) {
	defer close(jobs)
	w.paths, w.bundles = paths, map[*artifact.Bundle]bool{}
	index := 0
	for item, problem := range artifact.Walk(paths...) {
		if problem != nil {
			w.problem(problem)
			continue
		}
		w.bundle(item.Bundle)
		jobs <- job{index, item}
		index++
	}
}

func (w *walk) problem(p *artifact.Problem) {
	switch p.Kind {
	case artifact.LinkOutside:
		w.remarks = append(w.remarks, check.Remark{Path: p.Path, Message: p.Err.Error()})
	case artifact.NotMachO, artifact.Nothing:
		w.empty = append(w.empty, check.Unread{Path: p.Path, Err: p.Err})
	default:
		w.unread = append(w.unread, check.Unread{Path: p.Path, Err: p.Err})
	}
}

// bundle tells once of a bundle whose Info.plist could not be read.
func (w *walk) bundle(b *artifact.Bundle) {
	if b == nil || b.Err == nil || w.bundles[b] {
		return
	}
	w.bundles[b] = true
	w.unread = append(w.unread, check.Unread{Path: cmp.Or(b.InfoPath, b.Path), Err: b.Err})
}

// result puts together what the walk and the workers found.
func (w *walk) result(outcomes []outcome) Result {
	slices.SortFunc(outcomes, func(a, b outcome) int { return cmp.Compare(a.index, b.index) })
	r := Result{Unread: w.unread, Remarks: w.remarks, Empty: w.empty}
	for _, o := range outcomes {
		switch {
		case o.err == nil:
			r.Binaries = append(r.Binaries, o.binary)
		case !errors.Is(o.err, macho.ErrNotMachO):
			r.Unread = append(r.Unread, check.Unread{Path: o.path, Err: o.err})
		}
	}
	if len(r.Binaries)+len(r.Unread)+len(r.Empty) == 0 {
		// Whatever began like a Mach-O file was a Java class.
		for _, path := range w.paths {
			r.Empty = append(r.Empty, check.Unread{Path: filepath.ToSlash(path), Err: macho.ErrNotMachO})
		}
	}
	return r
}
