package check

import (
	"slices"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/policy"
)

// weighed is what the code says of the claims of a slice. Of the processes that it was found
// in nothing is kept: there is one for each copy of a program, of up to [maxImages] files.
type weighed struct {
	of      map[string]*evidence.Assessment // by entitlement; of copies the weakest
	narrow  map[string]narrowing            // by entitlement, of those on memory
	engines map[string][]evidence.Engine    // in what is surely loaded, by category: the first few
	jit     *evidence.Assessment            // of MAP_JIT that nothing claims, in the first copy that is proven to use it; nil: none

	// together are this and the other slices of the program. They are signed with one file,
	// so that what one of them needs all have to claim.
	together []*weighed
}

// maxEngines bounds what is told of the engines of one category.
const maxEngines = 8

// narrowing is what the copies of a program need of what an entitlement permits.
type narrowing struct {
	needed bool   // all of it, for all that is known
	to     string // the narrower entitlement that should do, empty where nothing shows that
}

// join adds what another copy, or another slice, needs: of two the wider.
func (n narrowing) join(o narrowing) narrowing {
	n.needed = n.needed || o.needed
	if slices.Index(memory, o.to) > slices.Index(memory, n.to) {
		n.to = o.to
	}
	return n
}

// weigh puts together what the code of the process says of each entitlement that the
// slice claims, but for those of which the policy does not want to know. It is nil where no code was looked at.
func (e *evaluation) weigh(sub subject, b Binary, s Slice) *weighed {
	if s.Code == nil || s.Signature == nil {
		return nil
	}
	w := &weighed{of: map[string]*evidence.Assessment{}, narrow: map[string]narrowing{}, engines: map[string][]evidence.Engine{}}
	w.together = []*weighed{w}
	var keys []string // that are asked for
	for _, key := range evidence.Keys() {
		if grants(s.Signature.Claims.Set, key) && e.decide(sub, key).Evidence != policy.EvidenceOff {
			keys = append(keys, key)
		}
	}
	if !s.IsProgram() {
		for _, key := range keys {
			w.of[key] = &evidence.Assessment{Entitlement: key, Strength: evidence.None, Text: "it does nothing here: the entitlements of the program count, and not those of what it loads"}
		}
		return w
	}
	for p := range e.processes.ofCopies(b, s) {
		w.copy(p, s.Signature.Claims.Set, keys)
	}
	return w
}

// copy adds what one copy of the program says.
func (w *weighed) copy(p evidence.Process, set entitlement.Set, keys []string) {
	for _, key := range keys {
		if a, ok := evidence.Weigh(p, key); ok && (w.of[key] == nil || weaker(a, *w.of[key])) {
			w.of[key] = &a
		}
	}
	claimed := false
	for _, key := range memory {
		if !grants(set, key) {
			continue
		}
		claimed = true
		n := narrowing{to: evidence.Narrower(p, key)}
		if a, _ := evidence.Weigh(p, key); n.to == "" {
			n.needed = a.Strength != evidence.None
		}
		w.narrow[key] = w.narrow[key].join(n)
	}
	if w.jit == nil && !claimed {
		if a, _ := evidence.Weigh(p, memory[0]); a.Strength == evidence.Proves {
			w.jit = &a
		}
	}
	for _, img := range p.Images {
		if img.Code == nil || img.May {
			continue
		}
		for _, engine := range img.Code.Engines {
			if list := w.engines[engine.Category]; len(list) < maxEngines && !slices.Contains(list, engine) {
				w.engines[engine.Category] = append(list, engine)
			}
		}
	}
}

// weaker reports whether a says less for its entitlement than b: first by whether it is enough
// where a policy requires evidence, for no copy may pass by what another one has.
func weaker(a, b evidence.Assessment) bool {
	if a.Supports() != b.Supports() {
		return !a.Supports()
	}
	return !a.Strength.AtLeast(b.Strength)
}

// join notes which slices of a binary are programs that are signed together.
func join(subs []subject, list []Slice) {
	var together []*weighed
	for i, sub := range subs {
		if sub.weighed != nil && list[i].IsProgram() {
			together = append(together, sub.weighed)
		}
	}
	for _, w := range together {
		w.together = together
		for key, n := range w.narrow {
			if a := w.of[key]; a != nil && n.to != "" && w.narrower(key) == "" {
				a.Text = "another slice or copy of the program needs it, which is signed with the same; for this one " + a.Text
			}
		}
	}
}

// any reports whether what one of the slices that claim the entitlement says of it is so.
func (w *weighed) any(key string, is func(*evidence.Assessment) bool) bool {
	return w != nil && slices.ContainsFunc(w.together, func(o *weighed) bool { return o.of[key] != nil && is(o.of[key]) })
}

// narrower returns the narrower entitlement that should do for all slices in place of the one
// given, empty where the code does not show that.
func (w *weighed) narrower(key string) string {
	var n narrowing
	for _, o := range w.together {
		n = n.join(o.narrow[key])
	}
	if n.needed {
		return ""
	}
	return n.to
}
