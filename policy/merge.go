package policy

import (
	"fmt"
	"iter"
	"maps"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// merge returns own with what it extends merged into it, and an error for each place
// where it would loosen something that it may not. Where it would, the merged policy
// has what its parents say, so that it is never laxer than they let it be.
func merge(own *Policy, parents []*Policy, budget *comparisons) (*Policy, Errors) {
	whole := *own
	whole.Own, whole.Parents = own, parents
	m := &merger{own: own, whole: &whole, parents: parents}
	m.sources()
	m.settings()
	m.approvals()
	m.stages()
	m.groups()
	m.exceptions()
	m.errs = append(m.errs, own.dangling(&whole)...)
	m.rules(budget)
	return &whole, m.errs.sorted()
}

// merger is the state of one merge.
type merger struct {
	own, whole *Policy
	parents    []*Policy
	errs       Errors
}

// fail adds an error at a place in the policy itself.
func (m *merger) fail(at Position, related []Related, hint, format string, args ...any) {
	if len(m.errs) < maxErrors {
		m.errs = append(m.errs, &ParseError{Position: at, Message: fmt.Sprintf(format, args...), Hint: hint, Related: related})
	}
}

const loosenHint = "a policy may be stricter than what it extends, not laxer; only what that marks overridable: true may be loosened"

// loosens adds an error for what says less than a policy that is extended.
func (m *merger) loosens(at Position, set Related, format string, args ...any) {
	m.fail(at, []Related{set}, loosenHint, format, args...)
}

// above yields all policies that are extended, as their own files have them.
func (m *merger) above() iter.Seq[*Policy] {
	return func(yield func(*Policy) bool) {
		for _, p := range m.parents {
			for layer := range p.layers() {
				if !yield(layer) {
					return
				}
			}
		}
	}
}

// layers yields the policy and all that it extends, as their own files have them. One
// that is extended twice comes twice.
func (p *Policy) layers() iter.Seq[*Policy] {
	return func(yield func(*Policy) bool) { p.eachLayer(yield) }
}

func (p *Policy) eachLayer(yield func(*Policy) bool) bool {
	if !yield(p.layer()) {
		return false
	}
	for _, parent := range p.Parents {
		if !parent.eachLayer(yield) {
			return false
		}
	}
	return true
}

// sources lists the texts that the policy is made of, each once.
func (m *merger) sources() {
	m.whole.Sources = slices.Clone(m.own.Sources)
	for _, p := range m.parents {
		for _, s := range p.Sources {
			if !slices.Contains(m.whole.Sources, s) {
				m.whole.Sources = append(m.whole.Sources, s)
			}
		}
	}
}

// set is the place where a layer sets something that has a name in YAML: in what has
// the fields, or as the default.
func (p *Policy) set(fields map[string]Position, name string) Related {
	if at, ok := fields[name]; ok {
		return Related{Position: at, Message: "set here"}
	}
	return Related{Position: Position{File: p.Name}, Message: "the default, where nothing is set"}
}

// compareIn orders places in several files.
func (p Position) compareIn(q Position) int {
	if p.File != q.File {
		if p.File < q.File {
			return -1
		}
		return 1
	}
	return p.compare(q)
}

// groups adds the groups of the parents. One that the policy defines anew replaces
// them, if they are overridable.
func (m *merger) groups() {
	inherited := map[string]Group{}
	for i, p := range m.parents {
		for _, g := range p.Groups {
			mine, other := m.own.Group(g.Name), inherited[g.Name]
			switch {
			case mine != nil && !g.Overridable:
				m.loosens(mine.Position, Related{Position: g.Position, Message: "defined here"}, "group %s is defined by %s", g.Name, g.Position.File)
			case mine != nil:
				m.redefined(mine, g, p)
				continue
			case other.Name != "" && other.Position != g.Position:
				m.fail(m.own.Extends[i].Position, []Related{{Position: other.Position, Message: "here"}, {Position: g.Position, Message: "and here"}},
					"extend one of them, or name one of the groups differently", "group %s is defined twice in what is extended", g.Name)
			}
			inherited[g.Name] = g
		}
	}
	list := slices.Collect(maps.Values(inherited))
	inorder.By(list, func(a, b Group) int { return a.Position.compareIn(b.Position) })
	own := slices.DeleteFunc(slices.Clone(m.own.Groups), func(g Group) bool { return inherited[g.Name].Name != "" })
	m.whole.Groups = append(own, list...)
}

// redefined adds an error if an exception of a parent names the group, which the policy
// defines anew: it would go for other binaries than those for which it was approved.
func (m *merger) redefined(mine *Group, was Group, parent *Policy) {
	for i := range parent.Exceptions {
		if e := &parent.Exceptions[i]; slices.Contains(e.AppliesTo.Binaries, mine.Name) {
			m.fail(mine.Position, []Related{
				{Position: e.At(groupPlace(mine.Name)), Message: e.ID + " applies to it"}, {Position: was.Position, Message: "defined here"},
			}, "give this group another name", "group %s is named by %s of %s, which was not approved for what the group would be here",
				mine.Name, e.ID, e.Position.File)
			return
		}
	}
}

// exceptions adds the exceptions of the parents.
func (m *merger) exceptions() {
	list := slices.Clone(m.own.Exceptions)
	first := map[string]Position{}
	for i := range list {
		first[list[i].ID] = list[i].At("id")
	}
	for i, p := range m.parents {
		for _, e := range p.Exceptions {
			at, taken := first[e.ID]
			switch {
			case !taken:
				first[e.ID] = e.At("id")
				list = append(list, e)
			case at == e.At("id"): // of a policy that is extended twice
			case at.File == m.own.Name:
				m.fail(at, []Related{{Position: e.At("id"), Message: "first given here"}}, "", "duplicate exception id %s", quote(e.ID))
			default:
				m.fail(m.own.Extends[i].Position, []Related{{Position: at, Message: "given here"}, {Position: e.At("id"), Message: "and here"}},
					"", "exception id %s is given twice in what is extended", quote(e.ID))
			}
		}
	}
	inherited := list[len(m.own.Exceptions):]
	inorder.By(inherited, func(a, b Exception) int { return a.Position.compareIn(b.Position) })
	for i := range list {
		list[i].Groups = m.whole.ScopesOf(&list[i])
	}
	m.whole.Exceptions = list
}
