package policy_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v4"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// everything has each key of an exception, as most people would write it.
const everything = `version: 1
policy-id: acme/desktop
binaries:
  engine: {path: Acme.app/**}
  tools: {path: bin/*}
exceptions:
  - id: EXC-2026-014
    entitlement: keychain-access-groups
    values: [A1B2C3D4E5.shared, true, 3]
    matches: ["A1B2C3D4E5.com.acme.*", "A1B2C3D4E5.com.acme2.*"]
    applies-to:
      path: ["Acme.app/**", "bin/*"]
      identifier: com.acme.app
      team-id: A1B2C3D4E5
      arch: [arm64, x86_64]
      type: execute
      bundle-kind: app
      versions: [">=3.2 <4", "5"]
      cdhash: 0123456789abcdef0123456789abcdef01234567
      binaries: [engine, tools]
    category: other
    justification: >-
      The helpers of the app, "quoted", read the tokens of one another from the
      keychain; without it users log in on each update.
    owner: "@acme/desktop"
    approved-by: ["@acme/product-security"]
    approved-on: 2026-11-02
    ticket: https://github.com/acme/app/issues/4821
    expires: 2027-04-30
    compensating-controls:
      - The token is bound to the machine.
      - Logins are audited.
`

// inOneText is what is signed of it.
const inOneText = `{"applies-to":{"arch":["arm64","x86_64"],"binaries":["engine","tools"],"bundle-kind":["app"],` +
	`"cdhash":["0123456789abcdef0123456789abcdef01234567"],"identifier":["com.acme.app"],"path":["Acme.app/**","bin/*"],` +
	`"team-id":["A1B2C3D4E5"],"type":["execute"],"versions":["<4 >=3.2","=5"]},"approved-on":"2026-11-02","category":"other",` +
	`"compensating-controls":["Logins are audited.","The token is bound to the machine."],"entitlement":"keychain-access-groups",` +
	`"expires":"2027-04-30","format":"codewarrant.exception/1",` +
	`"groups":{"engine":{"path":["Acme.app/**"]},"tools":{"path":["bin/*"]}},"id":"EXC-2026-014",` +
	`"justification":"The helpers of the app, \"quoted\", read the tokens of one another from the keychain; without it users log in on each update.",` +
	`"matches":["A1B2C3D4E5.com.acme.*","A1B2C3D4E5.com.acme2.*"],"owner":"@acme/desktop","policy-id":"acme/desktop",` +
	`"ticket":"https://github.com/acme/app/issues/4821",` +
	`"values":[{"boolean":true},{"integer":"3"},{"string":"A1B2C3D4E5.shared"}]}` + "\n"

func canonical(tb testing.TB, e *policy.Exception) string {
	tb.Helper()
	b, err := e.Canonical()
	if err != nil {
		tb.Fatal(err)
	}
	return string(b)
}

