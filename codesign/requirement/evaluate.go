package requirement

import (
	"crypto/sha1"
	"crypto/x509"
)

// Result is what evaluating a requirement gives. The zero Result is
// NotEvaluated.
type Result int8

const (
	// NotSatisfied: the requirement is false, whatever was not evaluated.
	NotSatisfied Result = -1

	// NotEvaluated: the result depends on facts that are not known, or on
	// conditions that only a Mac can tell, such as trust settings.
	NotEvaluated Result = 0

	// Satisfied: the requirement is true, whatever was not evaluated.
	Satisfied Result = 1
)

// String returns "satisfied", "not satisfied" or "not evaluated".
func (r Result) String() string {
	return [...]string{"not satisfied", "not evaluated", "satisfied"}[min(max(r, -1), 1)+1]
}

// Facts is what is known of the code that a requirement is evaluated for.
type Facts struct {
	// Identifier is the identifier of the CodeDirectory.
	Identifier string

	// CDHash is that of the CodeDirectory that the system obeys, of 20 bytes; nil if
	// it is not known.
	CDHash []byte

	// Certificates is the whole chain, from the leaf to the anchor. It is nil if it
	// is not known, and empty but not nil if there is none, as in ad hoc code.
	Certificates []*x509.Certificate

	// AnchorApple tells that the last of Certificates is a root of Apple's.
	AnchorApple bool
}

// The places of a chain that have names. Others count from the leaf, or if
// negative back from the anchor (Requirement::Context::cert).
const (
	leafCert   = 0
	anchorCert = -1
)

// Evaluate evaluates the identifier, the cdhash, the anchor, the certificates'
// hashes, fields and extensions, and what combines them. Everything else is
// NotEvaluated by itself: Info.plist, entitlements, policies, dates, trust
// settings, notarization, platforms, named requirements, comparisons by size.
func (r Requirement) Evaluate(f Facts) Result {
	if r.root == nil {
		return NotEvaluated
	}
	return r.root.evaluate(f)
}

func (e *expr) evaluate(f Facts) Result {
	switch e.op {
	case opFalse:
		return NotSatisfied
	case opTrue:
		return Satisfied
	case opAnd:
		return min(e.left.evaluate(f), e.right.evaluate(f))
	case opOr:
		return max(e.left.evaluate(f), e.right.evaluate(f))
	case opNot:
		return -e.left.evaluate(f)
	case opIdent:
		return result(e.key == f.Identifier)
	case opCDHash:
		if f.CDHash == nil {
			return NotEvaluated
		}
		return result(string(f.CDHash) == e.key)
	case opAppleAnchor, opAppleGenericAnchor, opAnchorHash, opCertField, opCertGeneric:
		return e.evaluateChain(f)
	}
	switch e.flags {
	case genericFalse:
		return NotSatisfied
	case genericSkip:
		return e.left.evaluate(f)
	default:
		return NotEvaluated
	}
}

func result(b bool) Result {
	if b {
		return Satisfied
	}
	return NotSatisfied
}

// evaluateChain evaluates what asks for certificates. One that is not in the
// chain meets no condition.
func (e *expr) evaluateChain(f Facts) Result {
	if f.Certificates == nil {
		return NotEvaluated
	}
	if e.op == opAppleAnchor || e.op == opAppleGenericAnchor {
		anchored := result(f.AnchorApple && len(f.Certificates) > 0)
		if e.op == opAppleAnchor {
			return min(anchored, f.appleIntermediate())
		}
		return anchored
	}
	c := f.certificate(e.number)
	switch {
	case c == nil:
		return NotSatisfied
	case e.op == opAnchorHash:
		hash := sha1.Sum(c.Raw) // a name for it; nothing rests on its strength
		return result(e.key == string(hash[:]))
	case e.op == opCertField:
		return e.match.field(c, e.key)
	default:
		return e.match.extension(c, e.key)
	}
}

// certificate returns the certificate at a place in the chain, or nil.
func (f Facts) certificate(place int32) *x509.Certificate {
	i := int64(place)
	if i < 0 {
		i += int64(len(f.Certificates))
	}
	if i < 0 || i >= int64(len(f.Certificates)) {
		return nil
	}
	return f.Certificates[i]
}

// appleIntermediate tells Apple's own code from what Apple certifies for others
// (Requirement::Interpreter::appleSigned). Code in a Mac's trust cache counts as
// Apple's too, which cannot be seen from here and holds for nobody else's code.
func (f Facts) appleIntermediate() Result {
	c := f.certificate(-2)
	if c == nil {
		return NotSatisfied
	}
	return min(
		match{op: matchEqual, value: "Apple Code Signing Certification Authority"}.field(c, "subject.CN"),
		match{op: matchEqual, value: "Apple Inc."}.field(c, "subject.O"),
	)
}
