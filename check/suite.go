package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// The ways in which the code of a case may be signed, beside the kinds of signers
// that Apple vouches for.
const (
	signedUntrusted = "untrusted" // by somebody for whom Apple does not vouch
	signedAdHoc     = "ad-hoc"
	notSigned       = "unsigned"
)

// SuiteWords are the words of this package that files of cases are written in.
func SuiteWords() policy.Words {
	w := policy.Words{
		Results: []string{string(Pass), string(Fail)},
		Signed: []string{
			string(codesign.DeveloperID), string(codesign.AppleDistribution), string(codesign.MacAppStore),
			string(codesign.AppleDevelopment), string(codesign.Apple), signedUntrusted, signedAdHoc, notSigned,
		},
	}
	for _, v := range []Verdict{Approved, Allowed, Unapproved, Denied, NotGranted} {
		w.Verdicts = append(w.Verdicts, string(v))
	}
	for _, r := range rules {
		w.Rules = append(w.Rules, r.ID)
	}
	return w
}

// CaseResult is what became of one case.
type CaseResult struct {
	*policy.Case
	Report   *Report
	Missing  []string // what was expected and is not so
	Instead  []string // what is so and was not expected
	Hints    []string // what to do about findings that were not expected, and about the claims of other verdicts
	Position policy.Position
}

// Passed reports whether all is as expected.
func (c *CaseResult) Passed() bool { return len(c.Missing)+len(c.Instead) == 0 }

// RunCase holds the code of a case against the policy of in, as [Evaluate] does with
// code that was read, on the day of in unless the case gives one. Of in the policy, the
// day and what the signatures come to count. An error means that the policy has no such
// stage.
//
// A case is one piece of code of many, so that exceptions it does not use are no
// finding, unless the case expects some. What it says of the policy is said of it as it
// will be once it is merged, so that exceptions count which have to stand in a base.
func RunCase(in Input, c *policy.Case) (*CaseResult, error) {
	var err error
	if in.Stage, err = in.Policy.Stage(c.Given.Stage); err != nil {
		return nil, err
	}
	if !c.Given.At.IsZero() {
		in.At = c.Given.At
	}
	in.Merged, in.Trace, in.Binaries = true, c.Given.Entitlements.Keys(), []Binary{binaryOf(c.Given)}
	r := &CaseResult{Case: c, Report: Evaluate(in), Position: c.Position}
	unused := func(f policy.ExpectedFinding) bool { return f.Rule == RuleUnusedException }
	if !slices.ContainsFunc(c.Expect.Findings, unused) {
		r.Report.Findings = slices.DeleteFunc(r.Report.Findings, func(f Finding) bool { return f.Rule == RuleUnusedException })
	}
	r.compare()
	return r, nil
}

// binaryOf builds the code of a case: a file of one slice whose signature is right.
func binaryOf(g policy.Given) Binary {
	s := Slice{Slice: macho.Slice{Arch: g.Arch}, InfoPlist: codesign.Bound}
	for s.Type = 1; s.TypeName() != g.Type && s.Type < 100; s.Type++ { // the types of <mach-o/loader.h>
	}
	info := Info{Identifier: g.Identifier, Version: g.Version, ShortVersion: g.Version}
	b := Binary{Paths: []string{g.Path}, Inside: []string{g.Path}}
	if g.BundleKind != "" {
		b.Bundle, b.Main = &Bundle{Kind: g.BundleKind, Info: info}, true
	} else if g.Version != "" {
		s.Info = &info
	}
	if g.Signed != notSigned {
		s.Signature = signatureOf(g)
	}
	b.Slices = []Slice{s}
	return b
}

func signatureOf(g policy.Given) *codesign.Signature {
	d := codesign.Directory{Identifier: g.Identifier, TeamID: g.TeamID, Runtime: g.RuntimeVersion, CDHash: g.CDHash, HashType: codesign.SHA256}
	if g.HardenedRuntime {
		d.Flags |= codesign.FlagRuntime
	}
	s := &codesign.Signature{CMSSize: 1}
	s.Claims.Set = g.Entitlements
	switch g.Signed {
	case signedAdHoc:
		d.Flags |= codesign.FlagAdhoc
		s.CMSSize = 0
	case signedUntrusted:
		s.Authentication = &codesign.Authentication{Problems: []codesign.Problem{
			{Kind: codesign.UntrustedChain, Detail: "the certificate does not lead to Apple"},
		}}
	default:
		s.Authentication = &codesign.Authentication{Kind: codesign.SignerKind(g.Signed), TeamID: g.TeamID}
		if g.SecureTimestamp {
			s.Authentication.Timestamp = time.Unix(0, 0).UTC() // any that is one
		}
	}
	s.Directories = []codesign.Directory{d}
	return s
}