func TestAnExceptionHasOneText(t *testing.T) {
	for _, tt := range []struct {
		name     string
		old, new string // of everything
	}{
		{"as most people would write it", "", ""},
		{"keys in another order", "    category: other\n", ""},
		{"a flow mapping", "    applies-to:\n      path: [\"Acme.app/**\", \"bin/*\"]\n", "    applies-to:\n      # where it is\n\n      path:\n      - bin/*\n      - 'Acme.app/**'\n"},
		{"a list of one", "team-id: A1B2C3D4E5", "team-id: [A1B2C3D4E5]"},
		{"quotes around a key and a value", "owner: \"@acme/desktop\"", "'owner': '@acme/desktop'"},
		{"quotes around a date", "expires: 2027-04-30", "expires: \"2027-04-30\""},
		{"escapes in quotes", "category: other", "category: \"oth\\x65r\""},
		{"a comment", "category: other", "category: other # than the rest"},
		{"another order of a scope's values", "[arm64, x86_64]", "[x86_64, arm64]"},
		{"a value of a scope twice", "[arm64, x86_64]", "[x86_64, arm64, x86_64]"},
		{"another order of values", "[A1B2C3D4E5.shared, true, 3]", "[3, True, \"A1B2C3D4E5.shared\"]"},
		{"another order of patterns", `["A1B2C3D4E5.com.acme.*", "A1B2C3D4E5.com.acme2.*"]`, `["A1B2C3D4E5.com.acme2.*", "A1B2C3D4E5.com.acme.*"]`},
		{"another order of controls", "      - The token is bound to the machine.\n      - Logins are audited.\n", "      - Logins are\n        audited.\n      - 'The token is bound  to the machine.'\n"},
		{"versions with zeros and operators", `[">=3.2 <4", "5"]`, `["=5.0", "<4.0.0   >=3.2.0"]`},
		{"a justification as it stands", "justification: >-\n", "justification: |\n"},
		{"a justification in other lines", "justification: >-\n      The helpers of the app, \"quoted\", read", "justification: >+\n      The helpers\n      of the app, \"quoted\",\n\n      read"},
		{"a justification in quotes", "justification: >-\n      The helpers of the app, \"quoted\", read the tokens of one another from the\n      keychain; without it users log in on each update.\n", "justification: 'The helpers of\n      the app, \"quoted\", read the tokens of one another   from the\n\n      keychain; without it users log in on each update.'\n"},
		{"an empty list of what is not signed", "    category: other\n", "    category: other\n    renewals: []\n"},
		{"other approvers", `["@acme/product-security"]`, `[alice@acme.example]`},
		{"signatures and renewals", "    category: other\n", "    category: other\n    signatures: [no signature]\n    renewals:\n      - {approved-by: bob, approved-on: 2025-01-01, expires: 2025-12-31}\n"},
		{"Windows' line ends", "\n", "\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			src := everything
			if tt.old != "" {
				if !strings.Contains(src, tt.old) {
					t.Fatalf("there is no %q", tt.old)
				}
				src = strings.ReplaceAll(src, tt.old, tt.new)
			}
			if tt.new == "" && tt.old != "" { // to its end
				src += tt.old
			}
			p := parse(t, src)
			if diff := cmp.Diff(inOneText, canonical(t, &p.Exceptions[0])); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFormattingChangesNoText(t *testing.T) {
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 0))
		var root yaml.Node
		if err := yaml.Unmarshal([]byte(everything), &root); err != nil {
			t.Fatal(err)
		}
		restyle(random, root.Content[0])
		src, err := yaml.Marshal(&root)
		if err != nil {
			t.Fatal(err)
		}
		p := parse(t, string(src))
		if diff := cmp.Diff(inOneText, canonical(t, &p.Exceptions[0])); diff != "" {
			t.Fatalf("%s\nof\n%s", diff, src)
		}
	}
}

// restyle writes the nodes of a tree in other ways, and in another order.
func restyle(random *rand.Rand, n *yaml.Node) {
	styles := []yaml.Style{0, yaml.DoubleQuotedStyle, yaml.SingleQuotedStyle, yaml.LiteralStyle, yaml.FoldedStyle}
	if n.Kind != yaml.ScalarNode {
		styles = []yaml.Style{0, yaml.FlowStyle}
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!str" || n.Tag == "!!timestamp" {
		n.Style = styles[random.IntN(len(styles))]
	}
	step := 1
	if n.Kind == yaml.MappingNode {
		step = 2
	}
	random.Shuffle(len(n.Content)/step, func(i, j int) {
		for k := range step {
			n.Content[i*step+k], n.Content[j*step+k] = n.Content[j*step+k], n.Content[i*step+k]
		}
	})
	for i, c := range n.Content {
		if step == 2 && i%2 == 0 {
			continue // a key
		}
		restyle(random, c)
	}
}

// Nothing that is empty is in the text, however its emptiness is written.
func TestWhatIsEmptyIsLeftOut(t *testing.T) {
	const bare = "version: 1\npolicy-id: acme\nexceptions:\n  - id: EXC-1\n    entitlement: a\n    applies-to: {arch: arm64}\n"
	const want = `{"applies-to":{"arch":["arm64"]},"entitlement":"a","format":"codewarrant.exception/1","id":"EXC-1","policy-id":"acme"}` + "\n"
	for _, more := range []string{
		"",
		"    category:\n    justification: ~\n    owner: ''\n    approved-on: \"\"\n    expires:\n    ticket: null\n    approved-by: []\n",
		"    category: ''\n    justification: \"  \"\n    owner: ' '\n    compensating-controls: []\n    signatures: []\n",
	} {
		p := parse(t, bare+more)
		if diff := cmp.Diff(want, canonical(t, &p.Exceptions[0])); diff != "" {
			t.Errorf("with %q:\n%s", more, diff)
		}
	}
}

