package scan

import (
	"cmp"
	"errors"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/macho"
)

// walk is what the walk itself finds, beside the jobs.
type walk struct {
	paths   []string
	unread  []check.Unread
	remarks []check.Remark
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
	case artifact.NotMachO: // told with the paths in which nothing was found
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
	r := Result{Unread: w.unread, Remarks: w.remarks}
	for _, o := range outcomes {
		switch {
		case o.err == nil:
			r.Binaries = append(r.Binaries, o.binary)
		case !errors.Is(o.err, macho.ErrNotMachO):
			r.Unread = append(r.Unread, check.Unread{Path: o.path, Err: o.err})
		}
	}
	for _, path := range w.paths {
		if !r.has(path) {
			r.Empty = append(r.Empty, filepath.ToSlash(path))
		}
	}
	return r
}

// has reports whether anything was found in a path, be it a problem. What two
// paths have in common was found by the name that the wider one gives it.
func (r *Result) has(path string) bool {
	path = absolute(path)
	in := func(p string) bool {
		p = absolute(p)
		return p == path || strings.HasPrefix(p, strings.TrimSuffix(path, "/")+"/")
	}
	return slices.ContainsFunc(r.Binaries, func(b check.Binary) bool { return in(b.Paths[0]) }) ||
		slices.ContainsFunc(r.Unread, func(u check.Unread) bool { return in(u.Path) })
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		path = abs
	}
	return filepath.ToSlash(path)
}
