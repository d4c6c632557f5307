package report

import (
	"cmp"
	"slices"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
)

// group is what a report says of one binary, package or source, or of one path that
// is none, such as a file that could not be read.
type group struct {
	paths    []string
	binary   *check.BinaryReport // nil for others
	pkg      *check.Package      // nil for others
	source   *check.SourceReport // nil for others
	claims   []check.Claim       // by entitlement; see worstFirst
	findings []check.Finding     // worst first
}

// groupByPath returns the groups, those with the worst findings first, and the
// findings that are about no path.
func groupByPath(r *check.Report) (groups []*group, others []check.Finding) {
	index := map[string]*group{}
	add := func(g *group) *group {
		groups, index[first(g.paths)] = append(groups, g), g
		return g
	}
	for i := range r.Binaries {
		b := &r.Binaries[i]
		add(&group{paths: b.Paths, binary: b, claims: b.Claims})
	}
	for i := range r.Packages {
		p := &r.Packages[i]
		add(&group{paths: []string{p.Path}, pkg: p})
	}
	for i := range r.Sources {
		s := &r.Sources[i]
		add(&group{paths: []string{s.Path}, source: s, claims: s.Claims})
	}
	for _, f := range r.Findings {
		if len(f.Paths) == 0 {
			others = append(others, f)
			continue
		}
		g, ok := index[first(f.Paths)]
		if !ok {
			g = add(&group{paths: f.Paths})
		}
		g.findings = append(g.findings, f)
	}
	inorder.By(groups, func(a, b *group) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), slices.Compare(a.paths, b.paths))
	})
	return groups, others
}

// first returns the path that names a file with copies.
func first(paths []string) string {
	if len(paths) == 0 {
		return ""
	}
	return paths[0]
}

// worstFirst returns the group with its claims by what became of them, and then by
// entitlement.
func (g *group) worstFirst() *group {
	verdicts := []check.Verdict{check.Denied, check.Unapproved, check.Approved, check.Allowed, check.NotGranted}
	sorted := *g
	sorted.claims = inorder.Copied(g.claims, func(a, b check.Claim) int {
		return cmp.Compare(slices.Index(verdicts, a.Verdict), slices.Index(verdicts, b.Verdict))
	})
	return &sorted
}

// rank orders groups, worst first.
func (g *group) rank() int {
	best := len(levels)
	for _, f := range g.findings {
		best = min(best, levelRank(f.Level))
	}
	return best
}

// levels are the levels of findings, worst first.
var levels = []policy.Level{policy.Error, policy.Warning, policy.Note}

// levelRank is the place of a level among them. What is not known is no worse than a note.
func levelRank(l policy.Level) int { return min(l.Rank(), len(levels)-1) }

// byClaim divides the findings: those about each claim, at the claim's index,
// and those about the binary or source as a whole.
func (g *group) byClaim() (of [][]check.Finding, rest []check.Finding) {
	of = make([][]check.Finding, len(g.claims))
	claims := map[string][]int{}
	for i, c := range g.claims {
		claims[c.Entitlement] = append(claims[c.Entitlement], i)
	}
	for _, f := range g.findings {
		at := claims[f.Entitlement]
		i := slices.IndexFunc(at, func(i int) bool { return isAbout(f, g.claims[i]) })
		if i < 0 {
			rest = append(rest, f)
			continue
		}
		of[at[i]] = append(of[at[i]], f)
	}
	return of, rest
}

// isAbout reports whether a finding is about a claim: its entitlement, in a slice
// that makes the claim.
func isAbout(f check.Finding, c check.Claim) bool {
	if f.Entitlement == "" || f.Entitlement != c.Entitlement {
		return false
	}
	return len(f.Archs) == 0 || len(c.Archs) == 0 ||
		slices.ContainsFunc(f.Archs, func(arch string) bool { return slices.Contains(c.Archs, arch) })
}

// archs returns the architectures of a group's slices.
func (g *group) archs() []string {
	if g.binary == nil {
		return nil
	}
	var list []string
	for _, s := range g.binary.Slices {
		list = append(list, s.Arch)
	}
	return list
}

// some returns the architectures to name beside a claim or finding: none when it
// is about all slices of its binary.
func (g *group) some(archs []string) []string {
	for _, a := range g.archs() {
		if !slices.Contains(archs, a) {
			return archs
		}
	}
	return nil
}
