// Package approval says whether the signatures of exceptions approve them: SSH
// signatures, as `ssh-keygen -Y sign` makes them, over the canonical text of the
// exception ([policy.Exception.Canonical]), by people whom the policy's file of
// allowed signers names.
//
// A key has to be allowed on the day of approved-on, at its end in UTC. A signature
// does not say when it was made, and approved-on is the one date that it covers; git
// looks at commits in the same way. So what was signed stays signed when its key runs
// out, and whoever holds a key that has run out can still sign with an earlier
// approved-on. That ends max-lifetime after the key's last day, or at once when the
// line of the key is removed from the file.
package approval

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/sshsig"
	"github.com/codewarrant/codewarrant/policy"
)

// Namespace is the namespace of the signatures, the -n of ssh-keygen.
const Namespace = "codewarrant.exception"

// Status is what the signatures of an exception come to.
type Status struct {
	Needed     int         // how many people have to sign
	Signers    []string    // those who have: the principals of each, as the file of allowed signers has them
	Signatures []Signature // all, in the order of the exception
	Err        error       // why none of them can count, whoever made it; nil: they can
	Hint       string      // what to do about Err; may be empty
}

// Reached reports whether as many people have signed as have to.
func (s Status) Reached() bool { return s.Err == nil && s.Needed > 0 && len(s.Signers) >= s.Needed }

// Lack says in a sentence why an exception is not approved by its signatures, and
// nothing when it is.
func (s Status) Lack() string {
	if s.Reached() {
		return ""
	}
	if s.Err != nil {
		return s.Err.Error()
	}
	text := fmt.Sprintf("signatures: %d of %d that are needed", len(s.Signers), s.Needed)
	if len(s.Signers) > 0 {
		text += " (" + strings.Join(s.Signers, "; ") + ")"
	}
	for i, signature := range s.Signatures {
		if signature.Problem != "" {
			text += fmt.Sprintf("; signature %d %s", i+1, signature.Detail)
		}
	}
	return text
}

// Signature is one signature and what becomes of it.
type Signature struct {
	Principals  string  // of the lines that allow the key; empty: it does not count
	KeyType     string  // such as ssh-ed25519; empty when it could not be read
	Fingerprint string  // as ssh-keygen -l prints it
	Problem     Problem // why it does not count; empty: it does
	Detail      string  // of the problem: the end of a sentence that begins with the signature

	signer sshsig.Signer
}

// Is reports whether the lines that allow the key are for the principal.
func (s Signature) Is(principal string) bool { return s.signer.Is(principal) }

// Names returns the principals that the lines that allow the key name one by one, in
// their order, and whether the lines name nobody else.
func (s Signature) Names() (names []string, all bool) {
	p := peopleOf(s.signer.Entries)
	return p.names, !p.more
}

// Problem is why a signature does not count.
type Problem string

// The problems.
const (
	Malformed      Problem = "malformed"
	OtherNamespace Problem = "other-namespace"
	UnknownKey     Problem = "unknown-key"
	Untouched      Problem = "untouched"
	OtherText      Problem = "other-text"
	OtherPurpose   Problem = "other-purpose" // of the key
	NotYetValid    Problem = "not-yet-valid" // the key, on approved-on
	NoLongerValid  Problem = "no-longer-valid"
	SameKey        Problem = "same-key"
	SamePerson     Problem = "same-person"
)

// Problems returns the closed list of problems.
func Problems() []Problem {
	return []Problem{
		Malformed, OtherNamespace, UnknownKey, Untouched, OtherText, OtherPurpose, NotYetValid, NoLongerValid, SameKey, SamePerson,
	}
}

// Demand is what exceptions have to be signed by. The zero Demand is of a policy that
// accepts no signatures.
type Demand struct {
	Policy     *policy.Policy        // whose threshold counts, and whose policy-id
	Signers    sshsig.AllowedSigners // who may sign
	Repository string                // that the run is for, OWNER/NAME on GitHub; empty: it is not known
}

// Verify returns the status of each of some exceptions, in their order, and nil where no
// signatures are accepted. All are held against what the one policy says, those that it
// has from a policy that it extends as well; each is signed for the policy-id of the
// policy that it stands in, which has to be one that may stand there, see
// [policy.Policy.Foreign].
func (d Demand) Verify(exceptions []policy.Exception) []Status {
	if d.Policy == nil {
		return nil
	}
	list := make([]Status, len(exceptions))
	for i := range exceptions {
		list[i] = d.One(&exceptions[i])
	}
	return list
}

