package policy

import (
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
)

func (r *reader) exceptions(n *yaml.Node) []Exception {
	var exceptions []Exception
	lines := map[string]int{}
	r.list(n, "exceptions", func(n *yaml.Node) {
		e, id := r.exception(n)
		if first, ok := lines[e.ID]; ok && e.ID != "" {
			r.fail(id, "", "duplicate exception id %s, first given on line %d", quote(e.ID), first)
		} else if id != nil {
			lines[e.ID] = id.Line
		}
		exceptions = append(exceptions, e)
	})
	return exceptions
}

// exception reads an exception and returns the node of its id with it.
func (r *reader) exception(n *yaml.Node) (e Exception, id *yaml.Node) {
	var scope *yaml.Node
	e.Position = r.position(n)
	e.Fields = r.mapping(n, "an exception", []field{
		{"id", true, func(n *yaml.Node) { e.ID, id = r.word(n, "id"), n }},
		{"entitlement", true, func(n *yaml.Node) { e.Entitlement = r.oneEntitlement(n) }},
		{"value", false, func(n *yaml.Node) { e.Value = r.value(n) }},
		{"values", false, func(n *yaml.Node) { e.Values = r.values(n) }},
		{"matches", false, func(n *yaml.Node) { e.Matches = r.matches(n) }},
		{"applies-to", true, func(n *yaml.Node) { e.AppliesTo, scope = r.scope(n), n }},
		{"category", false, func(n *yaml.Node) {
			if !isNull(n) && (n.Kind != yaml.ScalarNode || n.Value != "") {
				e.Category = choice(r, n, "category", categories)
			}
		}},
		{"justification", false, func(n *yaml.Node) {
			r.layout.prose.note(n, true)
			e.Justification = r.optional(n, "justification")
		}},
		{"owner", false, func(n *yaml.Node) { e.Owner = strings.TrimSpace(r.optional(n, "owner")) }},
		{"approved-by", false, func(n *yaml.Node) {
			if !isNull(n) && (n.Kind != yaml.ScalarNode || n.Value != "") {
				e.ApprovedBy = r.words(n, "approved-by", true, func(*yaml.Node, string) {})
			}
		}},
		{"approved-on", false, func(n *yaml.Node) { e.ApprovedOn = r.date(n, "approved-on") }},
		{"ticket", false, func(n *yaml.Node) { e.Ticket = strings.TrimSpace(r.optional(n, "ticket")) }},
		{"expires", false, func(n *yaml.Node) { e.Expires = r.date(n, "expires") }},
		{"compensating-controls", false, func(n *yaml.Node) {
			e.CompensatingControls = r.words(n, "compensating-controls", true, func(n *yaml.Node, _ string) { r.layout.prose.note(n, true) })
		}},
		{"renewals", false, func(n *yaml.Node) { e.Renewals = r.renewals(n) }},
		{"signatures", false, func(n *yaml.Node) { e.Signatures = r.signatures(n) }},
	})
	if scope != nil {
		r.groupPlaces(scope, e.Fields)
	}
	if at, ok := e.Fields["value"]; ok && (e.Values != nil || e.Matches != nil) {
		r.add(at, "write the one value among values", "value and values or matches in one exception")
	}
	return e, id
}

// maxValues bounds the values and patterns of one exception: each is compared with
// every element of a claim.
const maxValues = 100

func (r *reader) values(n *yaml.Node) []entitlement.Value {
	values := []entitlement.Value{}
	if n.Kind == yaml.ScalarNode && !isNull(n) {
		r.fail(n, "write value for one, or a list of values", "values must be a list, not %s", describe(n))
		return values
	}
	r.list(n, "values", func(item *yaml.Node) {
		if v := r.value(item); v != nil {
			values = append(values, *v)
		}
	})
	r.bounded(n, "values", len(n.Content))
	return values
}

func (r *reader) matches(n *yaml.Node) []Pattern {
	patterns := []Pattern{}
	for _, w := range r.words(n, "matches", false, func(n *yaml.Node, w string) {
		switch {
		case strings.Trim(w, "*") == "":
			r.fail(n, "remove matches where any value is meant", "matches %s, which is every string", quote(w))
		case strings.Contains(w, "**"):
			r.fail(n, "write * once", "matches %s: * stands for any run of characters, slashes too", quote(w))
		}
	}) {
		patterns = append(patterns, Pattern(w))
	}
	if len(n.Content) > 0 {
		r.bounded(n, "matches", len(n.Content))
	}
	return patterns
}

// bounded refuses a list of none, or of more than can be compared.
func (r *reader) bounded(n *yaml.Node, what string, count int) {
	if n.Kind == yaml.SequenceNode && (count == 0 || count > maxValues) {
		r.fail(n, "", "%s has %d items; 1 to %d are taken", what, count, maxValues)
	}
}

func (r *reader) renewals(n *yaml.Node) []Renewal {
	var list []Renewal
	r.list(n, "renewals", func(n *yaml.Node) {
		var former Renewal
		r.mapping(n, "a renewal", []field{
			{"approved-by", true, func(n *yaml.Node) {
				former.ApprovedBy = r.words(n, "approved-by", true, func(*yaml.Node, string) {})
			}},
			{"approved-on", true, func(n *yaml.Node) { former.ApprovedOn = r.day(n, "approved-on") }},
			{"expires", true, func(n *yaml.Node) { former.Expires = r.day(n, "expires") }},
		})
		if len(list) > 0 && list[len(list)-1].ApprovedOn.After(former.ApprovedOn) && !former.ApprovedOn.IsZero() {
			r.fail(n, "the oldest is the first", "this renewal was approved on %s, before the one above it, %s",
				former.ApprovedOn, list[len(list)-1].ApprovedOn)
		}
		if !former.Expires.IsZero() && former.ApprovedOn.After(former.Expires) {
			r.fail(n, "", "this renewal was approved on %s, after it had expired on %s", former.ApprovedOn, former.Expires)
		}
		list = append(list, former)
	})
	return list
}

// maxSignatures bounds the signatures of one exception, and maxSignatureText the
// bytes of one: an RSA key of 8192 bits makes some 4,000.
const (
	maxSignatures    = 2 * mostThreshold
	maxSignatureText = 8 << 10
)

func (r *reader) signatures(n *yaml.Node) []string {
	var list []string
	r.list(n, "signatures", func(n *yaml.Node) {
		s := r.text(n, "signature")
		if len(s) > maxSignatureText {
			r.fail(n, "", "a signature of %d bytes; the limit is %d", len(s), maxSignatureText)
		}
		list = append(list, s)
	})
	if len(list) > maxSignatures {
		r.fail(n, "", "%d signatures; the limit is %d", len(list), maxSignatures)
	}
	return list
}

// oneEntitlement reads the key that an exception is for.
func (r *reader) oneEntitlement(n *yaml.Node) string {
	const hint = "write one exception for each entitlement"
	if n.Kind == yaml.SequenceNode {
		r.fail(n, hint, "an exception is for one entitlement, not for a list")
		return ""
	}
	before := r.total()
	key := r.word(n, "entitlement")
	switch {
	case r.total() > before:
	case strings.Contains(key, "*"):
		r.fail(n, hint, "an exception is for one entitlement, not for the glob %s", quote(key))
	default:
		r.check(n, "entitlement", checkPattern(key))
	}
	return key
}

// check reports what a checker of one value found.
func (r *reader) check(n *yaml.Node, what string, err error) {
	if err != nil {
		r.fail(n, "", "%s %s: %v", what, quote(n.Value), err)
	}
}
