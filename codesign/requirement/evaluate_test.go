package requirement_test

import (
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/hex"
	"strings"
	"testing"

	. "github.com/codewarrant/codewarrant/codesign/requirement"
)

const cdhash = "\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13"

func hexOf(s string) string { return hex.EncodeToString([]byte(s)) }

func rootHash() string {
	h := sha1.Sum([]byte("root"))
	return string(h[:])
}

func attribute(value any, oid ...int) pkix.AttributeTypeAndValue {
	return pkix.AttributeTypeAndValue{Type: oid, Value: value}
}

func certificate(raw string, extension asn1.ObjectIdentifier, names ...pkix.AttributeTypeAndValue) *x509.Certificate {
	c := &x509.Certificate{Raw: []byte(raw), Subject: pkix.Name{Names: names}}
	if extension != nil {
		c.Extensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}}, {Id: extension}}
	}
	return c
}

// facts are those of a Developer ID signature.
func facts() Facts {
	return Facts{
		Identifier: "com.acme.app",
		CDHash:     []byte(cdhash),
		Certificates: []*x509.Certificate{
			certificate("leaf", asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 1, 13},
				attribute("US", 2, 5, 4, 6), attribute("Developer ID Application: Acmé (A1B2C3D4E5)", 2, 5, 4, 3),
				attribute("first", 2, 5, 4, 11), attribute("A1B2C3D4E5", 2, 5, 4, 11), attribute(7, 2, 5, 4, 9)),
			certificate("intermediate", asn1.ObjectIdentifier{1, 2, 840, 113635, 100, 6, 2, 6},
				attribute("Developer ID Certification Authority", 2, 5, 4, 3), attribute("Apple Inc.", 2, 5, 4, 10)),
			certificate("root", nil, attribute("Apple Root CA", 2, 5, 4, 3)),
		},
		AnchorApple: true,
	}
}

// apple are the facts of Apple's own code.
func apple() Facts {
	f := facts()
	f.Certificates[1] = certificate("intermediate", nil,
		attribute("Apple Code Signing Certification Authority", 2, 5, 4, 3), attribute("Apple Inc.", 2, 5, 4, 10))
	return f
}

// adHoc are the facts of code that is known to have no certificates.
func adHoc() Facts {
	return Facts{Identifier: "com.acme.app", CDHash: []byte(cdhash), Certificates: []*x509.Certificate{}}
}

// unverified are the facts of code of which only the CodeDirectory is read.
func unverified() Facts { return Facts{Identifier: "com.acme.app", AnchorApple: true} }

func TestEveryOperationIsEvaluated(t *testing.T) {
	for _, row := range operations(t) {
		t.Run(row.name, func(t *testing.T) {
			if got := parse(t, row.expression).Evaluate(facts()); got != row.result {
				t.Errorf("%v instead of %v", got, row.result)
			}
		})
	}
}

