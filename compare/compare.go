// Package compare tells what a new build may do differently from an old one: what its code
// claims, who it says it is and who signed it, what guards it, and what came or went.
//
// It is pure: two [Side]s in, a [Result] out. It knows no policy. A change by which more may
// be done is [policy.Looser]; where what a change does cannot be told, it is taken for one.
package compare

import (
	"cmp"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// Side is what was found in one of two builds.
type Side struct {
	Subjects []Subject
	Remarks  []Remark
	Unread   []Unread
	Full     bool // pages and signers were looked at
}

// Kind is what a subject is.
type Kind string

// The kinds.
const (
	Binary  Kind = "binary"
	Package Kind = "package" // an installer package
	Source  Kind = "source"  // an .entitlements file, or a project that claims entitlements itself
)

// Subject is something that is compared, with its identical copies.
type Subject struct {
	Kind   Kind
	Paths  []string // as a person follows them; never empty
	Inside []string // the same inside their artifact
	Slices []Slice  // of a package and of a source the one that is all of it
}

// Slice is what is known of one architecture.
type Slice struct {
	Arch string // empty for a package and a source
	Type string // execute, dylib and so on

	Unreadable string // why nothing more is known; empty: it is

	Signing     string // cms, adhoc, linker-signed, none or unsigned; empty for a source
	Identifier  string
	Team        string
	Flags       codesign.Flags
	Runtime     string  // version of the hardened runtime
	Requirement *string // the designated one, empty for none; nil: not known

	Authenticated bool // it is proven who signed it; never where the side is not full
	Signer        string
	SignerKind    string
	Timestamp     bool // there is a secure one
	Problems      []Problem

	Claims []Claim
}

// Problem is one of a signature.
type Problem struct{ Kind, Detail string }

// Claim is an entitlement that is claimed.
type Claim struct {
	Entitlement string
	Value       entitlement.Value
	Evidence    evidence.Strength // empty: not known
}

// Remark is something of an artifact that is not about what its code is signed with, such
// as a link that leads out of it.
type Remark struct{ Rule, Path, Message string }

// Unread is something that could not be looked at.
type Unread struct{ Path, Message string }

// Change is one thing that is not as it was.
type Change struct {
	Direction policy.Direction
	Subject   string   // one of Subjects
	Paths     []string // in the new build, or in the old one of what is gone
	Archs     []string // empty for all of the file

	Entitlement string // that it is about; empty for none
	Title       string // of the entitlement, as Apple calls it; empty: not known
	Risk        string // of the entitlement; empty: not known

	From, To *entitlement.Value // nil: there is none
	Message  string             // in words, as a sentence without a period
}

// subjects are the subjects of changes in the order in which they are told.
var subjects = []string{
	"entitlement", "hardened-runtime", "runtime-version", "flag", "signing", "authentication", "team", "identifier", "signer",
	"timestamp", "requirement", "problem", "binary", "package", "source", "slice", "type", "remark", "evidence",
}

// Subjects returns the closed list of subjects, in that order.
func Subjects() []string { return slices.Clone(subjects) }

// Match is two subjects that were compared.
type Match struct {
	From, To string // paths
	By       By
}

// Result is what two builds differ in.
type Result struct {
	Changes []Change // that by which more may be done first
	Matches []Match  // by the path of the new one
	Came    int      // subjects that only the new build has
	Went    int      // subjects that only the old build has

	FromUnread, ToUnread []Unread
	NotCompared          []string // what both builds may differ in unseen, as sentences
}

// Whole reports whether all of both builds could be read.
func (r *Result) Whole() bool { return len(r.FromUnread)+len(r.ToUnread) == 0 }

// Count returns the number of changes in a direction.
func (r *Result) Count(d policy.Direction) int {
	n := 0
	for _, c := range r.Changes {
		if c.Direction == d {
			n++
		}
	}
	return n
}

// Sides compares two builds.
func Sides(from, to Side) *Result {
	d := &differ{
		from: from, to: to, signers: from.Full && to.Full,
		fromWhole: from.whole(), toWhole: to.whole(),
		result: &Result{FromUnread: slices.Clone(from.Unread), ToUnread: slices.Clone(to.Unread)},
	}
	for _, p := range d.match() {
		d.compare(p)
	}
	d.remarks()
	d.tellLimits()
	sortUnread(&d.result.FromUnread)
	sortUnread(&d.result.ToUnread)
	inorder.By(d.result.Matches, func(a, b Match) int {
		return cmp.Or(strings.Compare(a.To, b.To), strings.Compare(a.From, b.From))
	})
	inorder.By(d.result.Changes, order)
	return d.result
}

type differ struct {
	from, to Side
	signers  bool // both sides know who signed

	fromWhole, toWhole bool // all of the side was read

	result *Result

	told    map[told]int   // indexes of the changes of the pair
	claimed map[lists]bool // lists of claims of the pair that were compared

	doubt        doubt
	evidence     int // claims of which only one side tells the evidence
	requirements int // slices of which a requirement is not known
}

// compare tells what a pair differs in, or that it is none. That nothing goes with a file says
// nothing where the other side was not read: that a file may be new is told where a part
// was, as more may be done by it; that one is gone never is, for it may be there.
func (d *differ) compare(p pair) {
	d.told, d.claimed = map[told]int{}, map[lists]bool{}
	switch {
	case p.from == nil && d.from.blank():
		d.doubt.note(&d.doubt.came, p.to, p.toPaths, &d.result.ToUnread)
	case p.to == nil && !d.toWhole:
		d.doubt.note(&d.doubt.went, p.from, p.fromPaths, &d.result.FromUnread)
	case p.from == nil:
		d.result.Came++
		d.came(p)
	case p.to == nil:
		d.result.Went++
		d.went(p)
	default:
		d.result.Matches = append(d.result.Matches, Match{p.fromPaths[0], p.toPaths[0], p.by})
		d.both(p)
	}
}

// add notes a change of a pair, of one architecture or of all the file. What is the same for
// several architectures is told once.
func (d *differ) add(p pair, arch string, c Change) {
	c.Paths = p.toPaths
	if c.Paths == nil {
		c.Paths = p.fromPaths
	}
	if c.Entitlement != "" {
		if k, ok := entitlement.Lookup(c.Entitlement); ok {
			c.Title, c.Risk = k.Title, k.Risk.String()
		}
	}
	if arch == "" {
		d.result.Changes = append(d.result.Changes, c)
		return
	}
	k := told{c.Direction, c.Subject, c.Message}
	i, ok := d.told[k]
	if !ok {
		i = len(d.result.Changes)
		d.told[k] = i
		d.result.Changes = append(d.result.Changes, c)
	}
	o := &d.result.Changes[i]
	if n := len(o.Archs); n == 0 || o.Archs[n-1] != arch {
		o.Archs = append(o.Archs, arch)
	}
}

// told is equal for changes that are told as one.
type told struct {
	direction        policy.Direction
	subject, message string
}

// both compares the slices of two subjects.
func (d *differ) both(p pair) {
	old := byArch(p.from.Slices)
	for _, s := range ordinals(p.to.Slices) {
		was, ok := old[s.key]
		delete(old, s.key)
		noteUnread(&d.result.ToUnread, p.toPaths[0], s.Slice)
		if !ok {
			was = d.newSlice(p, s.Slice)
		}
		if was != nil && was.Unreadable == "" && s.Unreadable == "" {
			d.slices(p, *was, s.Slice)
		}
	}
	for _, s := range ordinals(p.from.Slices) {
		noteUnread(&d.result.FromUnread, p.fromPaths[0], s.Slice)
		if _, ok := old[s.key]; ok {
			d.add(p, s.Arch, Change{Direction: policy.Stricter, Subject: "slice", Message: "there is no slice for " + s.Arch + " any more"})
		}
	}
}

// newSlice tells of a slice for an architecture that was not there, and returns the one of
// the old file that it is compared with: who runs it has run that one.
func (d *differ) newSlice(p pair, s Slice) *Slice {
	c := Change{Direction: policy.Neutral, Subject: "slice", Message: "there is a slice for " + s.Arch + ", which was not there"}
	i := slices.IndexFunc(p.from.Slices, func(o Slice) bool { return o.Unreadable == "" })
	if i < 0 {
		c.Direction = policy.Looser
		d.add(p, s.Arch, c)
		return &Slice{Type: s.Type, Signing: s.Signing}
	}
	c.Message += "; compared with that for " + p.from.Slices[i].Arch
	d.add(p, s.Arch, c)
	return &p.from.Slices[i]
}

// noteUnread notes that a slice could not be read.
func noteUnread(list *[]Unread, path string, s Slice) {
	if s.Unreadable != "" {
		*list = append(*list, Unread{path, s.Unreadable})
	}
}

type ordinal struct {
	Slice
	key archKey
}

// archKey tells slices of a file apart. A file may have several for one architecture, of
// which loaders take the first.
type archKey struct {
	arch string
	nth  int
}

func ordinals(list []Slice) []ordinal {
	seen := map[string]int{}
	out := make([]ordinal, len(list))
	for i, s := range list {
		out[i] = ordinal{s, archKey{s.Arch, seen[s.Arch]}}
		seen[s.Arch]++
	}
	return out
}

func byArch(list []Slice) map[archKey]*Slice {
	m := map[archKey]*Slice{}
	for _, o := range ordinals(list) {
		m[o.key] = &o.Slice
	}
	return m
}

// order puts first what matters most: the direction, the risk, what it is, where.
func order(a, b Change) int {
	directions := []policy.Direction{policy.Looser, policy.Stricter, policy.Neutral}
	return cmp.Or(
		cmp.Compare(slices.Index(directions, a.Direction), slices.Index(directions, b.Direction)),
		cmp.Compare(entitlement.RiskNamed(b.Risk), entitlement.RiskNamed(a.Risk)),
		cmp.Compare(slices.Index(subjects, a.Subject), slices.Index(subjects, b.Subject)),
		slices.Compare(a.Paths, b.Paths),
		strings.Compare(a.Entitlement, b.Entitlement),
		strings.Compare(a.Message, b.Message),
		slices.Compare(a.Archs, b.Archs),
	)
}

func sortUnread(list *[]Unread) {
	inorder.By(*list, func(a, b Unread) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.Message, b.Message))
	})
	*list = slices.Compact(*list)
}