// Reached reports whether as many people have signed an exception as have to.
func (d Demand) Reached(e *policy.Exception) bool { return d.Policy != nil && d.One(e).Reached() }

// One returns the status of an exception, where signatures are accepted.
func (d Demand) One(e *policy.Exception) Status {
	s := Status{Needed: max(d.Policy.Approvals.Threshold, 1)}
	text, err := e.Canonical()
	problem, hint := d.Policy.Foreign(e, d.Repository)
	switch {
	case err != nil:
		s.Err = err
		return s
	case problem != "":
		s.Err, s.Hint = errors.New(problem), hint
		return s
	case e.ApprovedOn.IsZero() && len(e.Signatures) > 0:
		s.Err = errors.New("approved-on is missing, the day on which the keys of the signatures have to be valid")
		return s
	}
	for _, signature := range e.Signatures {
		who, err := sshsig.Verify([]byte(signature), text, Namespace, d.Signers, e.ApprovedOn.End())
		one := Signature{KeyType: who.KeyType, Fingerprint: who.Fingerprint, Principals: principals(who.Entries), signer: who}
		one.Problem, one.Detail = explain(err, e)
		s.Signatures = append(s.Signatures, one)
	}
	s.count()
	return s
}

// count notes who has signed: as many of the signatures as are certain to be of
// different people with different keys. Whose a key is all of its lines tell, those too
// that do not allow it for this: it does not change hands when a line runs out.
func (s *Status) count() {
	var valid []int
	for i := range s.Signatures {
		signature := &s.Signatures[i]
		if signature.Problem != "" {
			continue
		}
		j := slices.IndexFunc(valid, func(j int) bool { return s.Signatures[j].Fingerprint == signature.Fingerprint })
		if j >= 0 {
			signature.Problem, signature.Detail = SameKey, fmt.Sprintf("is by the key of signature %d", valid[j]+1)
			continue
		}
		valid = append(valid, i)
	}
	one := map[[2]int]bool{} // pairs that may be by one person
	who := make([]people, len(s.Signatures))
	for n, i := range valid {
		who[i] = peopleOf(s.Signatures[i].signer.Lines)
		for _, j := range valid[:n] {
			one[[2]int{j, i}] = mayBeOne(who[j], who[i])
		}
	}
	alike := func(i, j int) bool { return one[[2]int{min(i, j), max(i, j)}] }
	different := largest(valid, alike)
	for _, i := range valid {
		signature := &s.Signatures[i]
		if slices.Contains(different, i) {
			s.Signers = append(s.Signers, signature.Principals)
			continue
		}
		j := different[slices.IndexFunc(different, func(j int) bool { return alike(i, j) })]
		signature.Problem = SamePerson
		signature.Detail = fmt.Sprintf("may be by the person who made signature %d: %s", j+1, principals(signature.signer.Lines))
	}
}

// explain says why a signature does not count, and nothing without an error.
func explain(err error, e *policy.Exception) (Problem, string) {
	for _, r := range []struct {
		is      error
		problem Problem
		text    string
	}{
		{sshsig.ErrMalformed, Malformed, "cannot be read"},
		{sshsig.ErrNamespace, OtherNamespace, "was made for another namespace"},
		{sshsig.ErrUnknownKey, UnknownKey, "is by a key that may not sign"},
		{sshsig.ErrUntouched, Untouched, "is by a security key that nobody touched"},
		{sshsig.ErrKeyNamespace, OtherPurpose, "is by a key that may not sign exceptions"},
		{sshsig.ErrNotYetValid, NotYetValid, fmt.Sprintf("is by a key that was not valid yet on %s, approved-on", e.ApprovedOn)},
		{sshsig.ErrExpired, NoLongerValid, fmt.Sprintf("is by a key that was no longer valid on %s, approved-on", e.ApprovedOn)},
	} {
		if errors.Is(err, r.is) {
			if _, detail, ok := strings.Cut(err.Error(), r.is.Error()+": "); ok {
				r.text += ": " + detail
			}
			return r.problem, r.text
		}
	}
	if err != nil { // ErrSignature
		return OtherText, "is of another text: the exception was changed since, or signed for another policy-id than " + e.PolicyID
	}
	return "", ""
}
