package report

import (
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/policy"
)

// report returns as much of the report as tables and cases are made of: findings and claims
// whole, but for exceptions and evidence, of which it has the id and the strength, and of
// files their paths and architectures.
func (d *Document) report() *check.Report {
	r := &check.Report{
		Repository: d.Repository, Policy: d.Policy.Name, PolicySHA256: d.Policy.SHA256, Stage: d.Stage, FailOn: d.FailOn,
	}
	r.At, _ = policy.ParseDate(d.Date) // of a report that has one
	for _, f := range d.Findings {
		r.Findings = append(r.Findings, f.finding())
	}
	for _, b := range d.Binaries {
		out := check.BinaryReport{Binary: check.Binary{Paths: b.Paths}, Claims: checkClaims(b.Claims)}
		for _, s := range b.Slices {
			var slice check.Slice
			slice.Arch = s.Arch
			out.Slices = append(out.Slices, slice)
		}
		r.Binaries = append(r.Binaries, out)
	}
	for _, p := range d.Packages {
		r.Packages = append(r.Packages, check.Package{Path: p.Path})
	}
	for _, s := range d.Sources {
		r.Sources = append(r.Sources, check.SourceReport{Source: check.Source{Path: s.Path}, UsedBy: s.UsedBy, Claims: checkClaims(s.Claims)})
	}
	return r
}

func (f jsonFinding) finding() check.Finding {
	return check.Finding{
		Rule: f.Rule, Level: f.Level, Message: f.Message, Hint: f.Hint, Paths: f.Paths, Archs: f.Archs,
		Entitlement: f.Entitlement, Value: f.Value, Risk: f.Risk, Evidence: strengthOnly(f.Strength),
		Exception: idOnly(f.Exception), Position: f.Position.position(), Suggestion: f.Suggestion,
	}
}

func checkClaims(claims []jsonClaim) []check.Claim {
	var list []check.Claim
	for _, c := range claims {
		claim := check.Claim{
			Entitlement: c.Entitlement, Value: c.Value, Archs: c.Archs, Risk: c.Risk, Verdict: c.Verdict,
			Exception: idOnly(c.Exception), Position: c.Position.position(),
		}
		if c.Evidence != nil {
			claim.Evidence = strengthOnly(c.Evidence.Strength)
		}
		list = append(list, claim)
	}
	return list
}

func strengthOnly(s evidence.Strength) *evidence.Assessment {
	if s == "" {
		return nil
	}
	return &evidence.Assessment{Strength: s}
}

func idOnly(id string) *policy.Exception {
	if id == "" {
		return nil
	}
	return &policy.Exception{ID: id}
}

func (p *jsonPosition) position() policy.Position {
	if p == nil {
		return policy.Position{}
	}
	return policy.Position{File: p.File, Line: p.Line, Column: p.Column}
}
