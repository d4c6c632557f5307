package sanitise

import (
	"html"
	"strings"
	"testing"
)

func TestHTML(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"words stay", "claims com.apple.security.cs.allow-jit, é", "claims com.apple.security.cs.allow-jit, é"},
		{"an element shows", `<script src="x">`, "&lt;script src=&#34;x&#34;&gt;"},
		{"an attribute is not left", `" onload='x' a=` + "`", "&#34; onload=&#39;x&#39; a=&#96;"},
		{"a reference shows", "&lt; &#60;", "&amp;lt; &amp;#60;"},
		{"what turns text around shows", "a\u202eb\nc\x00", `a\u202eb\nc\x00`},
		{"a command to the runner is none", "::error:: ###[group]", ":&#58;error:&#58; ###&#91;group]"},
		{"nothing stays nothing", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := HTML(row.in); got != row.want {
				t.Errorf("%q, want %q", got, row.want)
			}
		})
	}
}

func FuzzHTML(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := HTML(s)
		if strings.ContainsAny(got, "<>\"'`") || strings.ContainsFunc(got, hidden) || strings.Contains(got, "::") || strings.Contains(got, "##[") {
			t.Errorf("HTML(%q) = %q", s, got)
		}
		if read := html.UnescapeString(got); read != Text(s) {
			t.Errorf("HTML(%q) reads as %q, want %q", s, read, Text(s))
		}
	})
}
