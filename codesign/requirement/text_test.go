package requirement_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	. "github.com/codewarrant/codewarrant/codesign/requirement"
)

// Content of DER OIDs.
const (
	developerID = "\x2a\x86\x48\x86\xf7\x63\x64\x06\x01\x0d" // 1.2.840.113635.100.6.1.13
	unseen      = "\x2a\x03"                                 // 1.2.3
)

type operation struct {
	name       string
	expression []byte
	text       string
	result     Result // given facts()
}

// operations has every opcode and every match suffix.
func operations(t testing.TB) []operation {
	hash := rootHash()
	return []operation{
		{"opFalse", op(0), `never`, NotSatisfied},
		{"opTrue", op(1), `always`, Satisfied},
		{"opIdent", op(2, "com.acme.app"), `identifier "com.acme.app"`, Satisfied},
		{"opAppleAnchor", op(3), `anchor apple`, NotSatisfied},
		{"opAnchorHash", op(4, -1, hash), `certificate root = H"` + hexOf(hash) + `"`, Satisfied},
		{"opInfoKeyValue", op(5, "CFBundleName", "App"), `info[CFBundleName] = App`, NotEvaluated},
		{"opAnd", op(6, op(1), op(0)), `always and never`, NotSatisfied},
		{"opOr", op(7, op(1), op(0)), `always or never`, Satisfied},
		{"opCDHash", op(8, cdhash), `cdhash H"` + hexOf(cdhash) + `"`, Satisfied},
		{"opNot", op(9, op(1)), `! always`, NotSatisfied},
		{"opInfoKeyField", op(10, "LSMinimumSystemVersion", op(8, "10.9")), `info[LSMinimumSystemVersion] >= "10.9"`, NotEvaluated},
		{"opCertField", op(11, 0, "subject.OU", op(1, "A1B2C3D4E5")), `certificate leaf[subject.OU] = A1B2C3D4E5`, Satisfied},
		{"opCertField with a name that no source has", op(11, 0, "email", op(0)), `certificate leaf[email] /* exists */`, NotEvaluated},
		{"opTrustedCert", op(12, 0), `certificate leaf trusted`, NotEvaluated},
		{"opTrustedCerts", op(13), `anchor trusted`, NotEvaluated},
		{"opCertGeneric", op(14, 0, developerID, op(0)), `certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */`, Satisfied},
		{"opAppleGenericAnchor", op(15), `anchor apple generic`, Satisfied},
		{"opEntitlementField", op(16, "com.apple.security.app-sandbox", op(0)), `entitlement["com.apple.security.app-sandbox"] /* exists */`, NotEvaluated},
		{"opCertPolicy", op(17, 1, unseen, op(0)), `certificate 1[policy.1.2.3] /* exists */`, NotEvaluated},
		{"opNamedAnchor", op(18, "macappstore"), `anchor apple macappstore`, NotEvaluated},
		{"opNamedCode", op(19, "subreq"), `(subreq)`, NotEvaluated},
		{"opPlatform", op(20, 13), `platform = 13`, NotEvaluated},
		{"opNotarized", op(21), `notarized`, NotEvaluated},
		{"opCertFieldDate", op(22, 0, unseen, op(10, 0, 576374400)), `certificate leaf[timestamp.1.2.3] < <2019-04-08 00:00:00 +0000>`, NotEvaluated},
		{"opLegacyDevID", op(23), `legacy`, NotEvaluated},
		{"an unknown opcode that is false", op(0x80000018, 3, []byte("xyz")), `false /* opcode 24 */`, NotSatisfied},
		{"an unknown opcode to skip", op(0x40000018, 3, []byte("xyz"), op(1)), `/* opcode 24 */ always`, Satisfied},
		{"an unknown opcode that is false and to skip", op(0xc0000018, "xyzw"), `false /* opcode 24 */`, NotSatisfied},
		{"a known opcode with flags", op(0xc0000001), `always`, Satisfied},

		{"matchExists", op(11, 0, "subject.OU", op(0)), `certificate leaf[subject.OU] /* exists */`, Satisfied},
		{"matchEqual", op(11, 0, "subject.OU", op(1, "A1")), `certificate leaf[subject.OU] = A1`, NotSatisfied},
		{"matchContains", op(11, 0, "subject.OU", op(2, "C3")), `certificate leaf[subject.OU] ~ C3`, Satisfied},
		{"matchBeginsWith", op(11, 0, "subject.OU", op(3, "A1")), `certificate leaf[subject.OU] = A1*`, Satisfied},
		{"matchEndsWith", op(11, 0, "subject.OU", op(4, "E5")), `certificate leaf[subject.OU] = *E5`, Satisfied},
		{"matchLessThan", op(11, 0, "subject.OU", op(5, "A1")), `certificate leaf[subject.OU] < A1`, NotEvaluated},
		{"matchGreaterThan", op(11, 0, "subject.OU", op(6, "A1")), `certificate leaf[subject.OU] > A1`, NotEvaluated},
		{"matchLessEqual", op(11, 0, "subject.OU", op(7, "A1")), `certificate leaf[subject.OU] <= A1`, NotEvaluated},
		{"matchGreaterEqual", op(11, 0, "subject.OU", op(8, "A1")), `certificate leaf[subject.OU] >= A1`, NotEvaluated},
		{"matchOn", op(11, 0, "subject.OU", op(9, 0, 0)), `certificate leaf[subject.OU] = <2001-01-01 00:00:00 +0000>`, NotEvaluated},
		{"matchBefore", op(11, 0, "subject.OU", op(10, -1, -1)), `certificate leaf[subject.OU] < <2000-12-31 23:59:59 +0000>`, NotEvaluated},
		{"matchAfter", op(11, 0, "subject.OU", op(11, 0, 60)), `certificate leaf[subject.OU] > <2001-01-01 00:01:00 +0000>`, NotEvaluated},
		{"matchOnOrBefore", op(11, 0, "subject.OU", op(12, 0, 0)), `certificate leaf[subject.OU] <= <2001-01-01 00:00:00 +0000>`, NotEvaluated},
		{"matchOnOrAfter a date past all calendars", op(11, 0, "subject.OU", op(13, 0x7fffffff, -1)), `certificate leaf[subject.OU] >= <9223372036854775807>`, NotEvaluated},
		{"matchAbsent", op(11, 0, "subject.OU", op(14)), `certificate leaf[subject.OU] absent`, NotSatisfied},
		{"a match that is unknown", op(11, 0, "subject.OU", op(15, "x")), `certificate leaf[subject.OU] /* match 15 */ x`, NotEvaluated},
	}
}

