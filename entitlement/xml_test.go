package entitlement

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"howett.net/plist"
)

const (
	jit       = "com.apple.security.cs.allow-jit"
	preamble  = `<?xml version="1.0" encoding="UTF-8"?>` + "\n" + `<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">` + "\n"
	jitDict   = "<dict><key>" + jit + "</key><true/></dict>"
	plistOpen = `<plist version="1.0">`
)

// document puts a root into the canonical frame.
func document(root string) string { return preamble + plistOpen + root + "</plist>\n" }

func TestReadXMLReadsEveryKindOfValue(t *testing.T) {
	for name, row := range map[string]struct {
		element string
		want    Value
	}{
		"true":                    {"<true/>", Bool(true)},
		"false":                   {"<false/>", Bool(false)},
		"an integer":              {"<integer>-42</integer>", Int(-42)},
		"the largest integer":     {"<integer>9223372036854775807</integer>", Int(9223372036854775807)},
		"a real":                  {"<real>1.5e3</real>", Value{Kind: Real, Real: 1500}},
		"a string":                {"<string>a b</string>", Str("a b")},
		"an empty string":         {"<string></string>", Str("")},
		"an empty string element": {"<string/>", Str("")},
		"the five entities":       {"<string>&lt;&amp;&gt;&quot;&apos;</string>", Str(`<&>"'`)},
		"data":                    {"<data>\n\taGk=\n</data>", Value{Kind: Data, Data: []byte("hi")}},
		"a date":                  {"<date>2026-11-02T01:02:03Z</date>", Value{Kind: Date, Date: time.Date(2026, 11, 2, 1, 2, 3, 0, time.UTC)}},
		"an array":                {"<array> <string>a</string>\n<true/> </array>", List(Str("a"), Bool(true))},
		"an empty array":          {"<array/>", List()},
		"a dictionary":            {"<dict><key>k</key><integer>1</integer></dict>", Value{Kind: Dictionary, Dict: Set{"k": Int(1)}}},
		"an empty dictionary":     {"<dict/>", Value{Kind: Dictionary, Dict: Set{}}},
	} {
		t.Run(name, func(t *testing.T) {
			got := ReadXML([]byte(document("<dict><key>x</key>" + row.element + "</dict>")))
			want := XML{Set: Set{"x": row.want}}
			if got.Class == Ambiguous {
				t.Error(got.Notes)
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(XML{}, "Offsets", "Class", "Notes"), cmpopts.EquateEmpty()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestReadXMLClassifies(t *testing.T) {
	for _, row := range []struct {
		name  string
		blob  string
		class Class
		note  string // part of the first note
	}{
		{"what codesign writes is canonical", document(jitDict), Canonical, ""},
		{"an empty dictionary is canonical", document("<dict/>"), Canonical, ""},
		{"the DOCTYPE of Apple Computer is canonical", strings.Replace(document(jitDict), "//Apple//", "//Apple Computer//", 1), Canonical, ""},
		{"no DOCTYPE is canonical", `<?xml version="1.0" encoding="UTF-8"?>` + plistOpen + jitDict + "</plist>", Canonical, ""},
		{"standalone is canonical", `<?xml version="1.0" encoding="utf-8" standalone="yes"?>` + plistOpen + jitDict + "</plist>", Canonical, ""},
		{"white space between elements is canonical", document("\n\t<dict>\n <key>" + jit + "</key>\n\t<true/>\n</dict>\n"), Canonical, ""},

		{"carriage returns are sloppy", strings.ReplaceAll(document("<dict>\n<key>"+jit+"</key>\n<true/></dict>"), "\n", "\r\n"), Sloppy, "carriage return"},
		{"single quotes are sloppy", `<?xml version='1.0' encoding='utf-8'?>` + plistOpen + jitDict + "</plist>", Sloppy, "single quotes"},
		{"an entity for a quote is sloppy", document("<dict><key>a</key><string>&quot;</string><key>" + jit + "</key><true/></dict>"), Sloppy, "entity"},
		{"a real is sloppy", document("<dict><key>a</key><real>1.5</real><key>" + jit + "</key><true/></dict>"), Sloppy, "a real"},
		{"white space before the declaration is sloppy", "  " + document(jitDict), Sloppy, "white space before"},
		{"a missing declaration is sloppy", plistOpen + jitDict + "</plist>", Sloppy, "no XML declaration"},
		{"text after the end is sloppy", document(jitDict) + "junk", Sloppy, "bytes after"},
		{"a comment between elements is sloppy", document("<dict><!-- for V8 --><key>" + jit + "</key><!--x--><true/></dict>"), Sloppy, "a comment"},
		{"a comment with single dashes is sloppy", document("<!-- a-b -c - -->" + jitDict), Sloppy, "a comment"},
		{"another plain DOCTYPE is sloppy", `<?xml version="1.0"?><!DOCTYPE plist SYSTEM "file://localhost/PropertyList.dtd">` + plistOpen + jitDict + "</plist>", Sloppy, "document type"},
		{"white space in a tag is sloppy", document("<dict><key>" + jit + "</key><true /></dict>"), Sloppy, "white space inside a tag"},
		{"a plist element without a version is sloppy", preamble + "<plist>" + jitDict + "</plist>", Sloppy, "not of version 1.0"},

		{"an empty blob is ambiguous", "", Ambiguous, "empty"},
		{"white space alone is ambiguous", " \n", Ambiguous, "empty"},
		{"a binary property list is ambiguous", "bplist00\xd1\x01\x02_\x10\x1fcom.apple.security.cs.allow-jit\x09", Ambiguous, "binary"},
		{"an OpenStep property list is ambiguous", `{ "com.apple.security.cs.allow-jit" = 1; }`, Ambiguous, "OpenStep"},
		{"a bare word is ambiguous", jit, Ambiguous, "OpenStep"},
		{"a byte order mark is ambiguous", "\xef\xbb\xbf" + document(jitDict), Ambiguous, "byte order mark"},
		{"UTF-16 is ambiguous", utf16(document(jitDict)), Ambiguous, "not"},
		{"invalid UTF-8 is ambiguous", document("<dict><key>" + jit + "\xff</key><true/></dict>"), Ambiguous, "0xff"},
		{"a NUL is ambiguous", document("<dict><key>" + jit + "\x00</key><true/></dict>"), Ambiguous, "0x00"},
		{"another encoding is ambiguous", strings.Replace(document(jitDict), "UTF-8", "UTF-7", 1), Ambiguous, "UTF-8"},
		{"an empty comment is ambiguous", document("<!---->" + jitDict), Ambiguous, "comment"},
		{"a comment that begins with > is ambiguous", document("<!--> " + jitDict + " <!-- -->"), Ambiguous, "comment"},
		{"a comment that begins with -> is ambiguous", document("<!---> " + jitDict + " <!-- -->"), Ambiguous, "comment"},
		{"-- in a comment is ambiguous", document("<!-- a -- b -->" + jitDict), Ambiguous, "-- inside"},
		{"a comment that ends in --- is ambiguous", document("<!-- a --->" + jitDict), Ambiguous, "-- inside"},
		{"a comment without an end is ambiguous", document("<!-- a " + jitDict), Ambiguous, "without an end"},
		{"a comment inside a key is ambiguous", document("<dict><key>com.apple.security.cs.<!-- -->allow-jit</key><true/></dict>"), Ambiguous, "markup inside"},
		{"CDATA is ambiguous", document("<dict><key><![CDATA[" + jit + "]]></key><true/></dict>"), Ambiguous, "markup inside"},
		{"a processing instruction is ambiguous", document("<?x " + jit + "?><dict/>"), Ambiguous, "plain element"},
		{"an internal DTD subset is ambiguous", `<?xml version="1.0"?><!DOCTYPE plist [<!ENTITY x "` + jit + `">]>` + plistOpen + "<dict/></plist>", Ambiguous, "internal subset"},
		{"> in a quoted DOCTYPE is ambiguous", `<?xml version="1.0"?><!DOCTYPE plist SYSTEM "a>b">` + plistOpen + jitDict + "</plist>", Ambiguous, "document type"},
		{"a character reference is ambiguous", document("<dict><key>com.apple.security.cs.&#97;llow-jit</key><true/></dict>"), Ambiguous, "entity"},
		{"an attribute is ambiguous", document(`<dict a="b"><key>` + jit + "</key><true/></dict>"), Ambiguous, "plain element"},
		{"a namespace is ambiguous", document("<x:dict><key>" + jit + "</key><true/></x:dict>"), Ambiguous, "plain element"},
		{"a duplicate key is ambiguous", document("<dict><key>" + jit + "</key><false/><key>" + jit + "</key><true/></dict>"), Ambiguous, "twice"},
		{"text between elements is ambiguous", document("<dict>x<key>" + jit + "</key><true/></dict>"), Ambiguous, "element belongs"},
		{"text inside true is ambiguous", document("<dict><key>" + jit + "</key><true>junk</true></dict>"), Ambiguous, "<true/>"},
		{"true written in two tags is ambiguous", document("<dict><key>" + jit + "</key><true></true></dict>"), Ambiguous, "<true/>"},
		{"a key without a value is ambiguous", document("<dict><key>" + jit + "</key></dict>"), Ambiguous, "plain element"},
		{"a value without a key is ambiguous", document("<dict><true/></dict>" + "<!-- " + jit + " -->"), Ambiguous, "key belongs"},
		{"a key with white space around it is ambiguous", document("<dict><key> " + jit + "</key><true/></dict>"), Ambiguous, "white space around"},
		{"a key where a value belongs is ambiguous", document("<dict><key>a</key><key>" + jit + "</key></dict>"), Ambiguous, "value belongs"},
		{"two root objects are ambiguous", document("<dict/>" + jitDict), Ambiguous, "follows the root"},
		{"two property lists are ambiguous", document("<dict/>") + document(jitDict), Ambiguous, "markup after"},
		{"a root that is an array is ambiguous", document("<array><string>" + jit + "</string></array>"), Ambiguous, "not a dictionary"},
		{"a root without plist is ambiguous", preamble + jitDict, Ambiguous, "no <plist"},
		{"an upper-case element is ambiguous", document("<dict><key>" + jit + "</key><TRUE/></dict>"), Ambiguous, "plain element"},
		{"an unknown element is ambiguous", document("<dict><key>" + jit + "</key><set/></dict>"), Ambiguous, "do not have"},
		{"a hexadecimal integer is ambiguous", document("<dict><key>" + jit + "</key><integer>0x1</integer></dict>"), Ambiguous, "some parsers"},
		{"a leading zero is ambiguous", document("<dict><key>" + jit + "</key><integer>01</integer></dict>"), Ambiguous, "some parsers"},
		{"an integer over 64 bits is ambiguous", document("<dict><key>" + jit + "</key><integer>9223372036854775808</integer></dict>"), Ambiguous, "some parsers"},
		{"a NaN is ambiguous", document("<dict><key>" + jit + "</key><real>nan</real></dict>"), Ambiguous, "some parsers"},
		{"bad base64 is ambiguous", document("<dict><key>" + jit + "</key><data>aGk</data></dict>"), Ambiguous, "some parsers"},
		{"a carriage return in text is ambiguous", document("<dict><key>" + jit + "</key><string>a\r\n</string></dict>"), Ambiguous, "carriage return"},
		{"deep nesting is ambiguous", document("<dict><key>" + jit + "</key>" + strings.Repeat("<array>", 17) + strings.Repeat("</array>", 17) + "</dict>"), Ambiguous, "deeper"},
		{"nesting without end is ambiguous", document("<dict><key>" + jit + "</key>" + strings.Repeat("<array>", 100000)), Ambiguous, "deeper"},
		{"a key that is too long is ambiguous", document("<dict><key>" + strings.Repeat("k", MaxKey+1) + "</key><true/></dict>"), Ambiguous, "a key of more than 1024 bytes"},
		{"more values than there can be are ambiguous", document("<dict><key>" + jit + "</key><array>" + strings.Repeat("<true/>", 2001) + "</array></dict>"), Ambiguous, "more than 1000 values"},
		{"a blob over the limit is ambiguous", document("<dict><key>" + jit + "</key><string>" + strings.Repeat("x", MaxSize) + "</string></dict>"), Ambiguous, "1 MiB"},
		{"a blob cut short is ambiguous", document(jitDict)[:len(preamble)+60], Ambiguous, "without an end"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ReadXML([]byte(row.blob))
			if got.Class != row.class {
				t.Fatalf("class %v, want %v; notes %v", got.Class, row.class, got.Notes)
			}
			if row.class == Canonical && len(got.Notes) > 0 || row.class != Canonical && (len(got.Notes) == 0 || !strings.Contains(got.Notes[0].Text, row.note)) {
				t.Errorf("notes %v, want one with %q", got.Notes, row.note)
			}
			if v, ok := got.Set[jit]; strings.Contains(row.blob, "allow-jit") && (!ok || !v.Grants()) {
				t.Errorf("allow-jit is not found to be claimed: %v", got.Set)
			}
		})
	}
}

func utf16(s string) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		b.WriteByte(c)
		b.WriteByte(0)
	}
	return "\xff\xfe" + b.String()
}

func TestReadXMLTellsWhereKeysStand(t *testing.T) {
	blob := document("<dict>\n<key>a</key><true/><key>b</key><dict><key>c</key><true/></dict></dict>")
	got := ReadXML([]byte(blob)).Offsets
	want := map[string]int{"a": strings.Index(blob, "<key>a"), "b": strings.Index(blob, "<key>b")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// FuzzReadXML asserts that the strict reader never panics, that what it calls
// canonical is read alike by an independent parser, and that a refused blob that
// names allow-jit in plain bytes is never taken to be without it.
func FuzzReadXML(f *testing.F) {
	for _, seed := range []string{
		document(jitDict), document("<dict/>"), "  " + document(jitDict), document("<!-- x -->" + jitDict),
		document("<dict><key>a</key><array><string>x</string><integer>1</integer><real>2.5</real></array></dict>"),
		document("<!---->" + jitDict), "bplist00", `{"a"=1;}`,
	} {
		f.Add([]byte(seed))
	}
	// Inside of a longer word it is another key for every parser.
	names := regexp.MustCompile(`(^|[^A-Za-z0-9._-])` + regexp.QuoteMeta(jit) + "<")
	f.Fuzz(func(t *testing.T, b []byte) {
		got := ReadXML(b)
		if (got.Class == Canonical) != (len(got.Notes) == 0) {
			t.Fatalf("class %v with notes %v", got.Class, got.Notes)
		}
		if got.Class == Ambiguous {
			if _, ok := got.Set[jit]; names.Match(b[:min(len(b), MaxSize)]) && !ok && len(got.Set) < maxSalvaged {
				t.Fatalf("allow-jit was lost from %q", b)
			}
			return
		}
		var other map[string]any
		if _, err := plist.Unmarshal(b, &other); err != nil && got.Class == Canonical {
			t.Fatalf("an independent parser refuses what is called canonical: %v\n%q", err, b)
		}
		for key := range other {
			if _, ok := got.Set[key]; !ok && got.Class == Canonical {
				t.Fatalf("an independent parser finds %q in %q", key, b)
			}
		}
	})
}
