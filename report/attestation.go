package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

const (
	// StatementType is the type of what [Statement] writes:
	// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
	StatementType = "https://in-toto.io/Statement/v1"

	// PredicateType is the type of what [Predicate] writes, a SLSA Verification Summary:
	// https://slsa.dev/spec/v1.1/verification_summary
	PredicateType = "https://slsa.dev/verification_summary/v1"

	// MaxSubjects is how many subjects actions/attest takes (src/subject.ts).
	MaxSubjects = 1024
)

// Attestation is what an attestation says beside a report. It is about a check that came to
// a verdict: of one that something could not be read for, none is to be written.
type Attestation struct {
	Subjects  []Digest  // what was checked, in the order of their names
	Time      time.Time // of the check
	Resource  string    // URI of what the subjects are
	PolicyURI string    // of the policy that [Attested] names
	Version   string    // of the program
}

// Digest is a file by the SHA-256 of its bytes.
type Digest struct {
	Name   string // as it was found, sanitised by what writes it
	SHA256 string // lower-case hexadecimal
}

// Attested returns the name and the SHA-256 of the policy that a report goes by: the one
// that is trusted, which the one of the workspace can only tighten, or that one where it
// stands for itself.
func Attested(r *check.Report) (name, sha256 string, base bool) {
	if r.Base != nil && r.Base.Policy != "" {
		return strings.TrimPrefix(r.Base.Policy, policy.BasePrefix), r.Base.SHA256, true
	}
	return r.Policy, r.PolicySHA256, false
}

// passed reports whether the verdict of an attestation is PASSED. It is by the findings: that
// a run was asked to fail on none of them does not make the code good.
func passed(r *check.Report) bool { return r.Result() == check.Pass && r.Count(policy.Error) == 0 }

type jsonStatement struct {
	Type          string        `json:"_type"`
	Subject       []jsonSubject `json:"subject"`
	PredicateType string        `json:"predicateType"`
	Predicate     jsonPredicate `json:"predicate"`
}

type jsonSubject struct {
	Name   string     `json:"name"`
	Digest jsonDigest `json:"digest"`
}

type jsonDigest struct {
	SHA256 string `json:"sha256"`
}

type jsonPredicate struct {
	Verifier struct {
		ID      string            `json:"id"`
		Version map[string]string `json:"version"`
	} `json:"verifier"`
	TimeVerified       string             `json:"timeVerified"`
	ResourceURI        string             `json:"resourceUri"`
	Policy             jsonAttestedPolicy `json:"policy"`
	VerificationResult string             `json:"verificationResult"`
	VerifiedLevels     []string           `json:"verifiedLevels"`
	SLSAVersion        string             `json:"slsaVersion"`

	// "Producers MAY add extension fields using field names that are URIs." This one
	// tells where the schema of the field is, on no branch: it is compared, and stays.
	Extension jsonExtension `json:"git+https://github.com/codewarrant/codewarrant#schema/attestation.v1.schema.json"`
}

type jsonAttestedPolicy struct {
	URI    string     `json:"uri"`
	Digest jsonDigest `json:"digest"`
}

// jsonExtension is what the specification has no field for.
type jsonExtension struct {
	Stage        string              `json:"stage"`
	Date         string              `json:"date"`
	Preflight    check.Preflight     `json:"preflight,omitempty"`
	NoExceptions bool                `json:"no_exceptions"`
	Policy       jsonPolicy          `json:"policy"`
	Base         *jsonBase           `json:"base,omitempty"`
	Counts       jsonCounts          `json:"counts"`
	Exceptions   []attestedException `json:"exceptions"`
}

// attestedException is an exception that the verdict relies on.
type attestedException struct {
	ID          string   `json:"id"`
	Entitlement string   `json:"entitlement"`
	ApprovedBy  []string `json:"approved_by"`
	ApprovedOn  string   `json:"approved_on,omitempty"`
	SignedBy    []string `json:"signed_by,omitempty"`
	ReviewedBy  []string `json:"reviewed_by,omitempty"`
	Expires     string   `json:"expires,omitempty"`
}

// Statement writes an in-toto Statement with the verification summary of a report. It is not
// signed: who signs it is who vouches for it.
func Statement(w io.Writer, r *check.Report, a Attestation) error {
	s := jsonStatement{Type: StatementType, PredicateType: PredicateType, Predicate: predicate(r, a)}
	for _, d := range a.Subjects {
		s.Subject = append(s.Subject, jsonSubject{sanitise.Text(d.Name), jsonDigest{d.SHA256}})
	}
	return writeJSON(w, s)
}

// Predicate writes the verification summary alone, as actions/attest takes it.
func Predicate(w io.Writer, r *check.Report, a Attestation) error {
	return writeJSON(w, predicate(r, a))
}

// Checksums writes the subjects as sha256sum prints them, as actions/attest takes them. A
// name is on one line, whatever is in it: another line would be another subject. It is fit to
// be printed in a job, which is what actions/attest does with it.
func Checksums(w io.Writer, a Attestation) error {
	w = sanitise.Log(w)
	for _, d := range a.Subjects {
		if _, err := fmt.Fprintf(w, "%s  %s\n", d.SHA256, sanitise.Text(d.Name)); err != nil {
			return err
		}
	}
	return nil
}

func predicate(r *check.Report, a Attestation) jsonPredicate {
	_, sum, _ := Attested(r)
	p := jsonPredicate{
		TimeVerified: a.Time.UTC().Format(time.RFC3339), ResourceURI: a.Resource,
		Policy:             jsonAttestedPolicy{a.PolicyURI, jsonDigest{sum}},
		VerificationResult: "FAILED", VerifiedLevels: []string{"FAILED"}, SLSAVersion: "1.1",
	}
	p.Verifier.ID, p.Verifier.Version = docs.Home, map[string]string{"codewarrant": a.Version}
	if passed(r) {
		p.VerificationResult, p.VerifiedLevels = "PASSED", verifiedLevels(r)
	}
	head := headJSON(r, a.Version)
	p.Extension = jsonExtension{
		Stage: r.Stage, Date: head.Date, Preflight: r.Preflight, NoExceptions: r.NoExceptions,
		Policy: head.Policy, Base: head.Base, Counts: head.Counts, Exceptions: []attestedException{},
	}
	for _, x := range r.Exceptions {
		if x.Use != check.Used || x.Rejected {
			continue
		}
		e := x.Exception
		out := attestedException{
			ID: e.ID, Entitlement: e.Entitlement, ApprovedBy: list(e.ApprovedBy), ApprovedOn: e.ApprovedOn.String(),
			ReviewedBy: x.Reviewed, Expires: e.Expires.String(),
		}
		if x.Signed != nil {
			out.SignedBy = x.Signed.Signers
		}
		p.Extension.Exceptions = append(p.Extension.Exceptions, out)
	}
	return p
}

// verifiedLevels are what the code was verified to be, in words of this program's own, which may not
// begin with SLSA_. Names of stages have no underscore, so that each has a level of its own.
func verifiedLevels(r *check.Report) []string {
	level := func(of, name string) string {
		return "CODEWARRANT_" + of + "_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
	}
	list := []string{level("STAGE", r.Stage)}
	if r.Preflight != "" {
		list = append(list, level("PREFLIGHT", string(r.Preflight)))
	}
	return list
}
