package policy

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/near"
)

// maxTypos bounds the names of entitlements for which a near one is sought: it costs a
// comparison with every documented key.
const maxTypos = 200

// archs are the names that the reader of Mach-O files has for architectures. Others are
// told by their numbers, and a policy may name these.
var archs = []string{
	"arm64", "arm64e", "arm64v8", "arm64_32", "x86_64", "x86_64h", "i386", "armv6", "armv7", "armv7s", "armv7k",
	"ppc", "ppc7400", "ppc7450", "ppc970", "ppc64", "ppc970-64",
}

var (
	numberedArch = regexp.MustCompile(`^cpu-0x[0-9a-f]+-[0-9]+$`)
	appleTeam    = regexp.MustCompile(`^[A-Z0-9]{10}$`)
)

// typos tells of names that nothing has, and of values that no claim has as Apple
// documents it: what they stand in says nothing of the code that is meant.
func (p *Policy) typos() []Remark {
	t := typos{told: map[string]string{}}
	own := p.layer()
	for _, in := range p.ruleLists() {
		for _, r := range *in.rules {
			for _, pattern := range r.Entitlements {
				t.entitlement(Remark{Field: "rules", Position: r.Position}, "the rule for "+quote(string(pattern)), pattern)
			}
		}
	}
	for i := range own.Stages {
		s := &own.Stages[i]
		t.teams(Remark{Field: "team-ids", Position: s.Fields["team-ids"]}, "stage "+quote(s.Name), s.TeamIDs)
	}
	for i := range own.Groups {
		g := &own.Groups[i]
		at, what := Remark{Field: "binaries", Position: g.Position}, "group "+quote(g.Name)
		for _, key := range slices.Concat(g.Require, g.Exactly) {
			t.entitlement(at, what+": "+quote(key), Pattern(key))
		}
		t.scope(at, what, g.Scope)
		for j := range g.Stages {
			s := &g.Stages[j]
			t.teams(Remark{Field: "team-ids", Position: s.Fields["team-ids"]}, what+", stage "+quote(s.Name), s.TeamIDs)
		}
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		what := "exception " + quote(e.ID)
		at := func(field string) Remark { return Remark{Exception: e.ID, Field: field, Position: e.At(field)} }
		t.entitlement(at("entitlement"), what+": "+quote(e.Entitlement), Pattern(e.Entitlement))
		t.scope(at("applies-to"), what, e.AppliesTo)
		t.values(at, what, e)
	}
	return t.remarks
}

// typos are what was found so far.
type typos struct {
	remarks []Remark
	told    map[string]string // what is said of each name of an entitlement that was looked up
}

// add adds a warning at the place that the remark is of.
func (t *typos) add(at Remark, format string, args ...any) {
	at.Level, at.Message = Warning, fmt.Sprintf(format, args...)
	t.remarks = append(t.remarks, at)
}

// entitlement tells of a key or a glob that names no documented entitlement and is near to
// what does. What others than Apple call their own is near to nothing.
func (t *typos) entitlement(at Remark, what string, pattern Pattern) {
	say, looked := t.told[string(pattern)]
	if !looked {
		if len(t.told) == maxTypos {
			return
		}
		say = suggestEntitlement(string(pattern))
		t.told[string(pattern)] = say
	}
	if say != "" {
		t.add(at, "%s names nothing that Apple documents: %s", what, say)
	}
}

func suggestEntitlement(name string) string {
	if _, ok := entitlement.Lookup(name); ok {
		return ""
	}
	suggest := entitlement.SuggestName
	if !Pattern(name).isExact() {
		suggest = entitlement.SuggestGlob
	}
	say, _ := suggest(name)
	return say
}

// scope tells of architectures and teams that no code has.
func (t *typos) scope(at Remark, what string, s Scope) {
	for _, arch := range s.Arch {
		if slices.Contains(archs, arch) || numberedArch.MatchString(arch) {
			continue
		}
		meant := slices.IndexFunc(archs, func(known string) bool { return near.Distance(fold(arch), fold(known), 2) >= 0 })
		if meant < 0 {
			t.add(at, "%s: no architecture is called %s", what, quote(arch))
			continue
		}
		t.add(at, "%s: no architecture is called %s: did you mean %s?", what, quote(arch), archs[meant])
	}
	t.teams(at, what, s.TeamID)
}

func (t *typos) teams(at Remark, what string, ids []string) {
	for _, id := range ids {
		if !appleTeam.MatchString(id) {
			t.add(at, "%s: no team has the id %s: Apple's are ten capital letters and digits", what, quote(id))
		}
	}
}

// values tells of values that no claim has which is as Apple documents it. Of a list the
// elements are looked at, and Apple does not say of which kind these are.
func (t *typos) values(at func(field string) Remark, what string, e *Exception) {
	known, ok := entitlement.Lookup(e.Entitlement)
	if !ok {
		return
	}
	differs := func(field string, kind entitlement.Kind) {
		t.add(at(field), "%s: %s is of the kind %s, and Apple documents the kind %s for %s: it covers no such claim", what, field, kind, known.Value, e.Entitlement)
	}
	if e.Value != nil && e.Value.Kind != known.Value {
		differs("value", e.Value.Kind)
	}
	if known.Value == entitlement.Array {
		return
	}
	if i := slices.IndexFunc(e.Values, func(v entitlement.Value) bool { return v.Kind != known.Value }); i >= 0 {
		differs("values", e.Values[i].Kind)
	}
	if len(e.Matches) > 0 && known.Value != entitlement.String {
		differs("matches", entitlement.String)
	}
}
