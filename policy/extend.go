package policy

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Bounds of what a policy and all that it extends may be. Each policy counts as often
// as it is extended, since each time it decides anew.
const (
	maxLevels   = 8       // of policies above one another
	maxPolicies = 64      // altogether
	maxTotal    = 4 << 20 // bytes of their texts, each once
	maxPatterns = 5000    // in the rules of all
)

// Source is a text that a policy was made of.
type Source struct {
	Location Location
	SHA256   string // of its bytes, lower-case hexadecimal
}

// Name returns what positions in the text have for a file.
func (s Source) Name() string { return s.Location.String() }

// Unreadable is why a text could not be read, with what to do about it.
type Unreadable struct {
	Err  error
	Hint string // may be empty
}

// Error returns what Err does.
func (u *Unreadable) Error() string { return u.Err.Error() }

// Unwrap returns Err.
func (u *Unreadable) Unwrap() error { return u.Err }

// Load reads the policy there with all that it extends, and merges them. What merging
// means is said in docs/design/0006-extends.md. Texts are read by read, each once, and
// those of presets are known; an error of it may be [Unreadable].
//
// When the text of the policy itself cannot be read, the error is that of read. Else an
// error is of type [Errors], each with its excerpt, whatever file it is in. The result
// is never both.
func Load(at Location, read func(Location) ([]byte, error)) (*Policy, error) {
	l := &loader{read: read, seen: map[Location]*loaded{}}
	top, err := l.text(at)
	if err != nil {
		return nil, err
	}
	l.resolve(top, nil)
	if len(l.errs) > 0 {
		return nil, l.illustrated()
	}
	return top.policy, nil
}

// loader is the state of one Load.
type loader struct {
	read   func(Location) ([]byte, error)
	seen   map[Location]*loaded // by identity
	total  int                  // bytes of all texts
	budget comparisons
	errs   Errors
}

// loaded is a text that was read, and the policy that it is.
type loaded struct {
	at       Location
	src      []byte
	sha256   string
	resolved bool
	policy   *Policy // nil when there were errors, or it is not resolved
	levels   int     // of policies above it
	policies int     // itself and all above it, as often as they are extended
	patterns int     // in the rules of these
}

// text reads what is there, once.
func (l *loader) text(at Location) (*loaded, error) {
	if node, ok := l.seen[at.identity()]; ok {
		return node, nil
	}
	if len(l.seen) == maxPolicies {
		return nil, fmt.Errorf("more than %d policies are extended", maxPolicies)
	}
	var src []byte
	var err error
	if at.Preset != "" {
		src, err = PresetSource(at.Preset)
	} else {
		src, err = l.read(at)
	}
	if err != nil {
		return nil, err
	}
	if l.total += len(src); l.total > maxTotal {
		return nil, fmt.Errorf("all that is extended is larger than %d KiB", maxTotal>>10)
	}
	sum := sha256.Sum256(src)
	node := &loaded{at: at, src: src, sha256: hex.EncodeToString(sum[:])}
	l.seen[at.identity()] = node
	return node, nil
}

// resolve parses a text, and merges what it extends. below are the locations of the
// policies that lead to it.
func (l *loader) resolve(node *loaded, below []Location) {
	node.resolved = true
	own, err := Parse(node.at.String(), node.src)
	if err != nil {
		errs, _ := err.(Errors) // which Parse promises
		l.errs = append(l.errs, errs...)
		return
	}
	own.Sources = []Source{{node.at, own.SHA256}}
	for i := range own.Exceptions {
		own.Exceptions[i].Repository = node.at.Repository
	}
	node.policies, node.patterns = 1, own.countPatterns()
	chain := append(slices.Clip(below), node.at)
	var parents []*Policy
	for _, ref := range own.Extends {
		if parent := l.parent(ref, chain); parent != nil && l.within(node, parent, ref, len(chain)) {
			parents = append(parents, parent.policy)
		}
	}
	switch {
	case len(parents) < len(own.Extends): // told already
	case len(parents) == 0:
		node.policy = own
	default:
		var errs Errors
		if node.policy, errs = merge(own, parents, &l.budget); len(errs) > 0 {
			node.policy = nil
			l.errs = append(l.errs, errs...)
		}
	}
}

