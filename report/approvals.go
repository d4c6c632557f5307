package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/codewarrant/codewarrant/approval"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
)

// ApprovalsSchema names the format of [ApprovalsJSON];
// schema/approvals.v1.schema.json describes it. A field may be added to it; none is
// taken away or changes its meaning.
const ApprovalsSchema = "codewarrant.approvals/1"

// ApprovalsText writes who approved each exception of a policy, for people to read.
// The statuses are of [approval.Demand.Verify]; there are none where the policy accepts no
// signatures, and what it accepts in their place is not looked at.
func ApprovalsText(w io.Writer, p *policy.Policy, statuses []approval.Status) error {
	var b strings.Builder
	a := p.Approvals
	fmt.Fprintf(&b, "%s: accepts %s", sanitise.Text(p.Name), joined(a.Accept))
	if statuses != nil {
		fmt.Fprintf(&b, "; signatures that are needed: %d, allowed signers: %s", a.Threshold, sanitise.Text(signersFile(p)))
	}
	if len(a.ReviewTeams) > 0 {
		fmt.Fprintf(&b, "; reviews by members of %s", sanitise.Text(strings.Join(a.ReviewTeams, ", ")))
	}
	b.WriteString("\n")
	signed := 0
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		fmt.Fprintf(&b, "\n%s  %s\n", sanitise.Text(e.ID), sanitise.Text(e.Entitlement))
		fields(&b, e)
		if i < len(statuses) {
			status(&b, statuses[i])
			if statuses[i].Reached() {
				signed++
			}
		}
	}
	fmt.Fprintf(&b, "\n%s: exceptions %d", sanitise.Text(p.Name), len(p.Exceptions))
	if statuses != nil {
		fmt.Fprintf(&b, ", signed %d, not signed %d", signed, len(p.Exceptions)-signed)
	}
	b.WriteString("\n")
	_, err := io.WriteString(w, b.String())
	return err
}

// signersFile is the file of those who may sign, as far as it is known where it is.
func signersFile(p *policy.Policy) string {
	file, err := p.SignersFile()
	if err != nil {
		return p.Approvals.AllowedSigners
	}
	return file.String()
}

// fields tells what the exception itself says of its approval.
func fields(b *strings.Builder, e *policy.Exception) {
	by, on, until := "nobody", "no day", "no day"
	if len(e.ApprovedBy) > 0 {
		by = strings.Join(e.ApprovedBy, ", ")
	}
	if !e.ApprovedOn.IsZero() {
		on = e.ApprovedOn.String()
	}
	if !e.Expires.IsZero() {
		until = e.Expires.String()
	}
	fmt.Fprintf(b, "  says approved by %s, on %s, until %s\n", sanitise.Text(by), on, until)
}

// status tells what the signatures are.
func status(b *strings.Builder, s approval.Status) {
	word := "not signed"
	if s.Reached() {
		word = "signed"
	}
	fmt.Fprintf(b, "  %s: %d of %d\n", word, len(s.Signers), s.Needed)
	if s.Err != nil {
		fmt.Fprintf(b, "  ✗ %s\n", strings.ReplaceAll(Wrap(sanitise.Text(s.Err.Error()), 96), "\n", "\n    "))
	}
	if s.Hint != "" {
		fmt.Fprintf(b, "    hint: %s\n", strings.ReplaceAll(Wrap(sanitise.Text(s.Hint), 90), "\n", "\n          "))
	}
	for i, one := range s.Signatures {
		if one.Problem == "" {
			fmt.Fprintf(b, "  ✓ signature %d is by %s: %s %s\n", i+1, sanitise.Text(one.Principals), one.KeyType, one.Fingerprint)
			continue
		}
		text := fmt.Sprintf("signature %d %s", i+1, one.Detail)
		if one.Fingerprint != "" && !strings.Contains(text, one.Fingerprint) {
			text += fmt.Sprintf(" (%s %s)", one.KeyType, one.Fingerprint)
		}
		fmt.Fprintf(b, "  ✗ %s\n", strings.ReplaceAll(Wrap(sanitise.Text(text), 96), "\n", "\n    "))
	}
}

func joined(ways []policy.Way) string {
	words := make([]string, len(ways))
	for i, w := range ways {
		words[i] = string(w)
	}
	return strings.Join(words, ", ")
}

// ApprovalsJSON writes the same for programs. version is that of the program.
func ApprovalsJSON(w io.Writer, p *policy.Policy, statuses []approval.Status, version string) error {
	out := approvalsReport{
		Schema: ApprovalsSchema, Tool: tool{"codewarrant", version}, Policy: jsonPolicyOf(p),
		Accept: list(p.Approvals.Accept), ReviewTeams: p.Approvals.ReviewTeams, Exceptions: []approvalsException{},
	}
	for i := range p.Exceptions {
		e := &p.Exceptions[i]
		one := approvalsException{
			ID: e.ID, Entitlement: e.Entitlement, PolicyID: e.PolicyID, Position: positionJSON(e.Position),
			ApprovedBy: list(e.ApprovedBy), ApprovedOn: e.ApprovedOn.String(), Expires: e.Expires.String(),
		}
		if i < len(statuses) {
			one.Signed = signedJSON(statuses[i])
		}
		out.Exceptions = append(out.Exceptions, one)
	}
	return writeJSON(w, out)
}

type approvalsReport struct {
	Schema     string               `json:"schema"`
	Tool       tool                 `json:"tool"`
	Policy     jsonPolicy           `json:"policy"`
	Accept     []policy.Way         `json:"accept"`
	Exceptions []approvalsException `json:"exceptions"`

	ReviewTeams []string `json:"review_teams,omitempty"`
}

type approvalsException struct {
	ID          string           `json:"id"`
	Entitlement string           `json:"entitlement"`
	PolicyID    string           `json:"policy_id,omitempty"`
	Position    *jsonPosition    `json:"position,omitempty"`
	ApprovedBy  []string         `json:"approved_by"`
	ApprovedOn  string           `json:"approved_on,omitempty"`
	Expires     string           `json:"expires,omitempty"`
	Signed      *approvalsSigned `json:"signed,omitempty"`
}

type approvalsSigned struct {
	Approved   bool                 `json:"approved"`
	Needed     int                  `json:"needed"`
	Signers    []string             `json:"signers"`
	Error      string               `json:"error,omitempty"`
	Hint       string               `json:"hint,omitempty"`
	Signatures []approvalsSignature `json:"signatures"`
}

type approvalsSignature struct {
	Principals  string           `json:"principals,omitempty"`
	KeyType     string           `json:"key_type,omitempty"`
	Fingerprint string           `json:"fingerprint,omitempty"`
	Problem     approval.Problem `json:"problem,omitempty"`
	Detail      string           `json:"detail,omitempty"`
}

func signedJSON(s approval.Status) *approvalsSigned {
	out := &approvalsSigned{Approved: s.Reached(), Needed: s.Needed, Signers: list(s.Signers), Hint: s.Hint, Signatures: []approvalsSignature{}}
	if s.Err != nil {
		out.Error = s.Err.Error()
	}
	for _, one := range s.Signatures {
		out.Signatures = append(out.Signatures, approvalsSignature{one.Principals, one.KeyType, one.Fingerprint, one.Problem, one.Detail})
	}
	return out
}
