package scan

import (
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/seal"
)

// What things take in memory until the report is written, in bytes: no less than
// runs over many thousands of each have shown. Text comes on top of it.
const (
	ofFile      = 1 << 10
	ofSlice     = 2 << 10
	ofDirectory = 256
	ofHash      = 96  // and anything else of a few numbers
	ofValue     = 256 // of an entitlement or constraint
	ofOperation = 96  // of a requirement
	ofTold      = 2 << 10

	// ofAssessment is what the code of a process comes to for one entitlement, which is found out
	// later: up to 8 items and 9 gaps of up to 200 bytes each.
	ofAssessment = 4 << 10
)

// cost is what a binary takes, or what is told instead of one.
type cost struct {
	bytes int
	name  int // bytes of what each finding and each claim names again
}

// costOf returns what is kept of what was found, in bytes.
func costOf(r Result) int {
	var c cost
	for _, b := range r.Binaries {
		c.binary(b)
	}
	for _, p := range r.Packages {
		c.installer(p)
	}
	for _, m := range r.Remarks {
		c.text(m.Rule, m.Path, m.Path, m.Message)
		c.told(1)
	}
	for _, list := range [][]check.Unread{r.Unread, r.Empty} {
		for _, u := range list {
			c.text(u.Path, u.Path, u.Hint, u.Position.File)
			c.err(u.Err)
			c.told(1)
		}
	}
	return c.bytes
}

// text counts what is kept, and told again.
func (c *cost) text(list ...string) {
	for _, s := range list {
		c.bytes += 2 * len(s)
	}
}

func (c *cost) err(err error) {
	if err != nil {
		c.text(err.Error())
	}
}

// told counts findings and claims.
func (c *cost) told(n int) { c.bytes += n * (ofTold + c.name) }

func (c *cost) binary(b check.Binary) {
	c.bytes += ofFile
	c.text(b.Paths...)
	c.text(b.Inside...)
	c.text(b.Outer)
	if b.Bundle != nil {
		c.text(b.Bundle.Path)
		c.info(&b.Bundle.Info)
	}
	c.name = len(b.Paths[0]) + len(b.Inside[0])
	c.anomalies(b.Anomalies)
	for _, s := range b.Slices {
		c.slice(s)
	}
	if b.Provisioning != nil {
		c.provisioning(*b.Provisioning, b.Slices)
	}
	if b.Seal != nil {
		c.seal(*b.Seal)
	}
	if b.Framework != nil {
		c.text(b.Framework.Path)
		c.seal(b.Framework.Seal)
	}
}

// installer counts a package, and what is told of it: one finding for each problem, and
// up to 14 others, of four demands of a stage, of five teams of the code in it, and of
// whether it is signed, by whom, and for which files.
func (c *cost) installer(p check.Package) {
	const most = 16
	c.bytes += ofFile
	c.text(p.Path)
	c.text(p.Uncovered...)
	c.text(p.Identifier, p.CDHash)
	c.err(p.SignatureErr)
	c.problems(p.Problems)
	c.name = len(p.Path)
	c.told(most)
	if a := p.Authentication; a != nil {
		c.text(a.Signer, a.TeamID)
		c.text(a.Chain...)
		c.problems(a.Problems)
	}
	c.name = 0
}

// provisioning counts a profile, and what is told of it and of the claims: of the
// profile up to five findings for each slice, and one of each claim that it has to
// authorize and of the app groups.
func (c *cost) provisioning(p check.Provisioning, slices []check.Slice) {
	c.text(p.Path)
	c.err(p.Err)
	for _, s := range slices {
		if p.Path != "" {
			c.told(5)
		}
		if s.Signature == nil {
			continue
		}
		for key := range s.Signature.Claims.Set {
			if check.NeedsProfile(s, key) {
				c.told(1)
				c.text(key)
			}
		}
	}
	if p := p.Profile; p != nil {
		c.bytes += ofFile + len(p.Certificates)*ofHash
		c.text(p.Name, p.UUID, p.AppIDName, p.TeamName, p.Signer, p.Problem)
		c.text(p.Teams...)
		c.text(p.Prefixes...)
		c.text(p.Platforms...)
		c.set(p.Entitlements)
	}
}

func (c *cost) info(info *check.Info) {
	if info != nil {
		c.text(info.Identifier, info.Version, info.ShortVersion)
	}
}

