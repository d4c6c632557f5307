package report

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"iter"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// Part is a part of a page: what reports tell of one repository, say. The zero value is of
// nothing.
type Part struct {
	Name string // of the repository; empty: the page has this part alone
	Err  error  // why there is no report

	unknown bool // Name is of what was looked at, for the repository is not known
	reports []pageReport
}

// pageReport is a report that a page tells of.
type pageReport struct {
	// open reads the report. It is asked once for each thing that the page tells of it, so
	// that memory has to hold one report at a time.
	open func() (*Document, error)

	sha256       string   // of its canonical text, in hexadecimal; empty: it is not known
	contradicted bool     // by another one of the same things
	artifacts    []string // of each binary: the outermost bundle around it, or itself; nil: that is not known
}

// PartOf returns a report as a part of a page.
func PartOf(name string, r *check.Report) Part {
	var artifacts []string
	for _, b := range r.Binaries {
		artifacts = append(artifacts, cmp.Or(b.Outer, first(b.Paths)))
	}
	part := partOfDocument(name, DocumentOf(r, ""))
	part.reports[0].artifacts = artifacts
	return part
}

func partOfDocument(name string, d *Document) Part {
	return Part{Name: name, reports: []pageReport{{open: func() (*Document, error) { return d, nil }}}}
}

// shownPart is what a page keeps of a part: what its overview is made of, and the places of
// what is shown.
type shownPart struct {
	name    string
	err     error
	unknown bool
	index   int
	anchor  string // of its row
	group   string // of its files

	reports    []*shownReport
	counts     jsonCounts
	result     check.Result
	exceptions []*held // each once
	pending    []shownPending
	keys       set[string] // entitlements that it claims or has exceptions for
	verdicts   set[check.Verdict]
}

// shownReport is what a page keeps of a report.
type shownReport struct {
	pageReport
	part   *shownPart
	anchor string // of its files, where it is one of several
	head   jsonReport
	day    policy.Date // that was judged

	byID    map[string]string // place of an exception
	finding []string          // places, as in the list
	levels  [3]int            // findings by their rank
}

// keep reads the reports of a part once and keeps what the overview needs.
func (p *page) keep(part Part) error {
	s := &shownPart{name: part.Name, err: part.Err, unknown: part.unknown, index: len(p.parts), result: check.Pass}
	s.anchor, s.group = p.names.of("part", part.Name), p.names.of("files-of", part.Name)
	p.parts = append(p.parts, s)
	if s.err != nil {
		return nil
	}
	once := map[[sha256.Size]byte]*held{}
	rows := p.matrixOf(s)
	for _, r := range part.reports {
		d, err := r.open()
		if err != nil {
			return err
		}
		p.keepReport(s, r, d, once)
		rows.add(r, d)
	}
	return nil
}

func (p *page) keepReport(s *shownPart, of pageReport, d *Document, once map[[sha256.Size]byte]*held) {
	r := &shownReport{pageReport: of, part: s, head: d.jsonReport, byID: map[string]string{}}
	r.day, _ = policy.ParseDate(d.Date) // of a report that has one
	r.anchor = p.names.of("report", s.words(d.Stage, d.Date, cut(of.sha256, shortSHA, ""))...)
	if r.day.After(p.today) {
		p.today = r.day
	}
	s.reports = append(s.reports, r)
	s.counts = s.counts.plus(d.Counts)
	s.result = worse(s.result, d.Result)
	if of.contradicted {
		s.result = Conflict
	}
	best := map[string]*jsonEvidence{}
	for c := range d.claims() {
		s.keys.add(c.Entitlement)
		s.verdicts.add(c.Verdict)
		best[c.Exception] = stronger(best[c.Exception], c.Evidence)
	}
	for _, x := range d.Exceptions {
		s.keys.add(x.Entitlement)
		h := p.exceptionOf(s, r, x, once)
		h.evidence = stronger(h.evidence, best[x.ID])
		r.byID[x.ID] = h.anchor
	}
	for _, x := range d.Pending {
		p.index[x.Entitlement] = 0
		if key := sameness(x); once[key] == nil {
			once[key] = &held{}
			s.pending = append(s.pending, shownPending{x, p.names.of("pending", s.words(x.ID)...)})
		}
	}
	for _, f := range d.Findings {
		if f.Entitlement != "" {
			p.index[f.Entitlement] = 0
		}
		r.levels[levelRank(f.Level)]++
		r.finding = append(r.finding, p.names.of("finding", s.words(f.Rule, first(f.Paths), f.Entitlement)...))
	}
	for _, key := range s.keys.list {
		p.index[key] = 0
	}
}

