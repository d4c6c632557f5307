package report

import (
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// markup is HTML that is safe to write: literals of this package, and what the functions
// below make of text. Nothing else is converted to it.
type markup string

// plain returns a text of any origin, at most [maxValue] bytes of it.
func plain(s string) markup { return markup(sanitise.HTML(cut(s, maxValue, "…"))) }

// number returns a number.
func number(n int) markup { return plain(fmt.Sprint(n)) }

// attribute returns an attribute with a value of any origin. Its name is none that runs
// code or holds an address.
func attribute(name markup, value string) markup {
	return " " + name + `="` + markup(sanitise.HTML(value)) + `"`
}

// el returns an element with its attributes, each with a space before it.
func el(tag, attributes markup, content ...markup) markup {
	return "<" + tag + attributes + ">" + concat(content, "") + "</" + tag + ">"
}

func concat(list []markup, separator markup) markup {
	words := make([]string, len(list))
	for i, m := range list {
		words[i] = string(m)
	}
	return markup(strings.Join(words, string(separator)))
}

// span returns a piece of a line with a class.
func span(class markup, content ...markup) markup {
	return el("span", ` class="`+class+`"`, content...)
}

// spoken returns what only screen readers tell.
func spoken(s string) markup { return span("spoken", plain(s)) }

// quiet returns what is told less loudly, on a line of its own; nothing for nothing.
func quiet(content ...markup) markup {
	if m := concat(content, ""); m != "" {
		return el("div", ` class="quiet"`, m)
	}
	return ""
}

// code returns a name or a value out of a file.
func code(s string) markup {
	if s == "" {
		return ""
	}
	return el("code", "", plain(s))
}

// applePrefix begins the names of most entitlements.
const applePrefix = "com.apple.security."

// entitlementName returns the name of an entitlement.
func entitlementName(key string) markup { return el("code", "", parted(key)) }

// parted returns the name of an entitlement, in which what tells it from others stands out.
func parted(key string) markup {
	if rest, ok := strings.CutPrefix(key, applePrefix); ok && rest != "" {
		return span("prefix", applePrefix) + plain(rest)
	}
	return plain(key)
}

// to returns a link to a place of the page.
func to(anchor string, content ...markup) markup {
	return el("a", attribute("href", "#"+anchor), content...)
}

// anchors gives names to places of a page, each once: how often each was asked for.
type anchors map[string]int

// of returns the name of a place of a kind, which is made of words of any origin. Equal
// reports have equal names, and a name stays what it is where another place is added
// after it.
func (a anchors) of(kind string, words ...string) string {
	base := cut(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' {
			return r
		}
		return '-'
	}, strings.Join(append([]string{kind}, words...), "-")), maxAnchor, "")
	name := base
	for a[name] > 0 {
		a[base]++
		name = fmt.Sprintf("%s-%d", base, a[base])
	}
	a[name] = 1
	return name
}

// maxAnchor bounds the name of a place, so that its address can be handed on.
const maxAnchor = 120