// parent returns what the last policy of a chain refers to, or nil after errors.
func (l *loader) parent(ref Reference, chain []Location) *loaded {
	at, err := chain[len(chain)-1].of(ref)
	if err != nil {
		return l.fail(ref, "", "extends %s: %v", ref, err)
	}
	same := func(o Location) bool { return o.identity() == at.identity() }
	if i := slices.IndexFunc(chain, same); i >= 0 {
		return l.fail(ref, "remove one of these from what it extends", "%s extends itself: %s", at, arrows(append(slices.Clone(chain[i:]), at)))
	}
	if len(chain) > maxLevels {
		return l.fail(ref, "", "policies extend one another over more than %d levels: %s", maxLevels, arrows(append(slices.Clone(chain), at)))
	}
	node, err := l.text(at)
	if err != nil {
		var u *Unreadable
		if !errors.As(err, &u) {
			u = &Unreadable{}
		}
		return l.fail(ref, u.Hint, "extends %s: %v", at, err)
	}
	if ref.SHA256 != "" && ref.SHA256 != node.sha256 {
		return l.fail(ref, "look at what changed before you write the new one", "%s has the SHA-256 %s, not %s", at, node.sha256, ref.SHA256)
	}
	if !node.resolved {
		before := len(l.errs)
		l.resolve(node, chain)
		for _, e := range l.errs[before:] {
			if e.File == node.at.String() {
				e.Related = append(e.Related, Related{Position: ref.Position, Message: "extended here"})
			}
		}
	}
	if node.policy == nil {
		return nil // told already
	}
	return node
}

// within adds to a policy what one of its parents is, and reports whether that is
// within the bounds. depth is how many levels up the parent is.
func (l *loader) within(node, parent *loaded, ref Reference, depth int) bool {
	node.levels = max(node.levels, parent.levels+1)
	node.policies += parent.policies
	node.patterns += parent.patterns
	switch {
	case depth+parent.levels > maxLevels:
		l.fail(ref, "", "policies extend one another over more than %d levels", maxLevels)
	case node.policies > maxPolicies:
		l.fail(ref, "", "more than %d policies are extended, counted as often as they are", maxPolicies)
	case node.patterns > maxPatterns:
		l.fail(ref, "", "the rules of all that is extended name more than %d entitlements", maxPatterns)
	default:
		return true
	}
	return false
}

// fail adds an error at a reference, and returns nil.
func (l *loader) fail(ref Reference, hint, format string, args ...any) *loaded {
	l.errs = append(l.errs, &ParseError{Position: ref.Position, Message: fmt.Sprintf(format, args...), Hint: hint})
	return nil
}

// illustrated returns the errors with the excerpts of all places that they are about.
func (l *loader) illustrated() Errors {
	texts := map[string][]byte{}
	for _, node := range l.seen {
		texts[node.at.String()] = node.src
	}
	for _, e := range l.errs {
		e.Excerpt = e.Position.Snippet(texts[e.File])
		for i := range e.Related {
			r := &e.Related[i]
			r.Excerpt = r.Position.Snippet(texts[r.File])
		}
	}
	return l.errs
}

// countPatterns returns how many patterns the policy's own rules have.
func (p *Policy) countPatterns() int {
	n := 0
	for _, set := range p.ruleSets() {
		for _, r := range set.rules {
			n += len(r.Entitlements)
		}
	}
	return n
}

// arrows writes what leads to what.
func arrows(chain []Location) string {
	names := make([]string, len(chain))
	for i, at := range chain {
		names[i] = at.String()
	}
	return strings.Join(names, " -> ")
}