func TestEvaluate(t *testing.T) {
	selfSigned := facts()
	selfSigned.AnchorApple = false
	rootOnly := facts()
	rootOnly.Certificates = rootOnly.Certificates[2:]
	for name, row := range map[string]struct {
		source string
		facts  Facts
		want   Result
	}{
		"another identifier":                       {`identifier "com.acme.apple"`, facts(), NotSatisfied},
		"an identifier of another case":            {`identifier "com.acme.App"`, facts(), NotSatisfied},
		"another cdhash":                           {`cdhash H"` + strings.Repeat("ff", 20) + `"`, facts(), NotSatisfied},
		"a cdhash that is not known":               {`cdhash H"` + strings.Repeat("ff", 20) + `"`, unverified(), NotEvaluated},
		"Apple's own code":                         {`anchor apple`, apple(), Satisfied},
		"Apple's intermediate under another root":  {`anchor apple`, func() Facts { f := apple(); f.AnchorApple = false; return f }(), NotSatisfied},
		"Apple's anchor without an intermediate":   {`anchor apple`, rootOnly, NotSatisfied},
		"an anchor that is not known":              {`anchor apple generic`, unverified(), NotEvaluated},
		"the anchor of ad hoc code":                {`anchor apple generic`, adHoc(), NotSatisfied},
		"an anchor that is not Apple's":            {`anchor apple generic`, selfSigned, NotSatisfied},
		"another anchor":                           {`anchor = H"0000000000000000000000000000000000000000"`, facts(), NotSatisfied},
		"the anchor, by its hash, counted from 0":  {`certificate 2 = H"` + hexOf(rootHash()) + `"`, facts(), Satisfied},
		"a certificate past the anchor":            {`certificate 3[subject.CN] /* exists */`, facts(), NotSatisfied},
		"a certificate before the leaf":            {`certificate -4[subject.CN] /* exists */`, facts(), NotSatisfied},
		"the leaf, counted from the anchor":        {`certificate -3[subject.C] = US`, facts(), Satisfied},
		"an absent field of no certificate":        {`certificate 3[field.1.2.3] absent`, facts(), NotSatisfied},
		"a field that is not there":                {`certificate leaf[subject.L] = x`, facts(), NotSatisfied},
		"the absence of a field that is not there": {`certificate leaf[subject.L] absent`, facts(), NotSatisfied},
		"the first of several, where the last counts": {
			`certificate leaf[subject.OU] = first`, facts(), NotSatisfied,
		},
		"a field that no reader knows":              {`certificate leaf[subject.X] /* exists */`, facts(), NotSatisfied},
		"a field that is not a string":              {`certificate leaf[subject.STREET] = "7"`, facts(), NotEvaluated},
		"a field of an unverified chain":            {`certificate leaf[subject.OU] = A1B2C3D4E5`, unverified(), NotEvaluated},
		"a name that is not ASCII":                  {`certificate leaf[subject.CN] = 0x446576656c6f706572204944204170706c69636174696f6e3a2041636dc3a92028413142324333443445352900`, facts(), NotSatisfied},
		"a value that is not UTF-8":                 {`certificate leaf[subject.CN] = 0xff`, facts(), NotEvaluated},
		"a part of a name that is not ASCII":        {`certificate leaf[subject.CN] = Developer*`, facts(), NotEvaluated},
		"a beginning that is longer than the value": {`certificate leaf[subject.C] = USA*`, facts(), NotSatisfied},
		"a part that is nothing":                    {`certificate leaf[subject.C] ~ ""`, facts(), NotSatisfied},
		"a part that is not in it":                  {`certificate leaf[subject.C] ~ SU`, facts(), NotSatisfied},
		"an end that is not its end":                {`certificate leaf[subject.C] = *U`, facts(), NotSatisfied},
		"an extension that is not there":            {`certificate leaf[field.1.2.3] /* exists */`, facts(), NotSatisfied},
		"the absence of an extension":               {`certificate leaf[field.1.2.3] absent`, facts(), Satisfied},
		"the absence of an extension that is there": {`certificate 1[field.1.2.840.113635.100.6.2.6] absent`, facts(), NotSatisfied},
		"an extension that has no value to match":   {`certificate 1[field.1.2.840.113635.100.6.2.6] = x`, facts(), NotSatisfied},
		"false and unknown":                         {`never and notarized`, facts(), NotSatisfied},
		"unknown and false":                         {`notarized and never`, facts(), NotSatisfied},
		"true and unknown":                          {`always and notarized`, facts(), NotEvaluated},
		"true or unknown":                           {`always or notarized`, facts(), Satisfied},
		"unknown or false":                          {`notarized or never`, facts(), NotEvaluated},
		"not unknown":                               {`! notarized`, facts(), NotEvaluated},
		"unknown or not unknown":                    {`notarized or ! notarized`, facts(), NotEvaluated},
		"the requirement of a Developer ID program": {sources[0], facts(), NotSatisfied},
		"the requirement of a choice":               {`identifier "com.acme.app" and (never or certificate leaf[subject.OU] = A1B2C3D4E5)`, facts(), Satisfied},
		"another's requirement, nothing verified":   {`identifier x and anchor apple generic`, unverified(), NotSatisfied},
		"the code's own requirement, not verified":  {`identifier "com.acme.app" and anchor apple generic`, unverified(), NotEvaluated},
		"the requirement of ad hoc code":            {`cdhash H"` + hexOf(cdhash) + `"`, adHoc(), Satisfied},
	} {
		t.Run(name, func(t *testing.T) {
			if got := compile(t, row.source).Evaluate(row.facts); got != row.want {
				t.Errorf("%s: %v instead of %v", row.source, got, row.want)
			}
		})
	}
}

func TestAnExtensionIsMatchedByItsWholeIdentifier(t *testing.T) {
	long := make(asn1.ObjectIdentifier, 202)
	copy(long, []int{1, 2})
	der, err := asn1.Marshal(long)
	if err != nil {
		t.Fatal(err)
	}
	f := Facts{Certificates: []*x509.Certificate{certificate("leaf", long)}}
	if got := parse(t, op(14, 0, string(der[2:]), op(0))).Evaluate(f); got != NotSatisfied {
		t.Error(got)
	}
}

func TestResultsHaveNames(t *testing.T) {
	for r, want := range map[Result]string{
		Satisfied: "satisfied", NotSatisfied: "not satisfied", NotEvaluated: "not evaluated",
	} {
		if got := r.String(); got != want {
			t.Errorf("%q instead of %q", got, want)
		}
	}
}
