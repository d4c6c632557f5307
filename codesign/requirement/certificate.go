package requirement

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strings"
	"unicode/utf8"
)

// fields are the parts of a certificate that can be asked for, by the names that
// Requirement::Interpreter::certFieldValue knows. Those without an OID here are
// not evaluated.
var fields = map[string]asn1.ObjectIdentifier{
	"subject.C":        {2, 5, 4, 6},
	"subject.CN":       {2, 5, 4, 3},
	"subject.D":        {2, 5, 4, 13},
	"subject.L":        {2, 5, 4, 7},
	"subject.O":        {2, 5, 4, 10},
	"subject.OU":       {2, 5, 4, 11},
	"subject.ST":       {2, 5, 4, 8},
	"subject.STREET":   {2, 5, 4, 9},
	"subject.UID":      {0, 9, 2342, 19200300, 100, 1, 1},
	"subject.C-O":      nil,
	"subject.C-OU":     nil,
	"subject.C-ST":     nil,
	"subject.C-STREET": nil,
	"email":            nil,
}

// field matches a field of a certificate. One that is unknown or not there is
// false, even where its absence is asked for. Of several the last counts, as in
// SecCertificateCopySubjectAttributeValue.
func (m match) field(c *x509.Certificate, name string) Result {
	oid, known := fields[name]
	if !known {
		return NotSatisfied
	}
	if oid == nil {
		return NotEvaluated
	}
	for _, part := range slices.Backward(c.Subject.Names) {
		if !part.Type.Equal(oid) {
			continue
		}
		if s, ok := part.Value.(string); ok {
			return m.string(s)
		}
		return NotEvaluated
	}
	return NotSatisfied
}

// string matches a string.
func (m match) string(s string) Result {
	switch m.op {
	case matchExists:
		return Satisfied
	case matchAbsent:
		return NotSatisfied
	case matchEqual:
		if !utf8.ValidString(m.value) {
			return NotEvaluated
		}
		return result(s == m.value)
	case matchContains, matchBeginsWith, matchEndsWith:
		return m.part(s)
	default:
		return NotEvaluated
	}
}

// part matches a part of a string. CFString finds no empty string, and finds
// whole composed characters only, which are not told apart here.
func (m match) part(s string) Result {
	notASCII := func(r rune) bool { return r >= utf8.RuneSelf }
	switch {
	case m.value == "":
		return NotSatisfied
	case strings.ContainsFunc(s, notASCII) || strings.ContainsFunc(m.value, notASCII):
		return NotEvaluated
	case m.op == matchContains:
		return result(strings.Contains(s, m.value))
	case m.op == matchBeginsWith:
		return result(strings.HasPrefix(s, m.value))
	default:
		return result(strings.HasSuffix(s, m.value))
	}
}

// extension matches the presence of an extension, given the content of its DER
// OID: a value of true or null, which no match but these two can meet.
func (m match) extension(c *x509.Certificate, oid string) Result {
	has := slices.ContainsFunc(c.Extensions, func(x pkix.Extension) bool {
		der, err := asn1.Marshal(x.Id)
		return err == nil && len(oid) < 0x80 && string(der[2:]) == oid // a length of one byte
	})
	switch m.op {
	case matchExists:
		return result(has)
	case matchAbsent:
		return result(!has)
	default:
		return NotSatisfied
	}
}