// changes change one field each; where there are several, they differ from one
// another as well.
var changes = map[string][]func(*policy.Exception){
	"ID":          {func(e *policy.Exception) { e.ID = "EXC-2026-015" }, func(e *policy.Exception) { e.ID = "EXC  2026" }, func(e *policy.Exception) { e.ID = "EXC 2026" }},
	"Entitlement": {func(e *policy.Exception) { e.Entitlement += "2" }},
	"Value":       values(func(e *policy.Exception, v entitlement.Value) { e.Value = &v }),
	"Values": append(values(func(e *policy.Exception, v entitlement.Value) { e.Values = []entitlement.Value{v} }),
		func(e *policy.Exception) { e.Values = nil }, func(e *policy.Exception) { e.Values = []entitlement.Value{} }),
	"Matches": {
		func(e *policy.Exception) { e.Matches = nil }, func(e *policy.Exception) { e.Matches = []policy.Pattern{} },
		func(e *policy.Exception) { e.Matches[0] += "x" }, func(e *policy.Exception) { e.Matches = e.Matches[:1] },
	},
	"Category":      {func(e *policy.Exception) { e.Category = policy.DRM }, func(e *policy.Exception) { e.Category = "" }},
	"Justification": {func(e *policy.Exception) { e.Justification += "." }, func(e *policy.Exception) { e.Justification = strings.ToUpper(e.Justification) }},
	"Owner":         {func(e *policy.Exception) { e.Owner = "@acme/web" }, func(e *policy.Exception) { e.Owner = "" }},
	"ApprovedOn":    {func(e *policy.Exception) { e.ApprovedOn = e.ApprovedOn.AddDays(1) }, func(e *policy.Exception) { e.ApprovedOn = policy.Date{} }},
	"Ticket":        {func(e *policy.Exception) { e.Ticket += "/" }},
	"Expires":       {func(e *policy.Exception) { e.Expires = e.Expires.AddDays(1) }},
	"CompensatingControls": {
		func(e *policy.Exception) { e.CompensatingControls = nil },
		func(e *policy.Exception) { e.CompensatingControls[1] = "Logins are audited twice." },
	},
	"PolicyID": {func(e *policy.Exception) { e.PolicyID = "acme/web" }},

	"AppliesTo.Path":       {func(e *policy.Exception) { e.AppliesTo.Path = nil }, func(e *policy.Exception) { e.AppliesTo.Path[0] = "**" }},
	"AppliesTo.Identifier": {func(e *policy.Exception) { e.AppliesTo.Identifier = nil }, func(e *policy.Exception) { e.AppliesTo.Identifier[0] += ".x" }},
	"AppliesTo.TeamID":     {func(e *policy.Exception) { e.AppliesTo.TeamID = nil }, func(e *policy.Exception) { e.AppliesTo.TeamID[0] = "26QKX55P9K" }},
	"AppliesTo.Arch":       {func(e *policy.Exception) { e.AppliesTo.Arch = e.AppliesTo.Arch[:1] }, func(e *policy.Exception) { e.AppliesTo.Arch = nil }},
	"AppliesTo.Type":       {func(e *policy.Exception) { e.AppliesTo.Type[0] = "dylib" }},
	"AppliesTo.BundleKind": {func(e *policy.Exception) { e.AppliesTo.BundleKind[0] = "xpc" }},
	"AppliesTo.Versions": {
		func(e *policy.Exception) { e.AppliesTo.Versions = nil },
		func(e *policy.Exception) { e.AppliesTo.Versions = e.AppliesTo.Versions[:1] },
		func(e *policy.Exception) { e.AppliesTo.Versions = e.AppliesTo.Versions[1:] },
	},
	"AppliesTo.CDHash":   {func(e *policy.Exception) { e.AppliesTo.CDHash[0] = strings.Repeat("0", 40) }},
	"AppliesTo.Binaries": {func(e *policy.Exception) { e.AppliesTo.Binaries = e.AppliesTo.Binaries[1:] }},
	"Groups": {
		func(e *policy.Exception) { e.Groups["tools"] = policy.Scope{Path: []string{"**"}} },
		func(e *policy.Exception) { e.Groups["tools"] = policy.Scope{Path: []string{"bin/*", "lib/*"}} },
		func(e *policy.Exception) {
			e.Groups["engine"], e.Groups["tools"] = e.Groups["tools"], e.Groups["engine"]
		},
	},
}

// notSigned are the fields that a signature does not cover.
var notSigned = []string{"ApprovedBy", "Renewals", "Signatures", "Repository", "Position", "Fields"}

