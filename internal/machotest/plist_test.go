package machotest_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
`

func TestXML(t *testing.T) {
	got := machotest.XML(
		"yes", true,
		"no", false,
		"yes", int64(-3),
		"<&>", "<&>",
		"real", 1.5,
		"data", []byte(strings.Repeat("x", 54)),
		"date", time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC),
		"array", []any{1, []any{}},
		"map", map[string]any{"b": 2, "a": machotest.Dict{}},
		"raw", machotest.Raw("<true>junk</true>\n"),
	)
	want := xmlHead + `<dict>
	<key>yes</key>
	<true/>
	<key>no</key>
	<false/>
	<key>yes</key>
	<integer>-3</integer>
	<key>&lt;&amp;&gt;</key>
	<string>&lt;&amp;&gt;</string>
	<key>real</key>
	<real>1.5</real>
	<key>data</key>
	<data>
	eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4
	eHh4
	</data>
	<key>date</key>
	<date>2026-11-02T03:04:05Z</date>
	<key>array</key>
	<array>
		<integer>1</integer>
		<array/>
	</array>
	<key>map</key>
	<dict>
		<key>a</key>
		<dict/>
		<key>b</key>
		<integer>2</integer>
	</dict>
	<key>raw</key>
<true>junk</true>
</dict>
</plist>
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestPlistTakesAnyRoot(t *testing.T) {
	for _, test := range []struct {
		name string
		root any
		want string
	}{
		{"a string", "s", xmlHead + "<string>s</string>\n</plist>\n"},
		{"nothing", machotest.Raw(""), xmlHead + "</plist>\n"},
		{"an empty dictionary", machotest.Dict{}, xmlHead + "<dict/>\n</plist>\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, string(machotest.Plist(test.root))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
