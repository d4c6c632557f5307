package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// jsonPackage is an installer package, or a disk image.
type jsonPackage struct {
	Path           string              `json:"path"`
	Kind           string              `json:"kind"`
	Size           int64               `json:"size"`
	Signed         bool                `json:"signed"`
	Checksum       string              `json:"checksum,omitempty"`
	Identifier     string              `json:"identifier,omitempty"`
	CDHash         string              `json:"cdhash,omitempty"`
	Authenticated  bool                `json:"authenticated"`
	Authentication *jsonAuthentication `json:"authentication,omitempty"`
	Problems       []jsonProblem       `json:"problems,omitempty"`
}

func packageJSON(p check.Package) jsonPackage {
	kind := "installer"
	if p.Image {
		kind = "image"
	}
	return jsonPackage{
		p.Path, kind, p.Size, p.Signed, p.Algorithm, p.Identifier, p.CDHash,
		p.Authenticated(), authenticationJSON(p.Authentication), problemsJSON(p.Problems),
	}
}

// packageFormat says what a package is.
func packageFormat(p check.Package) string {
	if p.Image {
		return "disk image"
	}
	return "installer package"
}

// packageFacts says in one line who signed a package, as far as that is proven. It is
// not sanitised yet.
func packageFacts(p check.Package) string {
	a := p.Authentication
	line := packageFormat(p) + ", "
	switch {
	case !p.Signed:
		return line + "not signed"
	case p.SignatureErr != nil:
		return line + "signed (not readable)"
	case p.AdHoc:
		return line + "signed ad hoc"
	case a == nil:
		return line + "signed (not looked into)"
	case !p.Authenticated():
		return line + "signed (not authenticated)"
	}
	if a.TeamID != "" {
		line += "team " + a.TeamID + ", "
	}
	line += fmt.Sprintf("signed by %s (%s)", a.Signer, a.Kind)
	if !a.Timestamp.IsZero() {
		line += " on " + a.Timestamp.Format(time.DateOnly)
	}
	return line
}

// showPackage tells who signed a package.
func (t *text) showPackage(p check.Package) {
	t.line("%s", t.bold(sanitise.Text(p.Path)))
	t.field("Format", fmt.Sprintf("%s, %d bytes", packageFormat(p), p.Size))
	a := p.Authentication
	if p.CDHash != "" {
		t.field("Identifier", p.Identifier)
		t.field("CDHash", p.CDHash)
	}
	if !p.Signed || a == nil {
		signed := "no"
		switch {
		case p.SignatureErr != nil:
			signed = "not readable: " + p.SignatureErr.Error()
		case p.AdHoc:
			signed = "ad hoc"
		case p.Signed:
			signed = "not looked into"
		}
		t.field("Signed", signed)
		t.problems(p.Problems)
		return
	}
	who := "by " + a.Signer
	if a.Kind != "" {
		who += fmt.Sprintf(" (%s)", a.Kind)
	}
	if !p.Authenticated() {
		who += ", not authenticated"
	}
	t.field("Signed", who)
	if len(a.Chain) > 0 {
		t.field("", strings.Join(a.Chain, ", "))
	}
	t.field("Team", cmp.Or(a.TeamID, "none"))
	t.field("Timestamp", cmp.Or(rfc3339(a.Timestamp), "none"))
	if !p.Image {
		t.field("Checksum", p.Algorithm)
	}
	t.problems(p.Problems)
	t.problems(a.Problems)
}

func (t *text) problems(list []codesign.Problem) {
	for _, problem := range list {
		t.field("Problem", fmt.Sprintf("%s: %s", problem.Kind, problem.Detail))
	}
}