func (c *cost) anomalies(list []macho.Anomaly) {
	for _, a := range list {
		c.text(a.Detail)
	}
	c.told(len(list))
}

func (c *cost) slice(s check.Slice) {
	c.bytes += ofSlice + len(s.Builds)*ofHash
	c.anomalies(s.Anomalies)
	c.info(s.Info)
	c.code(s.Code)
	c.assessments(s)
	c.err(s.Err)
	c.err(s.SignatureErr)
	if s.Signature == nil {
		return
	}
	d := s.Signature.Directory()
	name := c.name
	c.name += len(d.Identifier) + len(d.TeamID)
	c.signature(s.Signature)
	c.name = name
}

// code counts what the code says. It is told for each of the entitlements that it is about,
// and in the findings about these.
func (c *cost) code(code *evidence.Code) {
	if code == nil {
		return
	}
	c.bytes += ofSlice + (len(code.Items)+len(code.Loads))*ofHash
	for _, it := range code.Items {
		c.text(it.Symbol, it.Text, it.Of)
	}
	for _, l := range code.Loads {
		c.text(l.Name)
	}
	for _, e := range code.Engines {
		c.text(e.Name, e.Version, e.Category)
	}
	for _, g := range code.Gaps {
		c.text(g.Text, g.Text)
	}
	c.text(code.RPaths...)
	c.text(code.ID)
}

// assessments counts what is told of the code for each claim that it can speak for, and of
// a claim that is missing.
func (c *cost) assessments(s check.Slice) {
	if s.Code == nil || s.Signature == nil {
		return
	}
	c.bytes += ofAssessment
	for _, key := range evidence.Keys() {
		if v, ok := s.Signature.Claims.Set[key]; ok && v.Grants() {
			c.bytes += ofAssessment
		}
	}
}

func (c *cost) signature(s *codesign.Signature) {
	c.bytes += len(s.Blobs) * ofHash
	for i := range s.Directories {
		d := &s.Directories[i]
		c.bytes += ofDirectory + len(d.SpecialHashes)*ofHash
		c.text(d.Identifier, d.TeamID)
	}
	for _, r := range s.Requirements {
		c.requirement(r)
	}
	for _, set := range s.Constraints {
		c.set(set)
	}
	c.problems(s.Problems)
	if a := s.Authentication; a != nil {
		c.text(a.Signer, a.TeamID)
		c.text(a.Chain...)
		c.problems(a.Problems)
	}
	c.claims(s.Claims)
}

func (c *cost) requirement(r requirement.Requirement) {
	c.text(r.Text)
	c.bytes += r.Operations() * ofOperation
}

func (c *cost) problems(list []codesign.Problem) {
	for _, p := range list {
		c.text(p.Detail)
	}
	c.told(len(list))
}

func (c *cost) claims(claims entitlement.Claims) {
	c.set(claims.Set)
	for key := range claims.Set {
		c.text(key) // in its finding and in the suggestion
	}
	c.told(len(claims.Set))
	if claims.XML != nil {
		for _, n := range claims.XML.Notes {
			c.text(n.Text)
		}
		c.told(len(claims.XML.Notes))
	}
	if claims.DER != nil {
		c.err(claims.DER.Err)
	}
	if claims.XML != nil && claims.DER != nil && !claims.XML.Set.Equal(claims.DER.Set) { // else they are one
		c.set(claims.XML.Set)
		c.set(claims.DER.Set)
	}
}

func (c *cost) set(set entitlement.Set) {
	for key, v := range set {
		c.text(key)
		c.value(v)
	}
}

func (c *cost) value(v entitlement.Value) {
	c.bytes += ofValue + len(v.Data)
	c.text(v.String)
	for _, e := range v.Array {
		c.value(e)
	}
	c.set(v.Dict)
}

func (c *cost) seal(r seal.Result) {
	for _, p := range r.Problems {
		c.bytes += ofHash
		c.text(p.Path, p.Detail, p.Outward)
	}
	for _, n := range r.Nested {
		c.text(n.Path, n.CDHash)
		c.requirement(n.Requirement)
	}
	c.told(len(r.Nested))
	c.text(r.Flattened...)
	c.text(r.Versions...)
	c.bytes += len(r.Flattened) * ofHash
}
