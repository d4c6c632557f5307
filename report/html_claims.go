package report

import (
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
)

// claims tells what a file claims, and what became of it. The slices are named that do
// so, unless they are all.
func (f *filePage) claims(claims []jsonClaim, whole []jsonSlice) {
	if len(claims) == 0 {
		f.add(`<p class="quiet">It claims no entitlements.</p>`)
		return
	}
	f.inner("Claims", "claims", "Entitlement", "Verdict", "Evidence")
	for _, c := range claims {
		verdict := verdictMark(c.Verdict)
		if c.Exception != "" {
			verdict += " by " + f.report.exceptionLink(c.Exception)
		}
		if c.Risk != "" {
			verdict += ", " + plain(c.Risk) + " risk"
		}
		archs := ""
		if len(c.Archs) < len(whole) {
			archs = "in " + strings.Join(c.Archs, ", ")
		}
		f.add("<tr>", el("th", ` scope="row" class="code"`, keyAndValue(c), quiet(plain(archs))), el("td", "", verdict), el("td", "", evident(c.Evidence)), "</tr>")
	}
	f.add("</tbody></table>")
}

// keyAndValue returns what is claimed; a value of true is left out.
func keyAndValue(c jsonClaim) markup {
	name := parted(c.Entitlement)
	if c.Value.Kind == entitlement.Boolean && c.Value.Bool {
		return name
	}
	return name + " = " + plain(c.Value.Text())
}

// verdictClass is by what the style knows a verdict.
func verdictClass(v check.Verdict) markup {
	switch v {
	case check.NotGranted:
		return "not-granted"
	case check.Allowed:
		return "allowed"
	case check.Approved:
		return "approved"
	case check.Denied:
		return "denied"
	}
	return "unapproved"
}

// verdictsOf returns the attribute by which rows are filtered by what became of their claims.
func verdictsOf(list []check.Verdict) markup {
	var classes []markup
	for _, v := range list {
		if c := verdictClass(v); !slices.Contains(classes, c) {
			classes = append(classes, c)
		}
	}
	return ` data-verdicts="` + concat(classes, " ") + `"`
}

func verdictMark(v check.Verdict) markup {
	return span("verdict "+verdictClass(v), plain(strings.ReplaceAll(string(v), "-", " ")))
}
