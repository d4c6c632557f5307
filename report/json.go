package report

import (
	"io"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/policy"
)

// Schema names the format of [JSON]; schema/report.v1.schema.json describes it.
// A field may be added to it; none is taken away or changes its meaning.
const Schema = "codewarrant.report/1"

// JSON writes the report for programs. version is that of the program. Names of
// fields are in snake_case, so that jq needs no quotes. A field that does not
// apply is left out, and a list is never null. Bytes that are not UTF-8 become
// U+FFFD, as JSON has no way to hold them.
func JSON(w io.Writer, r *check.Report, version string) error {
	return writeJSON(w, headJSON(r, version),
		listOf("findings", r.Findings, findingJSON),
		listOf("packages", r.Packages, packageJSON),
		listOf("binaries", r.Binaries, binaryJSON),
		listOf("sources", r.Sources, sourceJSON),
		listOf("exceptions", r.Exceptions, exceptionJSON),
		listOf("pending", r.Pending, pendingJSON),
	)
}

// headJSON returns what stands before the lists.
func headJSON(r *check.Report, version string) jsonReport {
	n := count(r)
	return jsonReport{
		Schema: Schema, Tool: tool{"codewarrant", version}, Repository: r.Repository, Policy: policyJSON(r), Base: baseJSON(r.Base),
		Stage: r.Stage, Date: r.At.String(), Verify: map[bool]string{true: "slots", false: "full"}[r.Slots], Preflight: r.Preflight, NoExceptions: r.NoExceptions, FailOn: r.FailOn, Result: r.Result(),
		Counts: jsonCounts{n.errors, n.warnings, n.notes, n.unapproved, n.packages, n.binaries, n.slices, n.sources},
	}
}

// jsonReport is what stands before the lists.
type jsonReport struct {
	Schema       string          `json:"schema"`
	Tool         tool            `json:"tool"`
	Repository   string          `json:"repository,omitempty"` // OWNER/NAME
	Policy       jsonPolicy      `json:"policy"`
	Base         *jsonBase       `json:"base,omitempty"`
	Stage        string          `json:"stage"`
	Date         string          `json:"date"`
	Verify       string          `json:"verify"`
	Preflight    check.Preflight `json:"preflight,omitempty"`
	NoExceptions bool            `json:"no_exceptions"`
	FailOn       policy.FailOn   `json:"fail_on"`
	Result       check.Result    `json:"result"`
	Counts       jsonCounts      `json:"counts"`
}

type tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type jsonPolicy struct {
	jsonSourceText
	Extends []jsonSourceText `json:"extends,omitempty"`
}

// jsonSourceText is a text that a policy was made of.
type jsonSourceText struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

func policyJSON(r *check.Report) jsonPolicy { return sourcesJSON(r.Policy, r.PolicySHA256, r.Extends) }

// jsonPolicyOf names a policy and what it was merged with.
func jsonPolicyOf(p *policy.Policy) jsonPolicy {
	return sourcesJSON(p.Name, p.SHA256, p.Sources[min(1, len(p.Sources)):])
}

func sourcesJSON(name, sum string, extends []policy.Source) jsonPolicy {
	p := jsonPolicy{jsonSourceText: jsonSourceText{name, sum}}
	for _, s := range extends {
		p.Extends = append(p.Extends, jsonSourceText{s.Name(), s.SHA256})
	}
	return p
}

type jsonCounts struct {
	Errors     int `json:"errors"`
	Warnings   int `json:"warnings"`
	Notes      int `json:"notes"`
	Unapproved int `json:"unapproved"`
	Packages   int `json:"packages"`
	Binaries   int `json:"binaries"`
	Slices     int `json:"slices"`
	Sources    int `json:"sources"`
}

type jsonFinding struct {
	Rule        string             `json:"rule"`
	Level       policy.Level       `json:"level"`
	Message     string             `json:"message"`
	Hint        string             `json:"hint,omitempty"`
	Paths       []string           `json:"paths"`
	Archs       []string           `json:"archs"`
	Entitlement string             `json:"entitlement,omitempty"`
	Value       *entitlement.Value `json:"value,omitempty"`
	Risk        string             `json:"risk,omitempty"`
	Exception   string             `json:"exception,omitempty"`
	Strength    evidence.Strength  `json:"evidence_strength,omitempty"`
	Position    *jsonPosition      `json:"position,omitempty"`
	Suggestion  string             `json:"suggestion,omitempty"`
}

func findingJSON(f check.Finding) jsonFinding {
	out := jsonFinding{
		Rule: f.Rule, Level: f.Level, Message: f.Message, Hint: f.Hint,
		Paths: list(f.Paths), Archs: list(f.Archs),
		Entitlement: f.Entitlement, Value: f.Value, Risk: f.Risk,
		Exception: exceptionID(f.Exception), Position: positionJSON(f.Position), Suggestion: f.Suggestion,
	}
	if f.Evidence != nil {
		out.Strength = f.Evidence.Strength
	}
	return out
}

