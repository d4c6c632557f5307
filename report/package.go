package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// jsonPackage is an installer package.
type jsonPackage struct {
	Path           string              `json:"path"`
	Size           int64               `json:"size"`
	Signed         bool                `json:"signed"`
	Checksum       string              `json:"checksum,omitempty"`
	Authenticated  bool                `json:"authenticated"`
	Authentication *jsonAuthentication `json:"authentication,omitempty"`
}

func packageJSON(p check.Package) jsonPackage {
	return jsonPackage{p.Path, p.Size, p.Signed, p.Algorithm, p.Authenticated(), authenticationJSON(p.Authentication)}
}

// packageFacts says in one line who signed a package, as far as that is proven. It is
// not sanitised yet.
func packageFacts(p check.Package) string {
	a := p.Authentication
	switch {
	case !p.Signed:
		return "installer package, not signed"
	case a == nil:
		return "installer package, signed (not looked into)"
	case !p.Authenticated():
		return "installer package, signed (not authenticated)"
	}
	line := "installer package, "
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
	t.field("Format", fmt.Sprintf("installer package, %d bytes", p.Size))
	a := p.Authentication
	if !p.Signed || a == nil {
		t.field("Signed", map[bool]string{true: "not looked into", false: "no"}[p.Signed])
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
	t.field("Checksum", p.Algorithm)
	for _, problem := range a.Problems {
		t.field("Problem", fmt.Sprintf("%s: %s", problem.Kind, problem.Detail))
	}
}
