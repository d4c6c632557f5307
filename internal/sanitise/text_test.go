package sanitise

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestText(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "Acme.app/Contents/MacOS/Acme", "Acme.app/Contents/MacOS/Acme"},
		{"letters of all scripts stay", "Größe 日本語 é", "Größe 日本語 é"},
		{"a backslash stays", `a\nb`, `a\nb`},
		{"line breaks show", "a\r\nb\tc", `a\r\nb\tc`},
		{"line and paragraph separators show", "a\u2028b\u2029c\u0085d\vе", `a\u2028b\u2029c\u0085d\x0bе`},
		{"terminal escapes show", "\x1b[31mred\x1b]0;title\a\x7f\u009b", `\x1b[31mred\x1b]0;title\x07\x7f\u009b`},
		{"what turns text around shows", "a\u202egnp.exe\u2066\u061c", `a\u202egnp.exe\u2066\u061c`},
		{"what is drawn as nothing shows", "\u200b\ufeff\u00ad\u2060\u3164\u115f\u034f\ufe0f\u2800", `\u200b\ufeff\u00ad\u2060\u3164\u115f\u034f\ufe0f\u2800`},
		{"spaces that are not the space show", "a\u00a0b\u202fc\u3000d", `a\u00a0b\u202fc\u3000d`},
		{"tags beyond the first plane show", "x\U000e0041", `x\U000e0041`},
		{"bytes that are not UTF-8 show", "a\xffb\xed\xa0\x80", `a\xffb\xed\xa0\x80`},
		{"a replacement character that is really there stays", "a\ufffdb", "a\ufffdb"},
		{"nothing stays nothing", "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Text(tt.in); got != tt.want {
				t.Errorf("Text(%q) = %s, want %s", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Text(s)
		if !utf8.ValidString(got) || strings.ContainsFunc(got, hidden) {
			t.Errorf("Text(%q) = %q still hides something", s, got)
		}
		if again := Text(got); again != got {
			t.Errorf("Text(%q) = %q is not stable: %q", s, got, again)
		}
	})
}

// hostile is text that does something in one sink or another.
var hostile = []string{
	"",
	"plain",
	"two\nlines\r\nand\u2028more",
	"::error::x",
	" \u00a0\ufeff::error file=a,line=1::x",
	"x ##[error]y",
	"###[[group]",
	"\x1b[31mred\x1b[0m",
	"\u202egnp.exe",
	"\xff\xfe",
	"a|b|c",
	`a\|b`,
	"`code` ``more`` `",
	"*a* _b_ ~~c~~ **d**",
	"<script>alert(1)</script><!-- --> -->",
	"&amp; &#60; &copy;",
	"[a](https://example.com) ![b](c) [^1] [x]: y",
	"https://example.com www.example.com ftp://x mailto:a@example.com a@example.com",
	"@octocat and @github/team",
	"fixes #12, GH-34, owner/repo#5, 0123456789abcdef0123456789abcdef01234567",
	":shipit: $a$ $$b$$ $`c`$",
	"# heading",
	"- item",
	"+ item",
	"1. item",
	"12) item",
	"> quote",
	"    code",
	"---",
	"===",
	":--",
	"~~~",
	"```",
	" trailing ",
	"trailing backslash\\",
	"{0} {{1}} [a](1)",
	"100% of %0A, %s and %!d(MISSING)",
}
