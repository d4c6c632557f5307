package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// slices tells what two slices differ in.
func (d *differ) slices(p pair, was, is Slice) {
	d.claims(p, was, is)
	if is.Type != was.Type {
		d.text(p, is.Arch, policy.Looser, "type", "the file is of type "+is.Type+", was "+was.Type, was.Type, is.Type)
	}
	if p.to.Kind == Source {
		return
	}
	d.signing(p, was, is)
	if p.to.Kind == Binary {
		d.flags(p, was, is)
	}
	d.identity(p, was, is)
	d.requirement(p, was, is)
	if d.signers {
		d.signer(p, was, is)
	}
	d.problems(p, was, is)
}

// text notes that a text is another one.
func (d *differ) text(p pair, arch string, direction policy.Direction, subject, message, was, is string) {
	c := Change{Direction: direction, Subject: subject, Message: message}
	if was != "" {
		c.From = ptr(entitlement.Str(was))
	}
	if is != "" {
		c.To = ptr(entitlement.Str(is))
	}
	d.add(p, arch, c)
}

func ptr(v entitlement.Value) *entitlement.Value { return &v }

// proof says how much a way of signing can prove.
var proof = map[string]int{"cms": 2, "adhoc": 1, "linker-signed": 1, "none": 1, "unsigned": 0}

var signingWords = map[string]string{
	"cms": "signed with a certificate", "adhoc": "signed ad hoc", "linker-signed": "signed ad hoc by the linker",
	"none": "signed without a certificate", "unsigned": "not signed",
}

// signing tells of another way of signing.
func (d *differ) signing(p pair, was, is Slice) {
	if is.Signing == was.Signing {
		return
	}
	direction := policy.Neutral
	switch n := proof[is.Signing] - proof[was.Signing]; {
	case n < 0:
		direction = policy.Looser
	case n > 0:
		direction = policy.Stricter
	}
	d.text(p, is.Arch, direction, "signing", signingWords[is.Signing]+", was "+signingWords[was.Signing], was.Signing, is.Signing)
}

// guards are the flags with which the kernel keeps more from a process, and marks those that
// say how code was signed, which is told elsewhere (CS_RESTRICT and so on in
// osfmk/kern/cs_blobs.h of xnu).
var (
	guards = []string{"hard", "kill", "expires", "restrict", "enforcement", "library-validation"}
	marks  = codesign.FlagAdhoc | codesign.FlagLinkerSigned | codesign.FlagRuntime
)

// flags tells of flags, first of the hardened runtime.
func (d *differ) flags(p pair, was, is Slice) {
	switch on, wasOn := is.Flags&codesign.FlagRuntime != 0, was.Flags&codesign.FlagRuntime != 0; {
	case on && !wasOn:
		d.flag(p, is.Arch, policy.Stricter, "hardened-runtime", "the hardened runtime is on, was off", true)
	case !on && wasOn:
		d.flag(p, is.Arch, policy.Looser, "hardened-runtime", "the hardened runtime is off, was on", false)
	case on && is.Runtime != was.Runtime:
		direction := policy.Stricter
		if olderVersion(is.Runtime, was.Runtime) {
			direction = policy.Looser
		}
		d.text(p, is.Arch, direction, "runtime-version", fmt.Sprintf("the hardened runtime is that of %s, was %s", word(is.Runtime), word(was.Runtime)), was.Runtime, is.Runtime)
	}
	for bit := codesign.Flags(1); bit != 0; bit <<= 1 {
		if set := is.Flags&bit != 0; bit&marks == 0 && set != (was.Flags&bit != 0) {
			name := strings.Join(append(bit.Names(), fmt.Sprintf("%#x", uint32(bit)))[:1], "")
			message := map[bool]string{true: "the flag %s is set, was not", false: "the flag %s is not set, was set"}[set]
			d.flag(p, is.Arch, flagDirection(name, set), "flag", fmt.Sprintf(message, name), set)
		}
	}
}

// flagDirection says what setting a flag, or not, does. What one does that is not known may
// be anything.
func flagDirection(name string, set bool) policy.Direction {
	switch guard := slices.Contains(guards, name); {
	case guard && set, name == "get-task-allow" && !set:
		return policy.Stricter
	}
	return policy.Looser
}

func (d *differ) flag(p pair, arch string, direction policy.Direction, subject, message string, on bool) {
	d.add(p, arch, Change{Direction: direction, Subject: subject, Message: message, From: ptr(entitlement.Bool(!on)), To: ptr(entitlement.Bool(on))})
}

// olderVersion reports whether a version comes before another one; one that is no version does.
func olderVersion(a, b string) bool {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if n := cmp.Compare(part(as, i), part(bs, i)); n != 0 {
			return n < 0
		}
	}
	return false
}

func part(list []string, i int) int {
	if i >= len(list) {
		return 0
	}
	n, err := strconv.Atoi(list[i])
	if err != nil {
		return -1
	}
	return n
}

// identity tells of another identifier or team. What code says that nobody signed it may say
// at will: it grants nothing.
func (d *differ) identity(p pair, was, is Slice) {
	if is.Signing == "unsigned" || was.Signing == "unsigned" {
		return // which is told, and has neither
	}
	direction := policy.Looser
	if proof[was.Signing] < 2 && proof[is.Signing] < 2 {
		direction = policy.Neutral
	}
	if is.Team != was.Team {
		d.text(p, is.Arch, direction, "team", fmt.Sprintf("the team is %s, was %s", word(is.Team), word(was.Team)), was.Team, is.Team)
	}
	if is.Identifier != was.Identifier {
		d.text(p, is.Arch, direction, "identifier", fmt.Sprintf("the identifier is %s, was %s", word(is.Identifier), word(was.Identifier)), was.Identifier, is.Identifier)
	}
}

