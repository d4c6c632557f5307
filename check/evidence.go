package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/policy"
)

// assess returns what the code says of a claim, nil for nothing.
func (s subject) assess(key string) *evidence.Assessment {
	if s.weighed == nil {
		return nil
	}
	return s.weighed.of[key]
}

// strengthOf returns how strong the evidence for a claim is, empty for none that was told.
func strengthOf(c Claim) evidence.Strength {
	if c.Evidence == nil {
		return ""
	}
	return c.Evidence.Strength
}

// joinEvidence puts together what the slices of one binary say of a claim.
func joinEvidence(a, b *evidence.Assessment) *evidence.Assessment {
	if a == nil || b == nil {
		return a
	}
	joined := a.Join(*b)
	return &joined
}

// supportLevel is how much it weighs that nothing in the code supports an exception that
// need not be supported. Of what is not about memory the code tells less: plug-ins come
// from elsewhere, and variables are set by others.
func supportLevel(key string) policy.Level {
	if slices.Contains(memory, key) {
		return policy.Warning
	}
	return policy.Note
}

// supported reports whether an exception may approve a claim as far as evidence goes, and
// tells where there is none.
func (e *evaluation) supported(sub subject, key string, ex *policy.Exception, d policy.Decision, f Finding) bool {
	if d.Evidence == policy.EvidenceOff {
		return true
	}
	required := d.Evidence == policy.EvidenceRequired
	a := sub.assess(key)
	switch {
	case sub.arch == "": // a source has no code yet
		return true
	case a == nil && !required, sub.weighed.any(key, func(a *evidence.Assessment) bool {
		return required && a.Supports() || !required && a.Strength != evidence.None
	}):
		return true
	case !required && sub.weighed.narrower(key) != "":
		return true // of which is told
	}
	f.Exception, f.Position = ex, ex.Position
	switch {
	case !slices.Contains(evidence.Keys(), key):
		f.Message = fmt.Sprintf("%s rests on no evidence, which %s requires: no code shows that it needs %s", ex.ID, decisionText(d), key)
		f.Hint = "ask for evidence in rules for the entitlements of which code can show it alone: " + strings.Join(evidence.Keys(), ", ")
	case a == nil:
		f.Message = fmt.Sprintf("%s rests on no evidence, which %s requires, and the code was not looked into", ex.ID, decisionText(d))
		f.Hint = "have the code looked into: without --verify=slots, and for a 64-bit slice for macOS"
	default:
		f.Message = fmt.Sprintf("nothing in the code supports %s", ex.ID)
		if a.Strength != evidence.None {
			f.Message = fmt.Sprintf("what the code says does not go far enough to support %s, as %s requires", ex.ID, decisionText(d))
		}
		if a.Text != "" {
			f.Message += ": " + a.Text
		}
		f.Hint = "sign without it and try whether the program still works; nothing found is no proof that nothing is there"
		if len(a.Gaps) > 0 {
			f.Hint += ", and not all could be followed"
		}
	}
	f.Level = supportLevel(key)
	if required {
		f.Level = d.Level
	}
	e.add(f)
	return !required
}

// contradicted tells of an exception whose category is not that of the generators of code
// that were found.
func (e *evaluation) contradicted(sub subject, key string, ex *policy.Exception, f Finding) {
	if sub.weighed == nil || !slices.Contains(memory[:2], key) || !slices.Contains(evidence.Categories(), string(ex.Category)) {
		return
	}
	var found []string
	for _, w := range sub.weighed.together {
		if len(w.engines[string(ex.Category)]) > 0 {
			return
		}
	}
	for _, category := range evidence.Categories() {
		for _, engine := range sub.weighed.engines[category] {
			if engine.Generates {
				found = append(found, engine.String()+" ("+category+")")
			}
		}
	}
	if len(found) == 0 {
		return
	}
	f.Exception, f.Position = ex, ex.At("category")
	f.Message = fmt.Sprintf("%s says %s, and the code has %s", ex.ID, ex.Category, enumerate(found))
	f.Hint = "write the category that is true, and have the exception approved anew"
	e.add(f)
}

func grants(set entitlement.Set, key string) bool {
	v, ok := set[key]
	return ok && v.Grants()
}

// runtimeAdvice tells what the code says of the claims as a whole.
func (e *evaluation) runtimeAdvice(sub subject, s Slice) {
	if !s.IsProgram() || s.Signature.Directory().Flags&codesign.FlagRuntime == 0 {
		return
	}
	set := s.Signature.Claims.Set
	const environment, validation = "com.apple.security.cs.allow-dyld-environment-variables", "com.apple.security.cs.disable-library-validation"
	if v := set[environment]; grants(set, environment) && grants(set, validation) {
		f := sub.about(RuleCodeInjection, environment, v, "claims "+environment+" and "+validation+", with which whoever starts the program runs code of their own in it")
		f.Hint = "sign without one of them: DYLD_INSERT_LIBRARIES loads any library into a program that has both"
		e.add(f)
	}
	if sub.weighed == nil {
		return
	}
	for _, key := range memory {
		if grants(set, key) && sub.assess(key) != nil {
			e.broader(sub, key, set)
		}
	}
	if a := sub.weighed.jit; a != nil && !slices.ContainsFunc(memory, func(key string) bool { return grants(set, key) }) && e.decide(sub, memory[0]).Evidence != policy.EvidenceOff {
		e.unclaimed(sub, *a)
	}
}

// broader tells of an entitlement for which a narrower one should do, in each copy and in each
// slice that claims it: codesign signs all slices with one file.
func (e *evaluation) broader(sub subject, key string, set entitlement.Set) {
	narrower := sub.weighed.narrower(key)
	if narrower == "" {
		return
	}
	f := sub.about(RuleBroaderThanNeeded, key, set[key], fmt.Sprintf("claims %s, where the code seems to need no more than %s", key, narrower))
	f.Hint = fmt.Sprintf("sign with %s in its place and try it; Apple advises DRM that uses unsigned executable memory to move to MAP_JIT, too", narrower)
	if grants(set, narrower) {
		f.Hint = fmt.Sprintf("sign with %s alone and try it; Apple advises DRM that uses unsigned executable memory to move to MAP_JIT, too", narrower)
	}
	if sub.weighed.any(key, func(a *evidence.Assessment) bool { return len(a.Gaps) > 0 }) {
		f.Level = policy.Note
		f.Message += ", as far as it could be followed"
	}
	e.add(f)
}

// unclaimed tells of a program that maps memory with MAP_JIT and may not.
func (e *evaluation) unclaimed(sub subject, a evidence.Assessment) {
	f := sub.finding(RuleUnclaimedJIT, fmt.Sprintf("%s %s, and the program does not claim %s", a.Items[0].Path, a.Items[0].Text, memory[0]))
	f.Entitlement, f.Risk = memory[0], riskOf(memory[0])
	f.Hint = "where the program does not check for it, it crashes there, or goes on with a slow interpreter: claim it and justify it, or build without the JIT"
	e.add(f)
}
