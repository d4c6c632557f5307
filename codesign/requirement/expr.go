package requirement

import "fmt"

// An opcode is a number and flags in its high byte. The flags count only where
// the number is unknown: they say that a size follows, and what to do.
const (
	flagMask     = 0xff000000
	genericFalse = 0x80000000 // skip that many bytes; the result is false
	genericSkip  = 0x40000000 // skip that many bytes; the next expression counts
)

// The operations (enum ExprOp), each with its operands.
const (
	opFalse = iota
	opTrue
	opIdent              // string
	opAppleAnchor        //
	opAnchorHash         // certificate, SHA-1
	opInfoKeyValue       // key, string; legacy
	opAnd                // expression, expression
	opOr                 // expression, expression
	opCDHash             // hash
	opNot                // expression
	opInfoKeyField       // key, match
	opCertField          // certificate, field name, match
	opTrustedCert        // certificate
	opTrustedCerts       //
	opCertGeneric        // certificate, OID, match
	opAppleGenericAnchor //
	opEntitlementField   // key, match
	opCertPolicy         // certificate, OID, match
	opNamedAnchor        // string
	opNamedCode          // string
	opPlatform           // integer
	opNotarized          //
	opCertFieldDate      // certificate, OID, match
	opLegacyDevID        //
)

// The match suffixes (enum MatchOperation). Those from matchOn to
// matchOnOrAfter compare dates, seconds since 2001 in 64 bits; the others, but
// for matchExists and matchAbsent, have a string.
const (
	matchExists = iota
	matchEqual
	matchContains
	matchBeginsWith
	matchEndsWith
	matchLessThan
	matchGreaterThan
	matchLessEqual
	matchGreaterEqual
	matchOn
	matchBefore
	matchAfter
	matchOnOrBefore
	matchOnOrAfter
	matchAbsent
)

// expr is one operation.
type expr struct {
	op          uint32 // without flags
	flags       uint32 // of an unknown operation only
	left, right *expr
	number      int32  // a certificate's place in the chain, or a platform
	key         string // an identifier, hash, key, field name or the content of a DER OID
	match       match
}

type match struct {
	op    uint32
	value string
	date  int64 // seconds since 2001
}

// reader reads one requirement. The first error stays, and from then on it
// reads zeros.
type reader struct {
	b   []byte
	pos int
	err error
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("offset %d: "+format, append([]any{r.pos}, args...)...)
	}
	r.pos = len(r.b)
}

func (r *reader) uint32() uint32 {
	if len(r.b)-r.pos < 4 {
		r.fail("cut short")
		return 0
	}
	r.pos += 4
	return be32(r.b[r.pos-4:])
}

// take takes n bytes.
func (r *reader) take(n uint32) string {
	if uint64(n) > uint64(len(r.b)-r.pos) {
		r.fail("a length of %d where %d bytes are left", n, len(r.b)-r.pos)
		return ""
	}
	r.pos += int(n)
	return string(r.b[r.pos-int(n) : r.pos])
}

// data takes a string with its length before it and its padding to four bytes
// behind it.
func (r *reader) data() string {
	s := r.take(r.uint32())
	for range -len(s) & 3 {
		if r.take(1) > "\x00" {
			r.fail("padding that is not zero")
		}
	}
	return s
}

// expr reads an expression, operators before their operands.
func (r *reader) expr(depth int) *expr {
	if depth > MaxDepth {
		r.fail("operations nest deeper than %d", MaxDepth)
	}
	word := r.uint32()
	e := &expr{op: word &^ flagMask}
	if r.err != nil {
		return e
	}
	switch e.op {
	case opFalse, opTrue, opAppleAnchor, opAppleGenericAnchor, opTrustedCerts, opNotarized, opLegacyDevID:
	case opIdent, opCDHash, opNamedAnchor, opNamedCode:
		e.key = r.data()
	case opAnchorHash:
		e.number, e.key = int32(r.uint32()), r.data()
		if len(e.key) != 20 {
			r.fail("a certificate's hash of %d bytes instead of 20", len(e.key))
		}
	case opInfoKeyValue:
		e.key, e.match = r.data(), match{op: matchEqual, value: r.data()}
	case opAnd, opOr:
		e.left, e.right = r.expr(depth+1), r.expr(depth+1)
	case opNot:
		e.left = r.expr(depth + 1)
	case opInfoKeyField, opEntitlementField:
		e.key, e.match = r.data(), r.match()
	case opCertField, opCertGeneric, opCertPolicy, opCertFieldDate:
		e.number, e.key, e.match = int32(r.uint32()), r.data(), r.match()
	case opTrustedCert, opPlatform:
		e.number = int32(r.uint32())
	default:
		r.unknown(e, word, depth)
	}
	return e
}

// unknown reads what follows an unknown opcode, if its flags tell how. Where
// both are set genericFalse goes first, as in Apple's interpreter.
func (r *reader) unknown(e *expr, word uint32, depth int) {
	switch {
	case word&genericFalse != 0:
		e.flags = genericFalse
		r.take(r.uint32())
	case word&genericSkip != 0:
		e.flags = genericSkip
		r.take(r.uint32())
		e.left = r.expr(depth + 1)
	default:
		r.fail("the operation %d, which is unknown", word)
	}
}

// match reads a match suffix. One that is unknown is taken to have a string, as
// Apple's interpreter does.
func (r *reader) match() match {
	m := match{op: r.uint32()}
	switch m.op {
	case matchExists, matchAbsent:
	case matchOn, matchBefore, matchAfter, matchOnOrBefore, matchOnOrAfter:
		m.date = int64(r.uint32())<<32 | int64(r.uint32())
	default:
		m.value = r.data()
	}
	return m
}
