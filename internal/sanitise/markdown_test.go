package sanitise

import (
	"bytes"
	"html"
	"regexp"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markdownhtml "github.com/yuin/goldmark/renderer/html"
)

func TestMarkdown(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "claims com.apple.security.cs.allow-jit, 14.5 (arm64)", "claims com.apple.security.cs.allow-jit, 14.5 (arm64)"},
		{"a cell is not divided", `a|b\|c`, `a&#124;b\\&#124;c`},
		{"markup shows", "*a* _b_ `c` [d](e) <f> ~g~ &h;", "\\*a\\* \\_b\\_ \\`c\\` \\[d\\](e) \\<f\\> \\~g\\~ \\&h;"},
		{"a mention is broken", "@octocat a@b.example", "@&#8288;octocat a@&#8288;b.example"},
		{"references to issues are broken", "#12 x/y#3 GH-4 C# 5", `\#&#8288;12 x/y\#&#8288;3 GH-&#8288;4 C\# 5`},
		{"a commit is broken", "0123456789abcdef", "012345&#8288;6789ab&#8288;cdef"},
		{"six digits name no commit", "facade 123456", "facade 123456"},
		{"addresses are broken", "https://a WWW.b", "https:&#8288;//a WWW&#8288;.b"},
		{"emoji and mathematics are broken", ":shipit: a: b $c$", `\:&#8288;shipit: a: b \$&#8288;c\$`},
		{"blocks do not begin", "1. a", `1\. a`},
		{"spaces at the ends stay", " a ", "&#32;a&#32;"},
		{"line breaks show", "a\nb", `a\\nb`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Markdown(tt.in); got != tt.want {
				t.Errorf("Markdown(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func TestCode(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text", "Acme.app", "`Acme.app`"},
		{"a fence is longer than what is inside", "a``b`c", "```a``b`c```"},
		{"a backtick at an end is set off", "`a", "`` `a ``"},
		{"spaces at both ends stay", " a ", "`  a  `"},
		{"spaces alone stay", "  ", "`  `"},
		{"a vertical bar shows", "a|b", "`a\\x7cb`"},
		{"a line break shows", "a\nb", "`a\\nb`"},
		{"nothing stays nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Code(tt.in); got != tt.want {
				t.Errorf("Code(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzMarkdown(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, code := Markdown(s), Code(s)
		want := html.EscapeString(Text(s))
		wantCode := "<code>" + strings.NewReplacer("|", `\x7c`, "##[", `##\x5b`).Replace(want) + "</code>"
		if s == "" {
			wantCode = ""
		}
		// By itself, inside a sentence, and beside another cell of a table.
		if s != "" {
			compare(t, s, text, "<p>"+want+"</p>\n")
			compare(t, s, code, "<p>"+wantCode+"</p>\n")
		}
		compare(t, s, "a "+text+" b "+code+" c", "<p>a "+want+" b "+wantCode+" c</p>\n")
		compare(t, s, "| a | b |\n| - | - |\n| x"+text+"x | "+code+" |",
			"<table>\n<thead>\n<tr>\n<th>a</th>\n<th>b</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>x"+
				want+"x</td>\n<td>"+wantCode+"</td>\n</tr>\n</tbody>\n</table>\n")
		if left := github.FindString(rendered(t, text)); left != "" {
			t.Errorf("Markdown(%q) leaves %q to GitHub", s, left)
		}
	})
}

// github is what GitHub makes something of in rendered text.
var github = regexp.MustCompile(`(?i)@[a-z0-9]|#[0-9]|gh-[0-9]|[0-9a-f]{7}|://|www\.|:[a-z0-9_+-]+:|\$[^\x{2060}<]`)

func compare(t *testing.T, s, source, want string) {
	t.Helper()
	normal := strings.NewReplacer("\u2060", "", "&quot;", `"`, "&#34;", `"`, "&#39;", "'")
	if got := rendered(t, source); normal.Replace(got) != normal.Replace(want) {
		t.Errorf("%q as %q renders as %q, want %q", s, source, got, want)
	}
}

func rendered(t *testing.T, source string) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(markdownhtml.WithUnsafe()))
	if err := md.Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