type jsonPosition struct {
	File   string `json:"file"`
	Line   int    `json:"line,omitempty"`
	Column int    `json:"column,omitempty"`
}

func positionJSON(p policy.Position) *jsonPosition {
	if p.File == "" {
		return nil
	}
	return &jsonPosition{p.File, p.Line, p.Column}
}

type jsonClaim struct {
	Entitlement string            `json:"entitlement"`
	Value       entitlement.Value `json:"value"`
	Kind        string            `json:"kind"`
	Archs       []string          `json:"archs"`
	Risk        string            `json:"risk,omitempty"`
	Verdict     check.Verdict     `json:"verdict"`
	Exception   string            `json:"exception,omitempty"`
	Position    *jsonPosition     `json:"position,omitempty"`
	Evidence    *jsonEvidence     `json:"evidence,omitempty"`
}

func claimsJSON(claims []check.Claim) []jsonClaim {
	out := []jsonClaim{}
	for _, c := range claims {
		out = append(out, jsonClaim{
			Entitlement: c.Entitlement, Value: c.Value, Kind: c.Value.Kind.String(), Archs: list(c.Archs),
			Risk: c.Risk, Verdict: c.Verdict, Exception: exceptionID(c.Exception), Position: positionJSON(c.Position),
			Evidence: evidenceJSON(c.Evidence),
		})
	}
	return out
}

type jsonSource struct {
	Path   string      `json:"path"`
	Class  string      `json:"class"`
	UsedBy []string    `json:"used_by,omitempty"`
	Claims []jsonClaim `json:"claims"`
}

func sourceJSON(s check.SourceReport) jsonSource {
	return jsonSource{s.Path, s.Class.String(), s.UsedBy, claimsJSON(s.Claims)}
}

type jsonException struct {
	ID            string             `json:"id"`
	Entitlement   string             `json:"entitlement"`
	Value         *entitlement.Value `json:"value,omitempty"`
	AppliesTo     jsonScope          `json:"applies_to"`
	Category      policy.Category    `json:"category"`
	Justification string             `json:"justification"`
	Owner         string             `json:"owner"`
	ApprovedBy    []string           `json:"approved_by"`
	ApprovedOn    string             `json:"approved_on,omitempty"`
	Signed        *jsonSigned        `json:"signed,omitempty"`
	ReviewedBy    []string           `json:"reviewed_by,omitempty"`
	ProvenBy      []policy.Way       `json:"proven_by"`
	Ticket        string             `json:"ticket,omitempty"`
	Expires       string             `json:"expires,omitempty"`
	Controls      []string           `json:"compensating_controls"`
	Position      *jsonPosition      `json:"position,omitempty"`
	Use           check.Use          `json:"use"`
	Covers        int                `json:"covers"`
}

type jsonScope struct {
	Path       []string `json:"path"`
	Identifier []string `json:"identifier"`
	TeamID     []string `json:"team_id"`
	Arch       []string `json:"arch"`
}

func exceptionJSON(x check.ExceptionReport) jsonException {
	e := x.Exception
	return jsonException{
		ID: e.ID, Entitlement: e.Entitlement, Value: e.Value,
		AppliesTo: jsonScope{
			list(e.AppliesTo.Path), list(e.AppliesTo.Identifier), list(e.AppliesTo.TeamID), list(e.AppliesTo.Arch),
		},
		Category: e.Category, Justification: e.Justification, Owner: e.Owner, ApprovedBy: list(e.ApprovedBy),
		ApprovedOn: e.ApprovedOn.String(), Signed: verifiedJSON(x.Signed), ReviewedBy: x.Reviewed, ProvenBy: list(x.ProvenBy), Controls: list(e.CompensatingControls), Ticket: e.Ticket, Expires: e.Expires.String(),
		Position: positionJSON(e.Position), Use: x.Use, Covers: x.Covers,
	}
}

// jsonSigned is what the signatures of an exception come to.
type jsonSigned struct {
	Approved   bool            `json:"approved"`
	Needed     int             `json:"needed"`
	Signers    []string        `json:"signers"`
	Signatures []jsonSignatory `json:"signatures"`
}

// jsonSignatory is a signature that counts.
type jsonSignatory struct {
	Principals  string `json:"principals"`
	KeyType     string `json:"key_type"`
	Fingerprint string `json:"fingerprint"`
}

func verifiedJSON(s *approval.Status) *jsonSigned {
	if s == nil {
		return nil
	}
	out := &jsonSigned{Approved: s.Reached(), Needed: s.Needed, Signers: list(s.Signers), Signatures: []jsonSignatory{}}
	for _, one := range s.Signatures {
		if one.Problem == "" {
			out.Signatures = append(out.Signatures, jsonSignatory{one.Principals, one.KeyType, one.Fingerprint})
		}
	}
	return out
}

func exceptionID(e *policy.Exception) string {
	if e == nil {
		return ""
	}
	return e.ID
}

// list returns a list that JSON does not write as null.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