// exceptionOf returns the exception of a part that x is. Several reports by one policy have
// each the same ones: they differ in what the report made of them.
func (p *page) exceptionOf(s *shownPart, r *shownReport, x jsonException, once map[[sha256.Size]byte]*held) *held {
	same := x
	same.Use, same.Covers, same.Position = "", 0, nil
	key := sameness(same)
	if h := once[key]; h != nil && h.last != r {
		h.x.Covers += x.Covers
		if slices.Index(uses, x.Use) > slices.Index(uses, h.x.Use) {
			h.x.Use = x.Use
		}
		if r.day.After(h.day) {
			h.day = r.day
		}
		h.last = r
		return h
	}
	h := &held{part: s, x: x, day: r.day, last: r, anchor: p.names.of("exception", s.words(x.ID)...)}
	once[key] = h
	s.exceptions = append(s.exceptions, h)
	return h
}

// uses in the order in which one outweighs another.
var uses = []check.Use{check.NotLookedAt, check.Unused, check.NotNeeded, check.Used}

// sameness is equal for equal values.
func sameness(v any) [sha256.Size]byte {
	b, err := json.Marshal(v)
	if err != nil { // nothing that was read can fail
		return [sha256.Size]byte{}
	}
	return sha256.Sum256(b)
}

// set has each value once, in the order in which they were met.
type set[T comparable] struct {
	list []T
	has  map[T]bool
}

func (s *set[T]) add(v T) {
	if s.has == nil {
		s.has = map[T]bool{}
	}
	if !s.has[v] {
		s.has[v] = true
		s.list = append(s.list, v)
	}
}

// words returns what makes the name of a place, with that of the part before it.
func (s *shownPart) words(words ...string) []string {
	list := append([]string{s.name}, words...)
	return slices.DeleteFunc(list, func(w string) bool { return w == "" })
}

// stronger returns the stronger of two, with no more than is shown of it.
func stronger(a, b *jsonEvidence) *jsonEvidence {
	if b == nil || a != nil && a.Strength.AtLeast(b.Strength) {
		return a
	}
	brief := *b
	brief.Items = slices.Clone(b.Items[:min(1, len(b.Items))])
	return &brief
}

// worse returns the worse of two results.
func worse(a, b check.Result) check.Result {
	if a == Conflict || b == Conflict {
		return Conflict
	}
	if severity[b] > severity[a] {
		return b
	}
	return a
}

func (n jsonCounts) plus(m jsonCounts) jsonCounts {
	n.Errors += m.Errors
	n.Warnings += m.Warnings
	n.Notes += m.Notes
	n.Unapproved += m.Unapproved
	n.Packages += m.Packages
	n.Binaries += m.Binaries
	n.Slices += m.Slices
	n.Sources += m.Sources
	return n
}

// claims yields the claims of binaries and sources.
func (d *Document) claims() iter.Seq[jsonClaim] {
	return func(yield func(jsonClaim) bool) {
		for _, b := range d.Binaries {
			for _, c := range b.Claims {
				if !yield(c) {
					return
				}
			}
		}
		for _, b := range d.Sources {
			for _, c := range b.Claims {
				if !yield(c) {
					return
				}
			}
		}
	}
}
