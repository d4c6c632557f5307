package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// expiry says in a word how long an exception holds.
type expiry string

const (
	expired expiry = "expired"
	soon    expiry = "soon" // within soonDays
	later   expiry = "later"
	never   expiry = "never" // it names no day; it approves nothing
)

// soonDays is how many days before its end an exception is told of. The policy has a
// number of its own, by which there is a finding.
const soonDays = 30

func expiryOf(last string, today policy.Date) expiry {
	d, err := policy.ParseDate(last)
	if err != nil {
		return never
	}
	switch days := d.DaysSince(today); {
	case days < 0:
		return expired
	case days <= soonDays:
		return soon
	}
	return later
}

// remaining says how many days there are to the last one, or were.
func remaining(last string, today policy.Date) string {
	d, err := policy.ParseDate(last)
	switch {
	case err != nil:
		return "no end"
	case today.IsZero():
		return ""
	}
	switch days := d.DaysSince(today); {
	case days < 0:
		return "ended " + numberOfDays(-days) + " ago"
	case days == 0:
		return "its last day"
	default:
		return "in " + numberOfDays(days)
	}
}

func numberOfDays(n int) string {
	if n == 1 {
		return "1 day"
	}
	return fmt.Sprintf("%d days", n)
}

// held is an exception of a part.
type held struct {
	part     *shownPart
	last     *shownReport // that has it
	x        jsonException
	day      policy.Date // that was judged
	anchor   string
	evidence *jsonEvidence // the strongest for a claim that it approves
}

// expiry says how long the exception holds.
func (h *held) expiry() expiry { return expiryOf(h.x.Expires, h.day) }

// shownPending is a pending exception with its place.
type shownPending struct {
	x      jsonPending
	anchor string
}

// exceptions tells who holds which exception, until when, and by whose approval.
func (p *page) exceptions() {
	p.open("exceptions", "Exceptions")
	if len(p.held) == 0 {
		p.add("<p>There are none.</p></section>\n")
		return
	}
	p.table("Exceptions", "exceptions", "Exception", "Permits, and why", "Held by", "Expires", "Approved by", "Evidence")
	for _, h := range p.held {
		p.exception(h)
	}
	p.endTable()
	p.add("</section>\n")
}

func (p *page) exception(h *held) {
	x, s := h.x, h.part
	p.add("<tr", p.row("exception", s, []string{x.Entitlement}, attribute("data-states", string(h.expiry())+" "+string(x.Use))), attribute("id", h.anchor), ">",
		el("th", ` scope="row"`, to(h.anchor, plain(cmp.Or(x.ID, "without an id"))), p.of(s), quiet(plain(used(x)))),
		el("td", "", granted(x.Entitlement, x.Value), el("p", "", prose(x.Justification)), controlled(x.Controls), quiet(plain(string(x.Category))), quiet(plain(x.Ticket))),
		el("td", "", plain(x.Owner), scope(x.AppliesTo)),
		el("td", ` class="day"`, span("expiry "+markup(h.expiry()), el("time", "", plain(cmp.Or(x.Expires, "never"))), quiet(plain(remaining(x.Expires, h.day))))),
		el("td", "", approved(x)),
		el("td", "", evident(h.evidence)), "</tr>\n")
}

// of names the part where there are several.
func (p *page) of(s *shownPart) markup {
	if !p.many {
		return ""
	}
	return el("div", ` class="of"`, to(s.anchor, plain(s.name)))
}

// granted returns an entitlement with the value that is permitted, which is left out where
// it is true.
func granted(key string, v *entitlement.Value) markup {
	switch {
	case v == nil:
		return entitlementName(key) + " " + quiet("with any value")
	case v.Kind == entitlement.Boolean && v.Bool:
		return entitlementName(key)
	}
	return entitlementName(key) + " " + code(v.Text())
}

// prose returns a text that people wrote over several lines.
func prose(s string) markup { return plain(strings.Join(strings.Fields(s), " ")) }

// used says what a run made of an exception.
func used(x jsonException) string {
	return useOf(check.ExceptionReport{Use: x.Use, Covers: x.Covers})
}

// dotted returns words with dots between, without the empty ones.
func dotted(words ...string) string {
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " · ")
}

func controlled(controls []string) markup {
	if len(controls) == 0 {
		return ""
	}
	return el("p", ` class="quiet"`, "Compensating controls: ", prose(strings.Join(controls, " ")))
}

// scope says for which code an exception is.
func scope(s jsonScope) markup {
	var lines []markup
	for _, by := range []struct {
		name markup
		list []string
	}{{"path", s.Path}, {"identifier", s.Identifier}, {"team", s.TeamID}, {"arch", s.Arch}} {
		for _, v := range by.list {
			lines = append(lines, quiet(by.name, " ", code(v)))
		}
	}
	return concat(lines, "")
}

// approved says who approved an exception, and what signatures prove of that.
func approved(x jsonException) markup {
	var m markup
	for _, who := range x.ApprovedBy {
		m += el("div", "", plain(who))
	}
	m = cmp.Or(m, "nobody")
	if x.ApprovedOn != "" {
		m += quiet("on ", plain(x.ApprovedOn))
	}
	if s := x.Signed; s != nil {
		line := "not signed"
		if len(s.Signers) > 0 {
			line = "signed by " + strings.Join(s.Signers, "; ")
		}
		if !s.Approved {
			line += fmt.Sprintf(", %d of %d that are needed", len(s.Signers), s.Needed)
		}
		m += quiet(plain(line))
	}
	return m
}

// evident says how far the code supports a claim, and by what.
func evident(e *jsonEvidence) markup {
	if e == nil {
		return ""
	}
	m := span("strength "+markup(strengthClass(e)), plain(supported(e.Strength, e.Text)))
	if len(e.Items) > 0 {
		m += quiet(plain(e.Items[0].Text))
	}
	return m
}

// strengthClass is by what the style knows how much there is.
func strengthClass(e *jsonEvidence) string {
	if len(e.Items) == 0 {
		return "weak"
	}
	return "strong"
}

// pending tells of exceptions that would count after a merge.
func (p *page) pending() {
	n := 0
	for _, s := range p.parts {
		n += len(s.pending)
	}
	if n == 0 {
		return
	}
	p.add(`<section aria-labelledby="not-yet"><h2 id="not-yet">Exceptions that do not count yet</h2>`, "\n")
	p.table("Exceptions that do not count yet", "exceptions", "Exception", "Permits, and why", "After the merge")
	for _, s := range p.parts {
		for _, pending := range s.pending {
			x, anchor := pending.x, pending.anchor
			var says []markup
			for _, d := range x.Differences {
				says = append(says, el("div", "", plain(d)))
			}
			p.add("<tr", p.row("pending", s, []string{x.Entitlement}), attribute("id", anchor), ">",
				el("th", ` scope="row"`, to(anchor, plain(x.ID)), p.of(s), quiet(plain(x.State))),
				el("td", "", entitlementName(x.Entitlement), el("p", "", prose(x.Justification)), controlled(x.Controls)),
				el("td", "", concat(says, "")), "</tr>\n")
		}
	}
	p.endTable()
	p.add("</section>\n")
}
