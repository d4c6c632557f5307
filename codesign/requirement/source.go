package requirement

import (
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Compile reads one requirement from its source, as the seal of a bundle has it for
// nested code. The grammar is requirements.grammar of libsecurity_codesigning.
//
// It is wider where Apple's Dumper prints what that grammar does not take: absent,
// legacy and timestamp., a backslash before a backslash, identifiers and keys in
// hexadecimal, keys with a dot at either end or two in a row. It is narrower where
// there is no meaning here: dates are printed in no form that can be read again, and
// the path of a certificate is no hash.
func Compile(source string) (Requirement, error) {
	if len(source) > MaxSize {
		return Requirement{}, fmt.Errorf("a requirement of %d bytes; the limit is %d", len(source), MaxSize)
	}
	tokens, err := lex(source)
	if err != nil {
		return Requirement{}, err
	}
	p := parser{tokens: tokens}
	root := p.or(1)
	for p.accept(";") { // "fluff" in the grammar
	}
	if t := p.peek(); t != (token{}) {
		p.fail("%s where the requirement could end", t)
	}
	if p.err == nil && root.depth() > MaxDepth {
		p.err = errTooDeep
	}
	if p.err != nil {
		return Requirement{}, p.err
	}
	return Requirement{Text: root.text(), root: root}, nil
}

var errTooDeep = fmt.Errorf("operations nest deeper than %d", MaxDepth)

// depth returns how deep operations nest. A chain nests as deep as it is long, which
// the source bounds.
func (e *expr) depth() int {
	if e == nil {
		return 0
	}
	return 1 + max(e.left.depth(), e.right.depth())
}

// parser reads tokens. The first error stays, and from then on there are no more.
type parser struct {
	tokens []token
	err    error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
	p.tokens = nil
}

// peek returns the next token, the zero token at the end.
func (p *parser) peek() token {
	if len(p.tokens) == 0 {
		return token{}
	}
	return p.tokens[0]
}

func (p *parser) next() token {
	t := p.peek()
	if t == (token{}) {
		p.fail("the requirement ends too early")
		return t
	}
	p.tokens = p.tokens[1:]
	return t
}

// accept takes the next token if it is one of these words or operators.
func (p *parser) accept(words ...string) bool {
	t := p.peek()
	if t.kind != word && t.kind != operator || !slices.Contains(words, t.text) {
		return false
	}
	p.tokens = p.tokens[1:]
	return true
}

func (p *parser) expect(text string) {
	if !p.accept(text) {
		p.fail("%s where %q belongs", p.peek(), text)
	}
}

// or and and read chains of operands, which group to the left.
func (p *parser) or(depth int) *expr {
	e := p.and(depth)
	for p.accept("or") {
		e = &expr{op: opOr, left: e, right: p.and(depth)}
	}
	return e
}

func (p *parser) and(depth int) *expr {
	e := p.primary(depth)
	for p.accept("and") {
		e = &expr{op: opAnd, left: e, right: p.primary(depth)}
	}
	return e
}

// constants are the operations that are one word.
var constants = map[string]uint32{
	"always": opTrue, "true": opTrue, "never": opFalse, "false": opFalse, "notarized": opNotarized, "legacy": opLegacyDevID,
}

func (p *parser) primary(depth int) *expr {
	if depth > MaxDepth {
		p.fail("%w", errTooDeep)
	}
	switch t := p.next(); {
	case t.is("("):
		if name, ok := p.named(); ok {
			return &expr{op: opNamedCode, key: name}
		}
		e := p.or(depth + 1)
		p.expect(")")
		return e
	case t.is("!"):
		return &expr{op: opNot, left: p.primary(depth + 1)}
	case t.is("anchor"):
		return p.anchor()
	case t.is("certificate"), t.is("cert"):
		if p.accept("trusted") {
			return &expr{op: opTrustedCerts}
		}
		return p.certificate(p.slot())
	case t.is("info"):
		return &expr{op: opInfoKeyField, key: p.key(), match: p.match()}
	case t.is("entitlement"):
		return &expr{op: opEntitlementField, key: p.key(), match: p.match()}
	case t.is("identifier"):
		p.accept("=", "==")
		return &expr{op: opIdent, key: p.value()}
	case t.is("cdhash"):
		p.accept("=", "==")
		return &expr{op: opCDHash, key: p.hash()}
	case t.is("platform"):
		p.accept("=", "==")
		return &expr{op: opPlatform, number: p.integer()}
	default:
		op, ok := constants[t.text]
		if t.kind != word || !ok {
			p.fail("%s where a condition belongs", t)
		}
		return &expr{op: op}
	}
}

// named takes a string and the closing parenthesis behind it.
func (p *parser) named() (string, bool) {
	if len(p.tokens) < 2 || !p.tokens[0].isValue() || !p.tokens[1].is(")") {
		return "", false
	}
	name := p.value()
	p.expect(")")
	return name, true
}

func (p *parser) anchor() *expr {
	switch {
	case p.accept("trusted"):
		return &expr{op: opTrustedCerts}
	case p.accept("generic"):
		p.expect("apple")
		return &expr{op: opAppleGenericAnchor}
	case !p.accept("apple"):
		return p.certificate(anchorCert)
	case p.accept("generic"):
		return &expr{op: opAppleGenericAnchor}
	case p.peek().isValue():
		return &expr{op: opNamedAnchor, key: p.value()}
	}
	return &expr{op: opAppleAnchor}
}

// slot reads a place in the chain.
func (p *parser) slot() int32 {
	switch {
	case p.accept("leaf"):
		return leafCert
	case p.accept("root"):
		return anchorCert
	}
	return p.integer()
}

// certificate reads what is asked of a certificate.
func (p *parser) certificate(slot int32) *expr {
	switch {
	case p.accept("trusted"):
		return &expr{op: opTrustedCert, number: slot}
	case p.accept("=", "=="), p.peek().kind == hash:
		return &expr{op: opAnchorHash, number: slot, key: p.hash()}
	}
	key := p.key()
	e := &expr{number: slot}
	switch kind, dotted, _ := strings.Cut(key, "."); kind {
	case "subject":
		e.op, e.key = opCertField, key
	case "field", "extension":
		e.op, e.key = opCertGeneric, p.oid(dotted)
	case "policy":
		e.op, e.key = opCertPolicy, p.oid(dotted)
	case "timestamp":
		e.op, e.key = opCertFieldDate, p.oid(dotted)
	default:
		p.fail("%.40q is no field of a certificate that can be asked for", key)
	}
	e.match = p.match()
	return e
}

// oid returns the content of the DER of an object identifier.
func (p *parser) oid(dotted string) string {
	var oid asn1.ObjectIdentifier
	for arc := range strings.SplitSeq(dotted, ".") {
		n, err := strconv.Atoi(arc)
		if err != nil || n < 0 {
			p.fail("%.40q is no object identifier", dotted)
			return ""
		}
		oid = append(oid, n)
	}
	der, err := asn1.Marshal(oid)
	var raw asn1.RawValue
	if err == nil {
		_, err = asn1.Unmarshal(der, &raw)
	}
	if err != nil {
		p.fail("%.40q is no object identifier", dotted)
	}
	return string(raw.Bytes)
}

func (p *parser) key() string {
	p.expect("[")
	key := p.value()
	p.expect("]")
	return key
}

// match reads a match suffix; without one it is asked whether there is anything.
func (p *parser) match() match {
	switch {
	case p.accept("absent"):
		return match{op: matchAbsent}
	case p.accept("~"):
		return match{op: matchContains, value: p.value()}
	case p.accept("<"):
		return match{op: matchLessThan, value: p.value()}
	case p.accept(">"):
		return match{op: matchGreaterThan, value: p.value()}
	case p.accept("<="):
		return match{op: matchLessEqual, value: p.value()}
	case p.accept(">="):
		return match{op: matchGreaterEqual, value: p.value()}
	case !p.accept("=", "=="):
		p.accept("exists")
		return match{op: matchExists}
	}
	before := p.accept("*")
	m := match{op: matchEqual, value: p.value()}
	switch after := p.accept("*"); {
	case before && after:
		m.op = matchContains
	case before:
		m.op = matchEndsWith
	case after:
		m.op = matchBeginsWith
	}
	return m
}

// value reads a string in any of its forms.
func (p *parser) value() string {
	t := p.next()
	if !t.isValue() {
		p.fail("%s where a string belongs", t)
	}
	return t.text
}

func (p *parser) hash() string {
	t := p.next()
	if t.kind != hash || len(t.text) != 20 {
		p.fail("%s where a hash of 20 bytes belongs", t)
	}
	return t.text
}

func (p *parser) integer() int32 {
	sign := ""
	if p.accept("-") {
		sign = "-"
	}
	t := p.next()
	n, err := strconv.ParseInt(sign+t.text, 10, 32)
	if t.kind != number || err != nil {
		p.fail("%s where a number of 32 bits belongs", t)
	}
	return int32(n)
}

// unhex returns the bytes of hexadecimal digits.
func unhex(digits string) (string, error) {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) == 0 {
		return "", errors.New("hexadecimal digits that are no bytes")
	}
	return string(b), nil
}