// values are changes to values that are alike and not the same.
func values(set func(*policy.Exception, entitlement.Value)) (list []func(*policy.Exception)) {
	for _, v := range []entitlement.Value{
		entitlement.Bool(true), entitlement.Bool(false), entitlement.Str("true"), entitlement.Str(""), entitlement.Str("1"),
		entitlement.Int(1), entitlement.Int(0), entitlement.Int(-1), entitlement.Int(1 << 53), entitlement.Int(1<<53 + 1),
		{Kind: entitlement.Real, Real: 1},
		{Kind: entitlement.Real, Real: 0.1},
		{Kind: entitlement.Real, Real: 0.30000000000000004},
		{Kind: entitlement.Real, Real: 0.3},
		entitlement.List(), entitlement.List(entitlement.List()), entitlement.List(entitlement.Bool(true)),
		entitlement.List(entitlement.Str("a"), entitlement.Str("b")), entitlement.List(entitlement.Str("b"), entitlement.Str("a")),
		entitlement.List(entitlement.Str("a,b")), entitlement.List(entitlement.Str(`a","b`)), entitlement.List(entitlement.Str("a"), entitlement.Str("a")),
		{Kind: entitlement.Dictionary},
		dict("a", entitlement.Bool(true)), dict("boolean", entitlement.Bool(true)),
		dict(`a":{"boolean":true},"b`, entitlement.Bool(true)), dict("", entitlement.Str("")),
		dict("a", entitlement.Bool(true), "b", entitlement.Bool(true)), dict("\U00010000", entitlement.Int(1), "\uffff", entitlement.Int(2)),
	} {
		list = append(list, func(e *policy.Exception) { set(e, v) })
	}
	return list
}

func dict(pairs ...any) entitlement.Value {
	v := entitlement.Value{Kind: entitlement.Dictionary, Dict: entitlement.Set{}}
	for i := 0; i < len(pairs); i += 2 {
		v.Dict[pairs[i].(string)] = pairs[i+1].(entitlement.Value)
	}
	return v
}

func TestEveryChangeOfAnExceptionShowsInItsText(t *testing.T) {
	seen := map[string]string{inOneText: "no change"}
	for _, field := range fieldsOf(reflect.TypeFor[policy.Exception](), "") {
		list := changes[field]
		if slices.Contains(notSigned, field) == (len(list) > 0) {
			t.Errorf("%s is either signed, and then changes has it, or among what is not", field)
		}
		for i, change := range list {
			p := parse(t, everything)
			change(&p.Exceptions[0])
			text := canonical(t, &p.Exceptions[0])
			name := fmt.Sprintf("change %d of %s", i, field)
			if other, ok := seen[text]; ok {
				t.Errorf("%s has the text of %s:\n%s", name, other, text)
			}
			seen[text] = name
			checkForm(t, text)
		}
	}
	if want := len(fieldsOf(reflect.TypeFor[policy.Exception](), "")); len(changes)+len(notSigned) != want {
		t.Errorf("%d fields are accounted for, there are %d", len(changes)+len(notSigned), want)
	}
}

// fieldsOf returns the fields of a struct, and those of the scope in it as Outer.Inner.
func fieldsOf(typ reflect.Type, prefix string) (names []string) {
	for f := range typ.Fields() {
		if f.Type == reflect.TypeFor[policy.Scope]() {
			names = append(names, fieldsOf(f.Type, f.Name+".")...)
			continue
		}
		names = append(names, prefix+f.Name)
	}
	return names
}

// checkForm holds a text to being one line of JSON without white space around its
// parts.
func checkForm(t *testing.T, text string) {
	t.Helper()
	line, ok := strings.CutSuffix(text, "\n")
	if !ok || strings.Contains(line, "\n") || !json.Valid([]byte(line)) {
		t.Errorf("not a line of JSON: %q", text)
	}
}

// Text that looks like the text's own marks does not move what stands beside it.
func TestHostileTextStaysInItsPlace(t *testing.T) {
	hostile := []string{
		"", `"`, `\`, `\"`, `","owner":"mallory`, "a,b", "[", "]", "{}", "null", "\u007f", "\u0000", "\u001f", "\u00a0", "\u2028", "é", "e\u0301",
		"\ufffd", "\U0001f600", "</script>", "a b", "a", "b",
	}
	seen := map[string][3]string{}
	for _, justification := range hostile {
		for _, owner := range hostile {
			for _, path := range hostile {
				e := policy.Exception{
					ID: "EXC-1", PolicyID: "acme", Entitlement: jit, Justification: justification, Owner: owner, AppliesTo: policy.Scope{Path: []string{path}},
				}
				text := canonical(t, &e)
				if other, ok := seen[text]; ok {
					t.Errorf("%q and %q have one text: %s", other, []string{justification, owner, path}, text)
				}
				seen[text] = [3]string{justification, owner, path}
				checkForm(t, text)
			}
		}
	}
}