func TestEveryOperationIsPrinted(t *testing.T) {
	for _, row := range operations(t) {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.text, parse(t, row.expression).Text); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// sources are what codesign prints of real and of made-up requirements.
var sources = []string{
	`identifier "com.acme.app" and anchor apple generic and certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[field.1.2.840.113635.100.6.1.13] /* exists */ and certificate leaf[subject.OU] = "7FRXF46ZSN"`,
	`identifier bun and anchor apple generic and certificate leaf[subject.CN] = "Apple Distribution: Jane Doe (7FRXF46ZSN)" and certificate 1[field.1.2.840.113635.100.6.2.1] /* exists */`,
	`anchor apple generic and identifier "nl.superalloy.oss.terminal-notifier" and (certificate leaf[field.1.2.840.113635.100.6.1.9] /* exists */ or certificate 1[field.1.2.840.113635.100.6.2.6] /* exists */ and certificate leaf[subject.OU] = QNEGD373G7)`,
	`cdhash H"000102030405060708090a0b0c0d0e0f10111213" or cdhash H"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0efeeedec"`,
	`always and never or notarized and legacy`,
	`(always or never) and (notarized or legacy)`,
	`! (always and never) and ! ! always or ! (never or always)`,
	`always and (never or (notarized or legacy) and always)`,
	`certificate -2[subject.O] = "Apple Inc." and certificate -3 trusted and platform = -1`,
	`identifier "and" and info["root"] = "leaf" and (guests) and anchor apple genericx`,
	`info[""] = "" and identifier "7up" and identifier up7 and info[a.b] absent`,
}

func TestTextIsSourceOfTheSameRequirement(t *testing.T) {
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			r := compile(t, source)
			again := compile(t, r.Text)
			if diff := cmp.Diff([]any{source, r}, []any{r.Text, again}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestStringsAreQuotedAsAppleDoes(t *testing.T) {
	for name, row := range map[string]struct{ value, inIdentifier, inKey string }{
		"letters and digits":                 {"abc7", `abc7`, `abc7`},
		"a dot, which a key may have":        {"a.b", `"a.b"`, `a.b`},
		"a digit at the beginning":           {"7b", `"7b"`, `"7b"`},
		"a dot at the beginning":             {".b", `".b"`, `.b`},
		"a hyphen":                           {"a-b", `"a-b"`, `"a-b"`},
		"a blank":                            {"a b", `"a b"`, `"a b"`},
		"quotes and backslashes":             {`a"\`, `"a\"\\"`, `"a\"\\"`},
		"a keyword":                          {"anchor", `"anchor"`, `"anchor"`},
		"nothing":                            {"", `""`, `""`},
		"letters that are not ASCII":         {"é", `0xc3a9`, `0xc3a9`},
		"a line break":                       {"a\nb", `0x610a62`, `0x610a62`},
		"a NUL":                              {"a\x00", `0x6100`, `0x6100`},
		"what would end the terminal's line": {"\x1b[2K", `0x1b5b324b`, `0x1b5b324b`},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, op(6, op(2, row.value), op(10, row.value, op(0)))).Text
			if diff := cmp.Diff("identifier "+row.inIdentifier+" and info["+row.inKey+"] /* exists */", got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestObjectIdentifiersAreDotted(t *testing.T) {
	for name, row := range map[string]struct{ der, want string }{
		"arcs of several octets":           {developerID, "1.2.840.113635.100.6.1.13"},
		"a first arc of 0":                 {"\x09\x92\x26", "0.9.2342"},
		"a second arc past 39":             {"\x88\x37\x03", "2.999.3"},
		"nothing":                          {"", "0x"},
		"an arc cut short":                 {"\x2a\x86", "0x2a86"},
		"an arc with a zero before it":     {"\x2a\x80\x01", "0x2a8001"},
		"an arc of more than 64 bits":      {"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "0x2affffffffffffffffff7f"},
		"the largest arcs that are dotted": {"\x2a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "1.2.9223372036854775807"},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, op(14, 0, row.der, op(0))).Text
			if diff := cmp.Diff("certificate leaf[field."+row.want+"] /* exists */", got); diff != "" {
				t.Error(diff)
			}
		})
	}
}
