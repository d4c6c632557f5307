package compare

import (
	"fmt"
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// claims tells what two slices claim differently, and of what both claim what became of the
// evidence. A key may be there several times, with values that slices of a source give it.
func (d *differ) claims(p pair, was, is Slice) {
	// Several slices for one architecture may share a list, which is told once.
	both := lists{is.Arch, firstOf(was.Claims), firstOf(is.Claims)}
	if d.claimed[both] || len(was.Claims)+len(is.Claims) == 0 {
		return
	}
	d.claimed[both] = true
	old, now := byKey(was.Claims), byKey(is.Claims)
	for _, key := range keys(is.Claims, was.Claims) {
		from, to := old[key], now[key]
		for i := range max(len(from), len(to)) {
			var a, b *Claim
			if i < len(from) {
				a = &from[i]
			}
			if i < len(to) {
				b = &to[i]
			}
			d.claim(p, is.Arch, a, b)
		}
	}
}

// claim tells what became of one claim; nil: there is none.
func (d *differ) claim(p pair, arch string, was, is *Claim) {
	switch {
	case was != nil && is != nil && was.Value.Kind == entitlement.Unknown && is.Value.Kind == entitlement.Unknown:
		unread := Unread{p.toPaths[0], "the value of " + is.Entitlement + " is not clear, so that it cannot be compared"}
		d.result.ToUnread = append(d.result.ToUnread, unread)
		return
	case was != nil && is != nil && was.Value.Equal(is.Value):
		d.weighed(p, arch, *was, *is)
		return
	}
	c := Change{Subject: "entitlement"}
	from, to := "not claimed", "not claimed"
	if was != nil {
		c.Entitlement, c.From, from = was.Entitlement, &was.Value, shorten(was.Value.Text())
	}
	if is != nil {
		c.Entitlement, c.To, to = is.Entitlement, &is.Value, shorten(is.Value.Text())
	}
	c.Direction = direction(c.Entitlement, c.From, c.To)
	c.Message = fmt.Sprintf("%s: %s, was %s", c.Entitlement, to, from)
	d.add(p, arch, c)
}

// weighed tells of a claim that is as it was how far the code shows that it is needed.
func (d *differ) weighed(p pair, arch string, was, is Claim) {
	switch {
	case was.Evidence == is.Evidence:
		return
	case was.Evidence == "" || is.Evidence == "":
		d.evidence++
		return
	}
	c := Change{Direction: policy.Neutral, Subject: "evidence", Entitlement: is.Entitlement, From: ptr(entitlement.Str(string(was.Evidence))), To: ptr(entitlement.Str(string(is.Evidence)))}
	c.Message = fmt.Sprintf("what the code shows of the need for %s: %s, was %s", is.Entitlement, is.Evidence, was.Evidence)
	d.add(p, arch, c)
}

// direction says what a change of a claim does. A list of which some is gone, and nothing
// new, permits less; any other value may permit more.
func direction(key string, was, is *entitlement.Value) policy.Direction {
	granted, grants := was != nil && was.Grants(), is != nil && is.Grants()
	more, less := policy.Looser, policy.Stricter
	if k, ok := entitlement.Lookup(key); ok && k.Protects() {
		more, less = less, more
	}
	switch {
	case !granted && !grants:
		return policy.Neutral
	case !granted:
		return more
	case !grants:
		return less
	case was.Kind == entitlement.Array && is.Kind == entitlement.Array:
		switch came, went := lacks(was.Array, is.Array), lacks(is.Array, was.Array); {
		case !came && !went:
			return policy.Neutral // the order alone
		case !came:
			return policy.Stricter
		}
	}
	return policy.Looser
}

// lacks reports whether a list has not all that another one has.
func lacks(list, other []entitlement.Value) bool {
	has := map[string]bool{}
	for _, v := range list {
		has[v.Kind.String()+v.Text()] = true
	}
	return slices.ContainsFunc(other, func(v entitlement.Value) bool { return !has[v.Kind.String()+v.Text()] })
}

// lists are two lists of claims, by their first elements.
type lists struct {
	arch    string
	was, is *Claim
}

func firstOf(list []Claim) *Claim {
	if len(list) == 0 {
		return nil
	}
	return &list[0]
}

func byKey(list []Claim) map[string][]Claim {
	m := map[string][]Claim{}
	for _, c := range list {
		m[c.Entitlement] = append(m[c.Entitlement], c)
	}
	return m
}

// keys returns the entitlements of several lists, ascending.
func keys(lists ...[]Claim) []string {
	var out []string
	for _, l := range lists {
		for _, c := range l {
			out = append(out, c.Entitlement)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// shorten keeps a value readable inside a sentence; the whole value is in the change.
func shorten(s string) string {
	const most = 200
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
