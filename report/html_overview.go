package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/policy"
)

// total is what all parts come to.
func (p *page) total() (n jsonCounts, result check.Result, failed int) {
	result = check.Pass
	for _, s := range p.parts {
		if s.err != nil {
			failed++
			continue
		}
		n = n.plus(s.counts)
		result = worse(result, s.result)
	}
	return n, cmp.Or(p.outcome, result), failed
}

// result says in a few words what the page tells.
func (p *page) result() string {
	n, result, failed := p.total()
	words := []string{string(result), levelCounts(n)}
	if failed > 0 {
		words = append(words, plural(failed, "repository")+" without a report")
	}
	return strings.Join(words, ", ")
}

func levelCounts(n jsonCounts) string {
	return tally{errors: n.Errors, warnings: n.Warnings, notes: n.Notes}.findings()
}

// overview tells what was judged and what came of it.
func (p *page) overview() {
	n, result, failed := p.total()
	p.add("<h1>Entitlements</h1>\n")
	p.open("overview", "Overview")
	p.add(`<dl class="figures">`)
	word := func(class, name, value markup) {
		p.add(el("div", ` class="`+class+`"`, el("dt", "", name), el("dd", "", value)))
	}
	figure := func(n int, what string, class markup) {
		if n == 0 {
			class = "zero"
		}
		word(class, plain(strings.TrimPrefix(plural(n, what), fmt.Sprint(n)+" ")), number(n))
	}
	word(resultClass(result), "result", plain(string(result)))
	if p.many {
		figure(len(p.parts), "repository", "count")
	}
	if failed > 0 {
		word("error", "without a report", number(failed))
	}
	figure(n.Errors, "error", "error")
	figure(n.Warnings, "warning", "warning")
	figure(n.Notes, "note", "note")
	figure(n.Unapproved, "unapproved claim", "error")
	exceptions := map[expiry]int{}
	for _, h := range p.held {
		exceptions[h.expiry()]++
	}
	figure(len(p.held), "exception", "count")
	for _, x := range []struct {
		n           int
		class, name markup
	}{{exceptions[expired], "error", "ended"}, {exceptions[soon], "warning", "end within 30 days"}} {
		if x.n > 0 {
			word(x.class, x.name, number(x.n))
		}
	}
	figure(n.Binaries, "binary", "count")
	figure(n.Slices, "slice", "count")
	p.add("</dl>\n")
	p.shards()
	p.contradictions()
	if p.many {
		p.repositories()
	} else {
		for _, s := range p.parts {
			for _, r := range s.reports {
				p.judged(r)
			}
		}
	}
	p.add("</section>\n")
}

// resultClass is by what the style knows a result.
func resultClass(r check.Result) markup {
	switch r {
	case check.Pass:
		return "passed"
	case check.Fail, check.Unreadable, Incomplete, Conflict:
		return "error"
	}
	return ""
}

// judged tells by what the one report judged.
func (p *page) judged(r *shownReport) {
	h := r.head
	p.add(`<dl class="facts">`)
	fact := func(name string, value markup) {
		if value != "" {
			p.add("<div>", el("dt", "", plain(name)), el("dd", "", value), "</div>")
		}
	}
	fact("Day", el("time", "", plain(h.Date)))
	fact("Stage", plain(h.Stage))
	fact("Policy", code(h.Policy.Name)+quiet("SHA-256 ", code(h.Policy.SHA256)))
	var extends []markup
	for _, e := range h.Policy.Extends {
		extends = append(extends, el("div", "", code(e.Name), quiet("SHA-256 ", code(e.SHA256))))
	}
	fact("Extends", concat(extends, ""))
	if b := h.Base; b != nil {
		fact("Judged by", base(b))
	}
	fact("How", plain(strings.Join(ways(h), ", ")))
	p.add("</dl>\n")
}

// base says by whose policy was judged.
func base(b *jsonBase) markup {
	switch {
	case b.Ref == "":
		return "no base, in which its exceptions would count"
	case b.Policy == nil:
		return code(b.Ref) + " at " + code(cut(b.Commit, shortSHA, "")) + ", which does not have the policy yet"
	}
	return code(b.Ref) + " at " + code(cut(b.Commit, shortSHA, ""))
}

// ways says what was accepted, left out or added by the choices of who ran the check.
func ways(h jsonReport) []string {
	var list []string
	if h.Stage == policy.Development {
		list = append(list, "code that is not authenticated is accepted")
	}
	if h.Verify == "slots" {
		list = append(list, "without a look at pages and signers, nor at what bundles seal")
	}
	if h.Preflight != "" {
		list = append(list, "with a preflight for "+string(h.Preflight))
	}
	if h.NoExceptions {
		list = append(list, "without the exceptions of the policy")
	}
	switch h.FailOn {
	case policy.FailOnWarning:
		list = append(list, "warnings fail")
	case policy.FailOnNever:
		list = append(list, "nothing fails")
	}
	return list
}
