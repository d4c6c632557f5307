package scan

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/check"
)

// outcome is what became of one thing that the walk met: one entry of one of the
// lists of a result, or none, for a file that only began as a Mach-O file does.
type outcome struct {
	index int // in the walk
	path  string
	file  bool // and not a problem of the walk's own
	found Result
	cost  int   // of what was found
	stop  error // why this and everything after it is left out; nil: it is not
}

// keeper keeps outcomes up to a limit. What it leaves out does not depend on the
// order in which they arrive: it is the first outcome of the walk that passes the
// limit together with all before it, and everything after that.
type keeper struct {
	limit    int
	outcomes []outcome // in the order of the walk
	cost     int
	end      *outcome // the first that is left out, nil for none
}

// add returns false once something is left out.
func (k *keeper) add(o outcome) bool {
	if k.end != nil && o.index >= k.end.index {
		return false
	}
	i, _ := slices.BinarySearchFunc(k.outcomes, o.index, func(o outcome, index int) int { return cmp.Compare(o.index, index) })
	k.outcomes = slices.Insert(k.outcomes, i, o)
	k.cost += o.cost
	if o.stop != nil {
		k.cut(i, o.stop)
	}
	// Those that have not arrived yet leave the last ones even less room.
	for k.cost > k.limit {
		k.cut(len(k.outcomes)-1, fmt.Errorf("what was found before takes up the %d MiB of memory that there are for it", k.limit>>20))
	}
	return k.end == nil
}

// cut leaves out the outcomes from the ith on.
func (k *keeper) cut(i int, why error) {
	k.end = &outcome{index: k.outcomes[i].index, path: k.outcomes[i].path, stop: why}
	for _, o := range k.outcomes[i:] {
		k.cost -= o.cost
	}
	clear(k.outcomes[i:])
	k.outcomes = k.outcomes[:i]
}

// result puts together what was kept, and tells how many files were not, of all that
// there were.
func (k *keeper) result(files int) Result {
	var r Result
	for _, o := range k.outcomes {
		r.Binaries = append(r.Binaries, o.found.Binaries...)
		r.Packages = append(r.Packages, o.found.Packages...)
		r.Unread = append(r.Unread, o.found.Unread...)
		r.Remarks = append(r.Remarks, o.found.Remarks...)
		r.Empty = append(r.Empty, o.found.Empty...)
		if o.file {
			files--
		}
	}
	if k.end != nil {
		r.Unread = append(r.Unread, check.Unread{Path: k.end.path, Err: fmt.Errorf(
			"this and all that comes after it was left out (Mach-O files: %d): %w; check the artifact in parts", files, k.end.stop)})
	}
	return r
}