func TestTextIsEscapedAsRFC8785Has(t *testing.T) {
	// Section 3.2.2 of RFC 8785 has this string, and section 3.2.3 these names.
	e := policy.Exception{ID: "\u20ac$\u000f\nA'B\"\\\\\"/", PolicyID: "acme", Value: new(dict(
		"\u20ac", entitlement.Int(1), "\r", entitlement.Int(2), "\ufb33", entitlement.Int(3), "1", entitlement.Int(4),
		"\U0001f600", entitlement.Int(5), "\u0080", entitlement.Int(6), "\u00f6", entitlement.Int(7),
	))}
	want := `{"applies-to":{},"entitlement":"","format":"codewarrant.exception/1","id":"€$\u000f\nA'B\"\\\\\"/","policy-id":"acme","value":{"dictionary":` +
		`{"\r":{"integer":"2"},"1":{"integer":"4"},"` + "\u0080" + `":{"integer":"6"},"ö":{"integer":"7"},"€":{"integer":"1"},"😀":{"integer":"5"},"` + "\ufb33" + `":{"integer":"3"}}}}` + "\n"
	if diff := cmp.Diff(want, canonical(t, &e)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeSigned(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*policy.Exception)
		want   string
	}{
		{"an exception of a policy without an id", func(e *policy.Exception) { e.PolicyID = "" }, "the policy has no policy-id, so that a signature could be used in another repository"},
		{"text that is not UTF-8", func(e *policy.Exception) { e.Owner = "\xff" }, `exception "EXC-2026-014": "\xff" is not UTF-8`},
		{"text of values that is not UTF-8", func(e *policy.Exception) { e.Values = []entitlement.Value{dict("\xff", entitlement.Bool(true))} }, `exception "EXC-2026-014": "\xff" is not UTF-8`},
		{"a value that is not known", func(e *policy.Exception) { e.Value = &entitlement.Value{} }, `exception "EXC-2026-014": a value of type unknown has no text in a policy`},
		{"a group that is defined in a policy that was not read", func(e *policy.Exception) { delete(e.Groups, "tools") }, `exception "EXC-2026-014": group "tools" is not defined here`},
		{"a range that is none", func(e *policy.Exception) { e.AppliesTo.Versions = []policy.VersionRange{{Text: "x"}} }, `exception "EXC-2026-014": versions "x" is no range`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := parse(t, everything)
			tt.change(&p.Exceptions[0])
			if text, err := p.Exceptions[0].Canonical(); err == nil || err.Error() != tt.want || text != nil {
				t.Errorf("Canonical = %q, %v; want %s", text, err, tt.want)
			}
		})
	}
	if _, err := new(policy.Exception).Canonical(); !errors.Is(err, policy.ErrNoPolicyID) {
		t.Errorf("error %v", err)
	}
}

// FuzzCanonical holds the text of each exception that parses to being a line of
// JSON, the same each time, and another one when a character is added anywhere.
func FuzzCanonical(f *testing.F) {
	f.Add([]byte(everything))
	for _, file := range glob(f, "../testdata/policy/*.yml") {
		f.Add(append([]byte("policy-id: acme\n"), read(f, file)...))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := policy.Parse("fuzz.yml", src)
		if err != nil || len(p.Extends) > 0 { // what groups these name may be defined elsewhere
			return
		}
		for i := range p.Exceptions {
			e := &p.Exceptions[i]
			e.PolicyID = "acme"
			text := canonical(t, e)
			checkForm(t, text)
			for name, field := range map[string]*string{
				"id": &e.ID, "entitlement": &e.Entitlement, "justification": &e.Justification, "owner": &e.Owner, "ticket": &e.Ticket, "policy-id": &e.PolicyID,
			} {
				was := *field
				if *field += "x"; canonical(t, e) == text {
					t.Errorf("%s %q and %q have one text: %s", name, was, *field, text)
				}
				*field = was
			}
			if again := canonical(t, e); again != text {
				t.Errorf("the text is %s, and then %s", text, again)
			}
		}
	})
}