func word(s string) string { return cmp.Or(s, "none") }

// requirement tells of another designated requirement, by which others know the code.
func (d *differ) requirement(p pair, was, is Slice) {
	if p.to.Kind != Binary {
		return
	}
	if was.Requirement == nil || is.Requirement == nil {
		if was.Signing != "unsigned" && is.Signing != "unsigned" {
			d.requirements++
		}
		return
	}
	if *is.Requirement == *was.Requirement {
		return
	}
	direction := policy.Looser
	if proof[was.Signing] < 2 && proof[is.Signing] < 2 {
		direction = policy.Neutral
	}
	d.text(p, is.Arch, direction, "requirement", fmt.Sprintf("the designated requirement is %s, was %s", word(*is.Requirement), word(*was.Requirement)), *was.Requirement, *is.Requirement)
}

// signer tells what is proven of who signed.
func (d *differ) signer(p pair, was, is Slice) {
	switch {
	case is.Authenticated && !was.Authenticated:
		d.flag(p, is.Arch, policy.Stricter, "authentication", "it is proven who signed it, was not", true)
		return
	case !is.Authenticated && was.Authenticated:
		d.flag(p, is.Arch, policy.Looser, "authentication", "it is not proven who signed it, was proven", false)
		return
	case !is.Authenticated:
		return
	}
	switch {
	case is.SignerKind != was.SignerKind:
		direction := policy.Looser
		if was.SignerKind == string(codesign.AppleDevelopment) {
			direction = policy.Stricter
		}
		d.text(p, is.Arch, direction, "signer", fmt.Sprintf("signed with a certificate of the kind %s, was %s", word(is.SignerKind), word(was.SignerKind)), was.SignerKind, is.SignerKind)
	case is.Signer != was.Signer:
		d.text(p, is.Arch, policy.Neutral, "signer", fmt.Sprintf("signed by %s, was by %s", is.Signer, was.Signer), was.Signer, is.Signer)
	}
	if is.Timestamp != was.Timestamp {
		message := "there is a secure timestamp, was none"
		if was.Timestamp {
			message = "there is no secure timestamp, was one"
		}
		d.flag(p, is.Arch, policy.Neutral, "timestamp", message, is.Timestamp)
	}
}

// problems tells of kinds of problems of the signature that came or went.
func (d *differ) problems(p pair, was, is Slice) {
	for _, came := range without(is.Problems, was.Problems) {
		d.text(p, is.Arch, grave(came, policy.Looser), "problem", fmt.Sprintf("the signature has a problem that it had not, %s: %s", came.Kind, came.Detail), "", came.Kind)
	}
	for _, went := range without(was.Problems, is.Problems) {
		d.text(p, is.Arch, grave(went, policy.Stricter), "problem", "the signature has no problem of the kind "+went.Kind+" any more", went.Kind, "")
	}
}

// grave returns the direction for a problem that readers refuse, and neutral for another one.
func grave(p Problem, d policy.Direction) policy.Direction {
	if p.Kind == string(codesign.Unusual) {
		return policy.Neutral
	}
	return d
}

// without returns the first problem of each kind that is not in a second list.
func without(list, other []Problem) []Problem {
	had := map[string]bool{}
	for _, p := range other {
		had[p.Kind] = true
	}
	var out []Problem
	for _, p := range list {
		if !had[p.Kind] {
			out = append(out, p)
		}
		had[p.Kind] = true
	}
	return out
}

// came tells of a subject that only the new build has, and of all that it claims.
func (d *differ) came(p pair) {
	or := ""
	if !d.fromWhole {
		or = ", or was in what could not be read of the old one"
	}
	d.alone(p, p.to, &d.result.ToUnread, p.toPaths[0], policy.Looser, "is new", or, func(arch string, c Claim) { d.claim(p, arch, nil, &c) })
}

// went tells of one that only the old build has.
func (d *differ) went(p pair) {
	d.alone(p, p.from, &d.result.FromUnread, p.fromPaths[0], policy.Stricter, "is gone", "", func(arch string, c Claim) { d.claim(p, arch, &c, nil) })
}

func (d *differ) alone(p pair, s *Subject, unread *[]Unread, path string, direction policy.Direction, what, or string, claim func(string, Claim)) {
	facts, archs := "", []string(nil)
	free := s.Kind == Package // it may do what the rest of the build may not
	for _, slice := range s.Slices {
		noteUnread(unread, path, slice)
		if slice.Unreadable != "" {
			free = true
			continue
		}
		if s.Kind == Binary {
			archs = append(archs, slice.Arch)
			facts = cmp.Or(facts, describe(slice))
			free = free || slice.Type == "execute" || slice.Signing == "unsigned"
		}
	}
	if !free {
		direction = policy.Neutral
	}
	message := what
	if facts != "" {
		message += " (" + facts + ")"
	}
	d.add(p, "", Change{Direction: direction, Subject: string(s.Kind), Archs: archs, Message: message + or + ": " + p.why})
	for _, slice := range s.Slices {
		for _, c := range slice.Claims {
			claim(slice.Arch, c)
		}
	}
}

// describe says what a slice is in a few words.
func describe(s Slice) string {
	parts := []string{s.Type, signingWords[s.Signing]}
	if s.Identifier != "" {
		parts = append(parts, "identifier "+s.Identifier)
	}
	if s.Team != "" {
		parts = append(parts, "team "+s.Team)
	}
	switch {
	case s.Flags&codesign.FlagRuntime != 0:
		parts = append(parts, "hardened runtime")
	case s.Type == "execute":
		parts = append(parts, "no hardened runtime")
	}
	return strings.Join(parts, ", ")
}
