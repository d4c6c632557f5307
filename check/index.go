package check

import (
	"cmp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// scopeIndex finds those of many exceptions whose scopes may match a target, without a
// look at the others. Each is kept under one of the fields of its scope: that of which
// the values are rarest among all.
type scopeIndex struct {
	by   map[handle][]*exceptionUse
	rest []*exceptionUse // of whose scopes no field can be looked up
}

// handle is a value of a field that a target has to have, or a part of one.
type handle struct{ field, value string }

// gram is how many bytes of a name are looked up that has wildcards in it.
const gram = 4

func newScopeIndex(list []*exceptionUse) *scopeIndex {
	x := &scopeIndex{by: map[handle][]*exceptionUse{}}
	count := map[handle]int{}
	for _, u := range list {
		for _, alternatives := range handles(u) {
			for _, h := range slices.Concat(alternatives...) {
				count[h]++
			}
		}
	}
	for _, u := range list {
		best := rarest(handles(u), count)
		for _, h := range best {
			x.by[h] = append(x.by[h], u)
		}
		if best == nil {
			x.rest = append(x.rest, u)
		}
	}
	return x
}

// handles returns, for each field of a scope that can be looked up, what it can be
// looked up by: for each of the field's values one handle of several. Of a glob these
// are the names in it that have no wildcard, and parts of the others.
func handles(u *exceptionUse) [][][]handle {
	var fields [][][]handle
	for _, f := range []struct {
		name   string
		values []string
	}{
		{"cdhash", u.AppliesTo.CDHash},
		{"identifier", u.AppliesTo.Identifier},
		{"team-id", u.AppliesTo.TeamID},
		{"binaries", u.AppliesTo.Binaries},
	} {
		var values [][]handle
		for _, v := range f.values {
			values = append(values, []handle{{f.name, v}})
		}
		fields = append(fields, values)
	}
	var globs [][]handle
	for _, literals := range u.scope.Literals() {
		var alternatives []handle
		for _, l := range literals {
			if l.Whole {
				alternatives = append(alternatives, handle{"path", l.Text})
				continue
			}
			for i := range len(l.Text) - gram + 1 {
				alternatives = append(alternatives, handle{"gram", l.Text[i : i+gram]})
			}
		}
		globs = append(globs, alternatives)
	}
	return append(fields, globs)
}

// rarest returns the handles of the field of which the fewest exceptions have one, each
// once; nil if no field can be looked up.
func rarest(fields [][][]handle, count map[handle]int) []handle {
	var best []handle
	least := 0
	for _, values := range fields {
		var chosen []handle
		sum := 0
		for _, alternatives := range values {
			if len(alternatives) == 0 { // a glob of little but wildcards
				chosen = nil
				break
			}
			h := slices.MinFunc(alternatives, func(a, b handle) int { return cmp.Compare(count[a], count[b]) })
			if !slices.Contains(chosen, h) {
				chosen, sum = append(chosen, h), sum+count[h]
			}
		}
		if chosen != nil && (best == nil || sum < least) {
			best, least = chosen, sum
		}
	}
	return best
}

// candidates returns the exceptions whose scopes may match a target, in the order of the
// policy.
func (x *scopeIndex) candidates(t policy.Target) []*exceptionUse {
	list := slices.Clone(x.rest)
	look := func(field, value string) {
		if value != "" {
			list = append(list, x.by[handle{field, value}]...)
		}
	}
	look("cdhash", t.CDHash)
	look("identifier", t.Identifier)
	look("team-id", t.TeamID)
	for _, g := range t.Groups {
		look("binaries", g)
	}
	if len(t.Paths) > 0 { // all of which have to match, so the first
		for name := range strings.SplitSeq(t.Paths[0], "/") {
			look("path", name)
		}
		for i := range max(len(t.Paths[0])-gram+1, 0) {
			look("gram", t.Paths[0][i:i+gram])
		}
	}
	if len(list) == len(x.rest) {
		return list
	}
	inorder.By(list, func(a, b *exceptionUse) int { return cmp.Compare(a.order, b.order) })
	return slices.Compact(list)
}