// compare holds the report against what the case expects.
func (c *CaseResult) compare() {
	if want := c.Expect.Result; want != "" && want != string(c.Report.Result()) {
		c.differ("result "+want, "result "+string(c.Report.Result()))
	}
	if c.Expect.IsExact {
		c.findings()
	} else if c.Expect.Result == string(Pass) && !c.Passed() {
		for _, f := range c.Report.Findings {
			if f.Level != policy.Note {
				c.unexpected(f)
			}
		}
	}
	for _, want := range c.Expect.Verdicts {
		c.verdict(want)
	}
}

// differ records that something is not as expected; empty: nothing on that side.
func (c *CaseResult) differ(want, got string) {
	if want != "" {
		c.Missing = append(c.Missing, want)
	}
	if got != "" {
		c.Instead = append(c.Instead, got)
	}
}

// findings compares all findings with those that are expected, each of which stands
// for one. Those that say the most come first, so that one that says less does not
// take what only they could.
func (c *CaseResult) findings() {
	left := slices.Clone(c.Report.Findings)
	wanted := inorder.Copied(c.Expect.Findings, func(a, b policy.ExpectedFinding) int {
		return cmp.Compare(len(wordsOf(b)), len(wordsOf(a)))
	})
	for _, want := range wanted {
		i := slices.IndexFunc(left, func(f Finding) bool { return isAsExpected(want, f) })
		if i < 0 {
			c.differ("finding "+strings.Join(wordsOf(want), " "), "")
			continue
		}
		left = slices.Delete(left, i, i+1)
	}
	for _, f := range left {
		c.unexpected(f)
	}
}

// unexpected records a finding that was not expected.
func (c *CaseResult) unexpected(f Finding) {
	c.differ("", findingText(f))
	c.hint(f)
}

// hint records what to do about a finding, once.
func (c *CaseResult) hint(f Finding) {
	if f.Hint != "" && !slices.Contains(c.Hints, f.Hint) {
		c.Hints = append(c.Hints, f.Hint)
	}
}

func isAsExpected(want policy.ExpectedFinding, f Finding) bool {
	id := ""
	if f.Exception != nil {
		id = f.Exception.ID
	}
	return want.Rule == f.Rule && cmp.Or(want.Level, f.Level) == f.Level &&
		cmp.Or(want.Entitlement, f.Entitlement) == f.Entitlement && cmp.Or(want.Exception, id) == id
}

// wordsOf are what an expected finding says.
func wordsOf(f policy.ExpectedFinding) []string {
	words := []string{string(f.Level), f.Rule, f.Entitlement, f.Exception}
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}

func findingText(f Finding) string {
	want := policy.ExpectedFinding{Level: f.Level, Rule: f.Rule, Entitlement: f.Entitlement}
	if f.Exception != nil {
		want.Exception = f.Exception.ID
	}
	return fmt.Sprintf("finding %s: %s", strings.Join(wordsOf(want), " "), f.Message)
}

// verdict compares the verdict on one claim.
func (c *CaseResult) verdict(want policy.ExpectedVerdict) {
	text := func(verdict, exception string) string {
		return strings.TrimSuffix(fmt.Sprintf("%s: %s by %s", want.Entitlement, verdict, exception), " by ")
	}
	claims := c.Report.Binaries[0].Claims
	i := slices.IndexFunc(claims, func(cl Claim) bool { return cl.Entitlement == want.Entitlement })
	if i < 0 {
		c.differ(text(want.Verdict, want.Exception), want.Entitlement+": not claimed")
		return
	}
	id := ""
	if e := claims[i].Exception; e != nil {
		id = e.ID
	}
	if string(claims[i].Verdict) != want.Verdict || cmp.Or(want.Exception, id) != id {
		c.differ(text(want.Verdict, want.Exception), text(string(claims[i].Verdict), id))
		for _, f := range c.Report.Findings {
			if f.Entitlement == want.Entitlement && f.Level != policy.Note {
				c.hint(f)
			}
		}
	}
}
