package seal

import (
	"regexp"
	"strings"
	"testing"
)

func TestCompileReadsExtendedRegularExpressions(t *testing.T) {
	for _, row := range []struct {
		name, pattern string
		matches, not  []string
	}{
		{"a rule of codesign for frameworks and the like", `^(Frameworks|SharedFrameworks|Library/(Automator|Spotlight))/`, []string{"Frameworks/a", "Library/Automator/b"}, []string{"Framework/a", "a/Frameworks/b", "Library/c"}},
		{"a rule of codesign for symbols", `.*\.dSYM($|/)`, []string{"a.dSYM", "a.dSYM/b"}, []string{"a.dSYMs", "adSYM"}},
		{"a rule of codesign for the Finder's files", `^(.*/)?\.DS_Store$`, []string{".DS_Store", "a/.DS_Store"}, []string{"a.DS_Store", ".DS_Store/b"}},
		{"files of one folder", `^[^/]+$`, []string{"a", "a\nb"}, []string{"a/b"}},
		{"a period is any character", `^a.b$`, []string{"a.b", "a\nb", "aéb"}, []string{"ab"}},
		{"anchors hold at the ends of the text alone", `^a$`, []string{"a"}, []string{"a\n", "b\na"}},
		{"a backslash in brackets is itself", `^[\d]$`, []string{`\`, "d"}, []string{"1"}},
		{"a closing bracket that comes first is itself", `^[]a]+$`, []string{"]a"}, []string{"b"}},
		{"and after a caret", `^[^]a]$`, []string{"b"}, []string{"]", "a"}},
		{"a dash at the end is itself", `^[+-]$`, []string{"+", "-"}, []string{","}},
		{"a caret that comes later is itself", `^[a^]$`, []string{"^"}, []string{"b"}},
		{"a class", `^[[:digit:]x]+$`, []string{"1x"}, []string{"y"}},
		{"a range", `^[a-c-]+$`, []string{"ab-"}, []string{"d"}},
		{"an escaped metacharacter", `^\$\{a\}\[\]\\$`, []string{`${a}[]\`}, nil},
		{"a closing brace is itself", `^a}$`, []string{"a}"}, nil},
		{"an empty alternative", `^(a|())b$`, []string{"ab", "b"}, []string{"c"}},
		{"what is special to package regexp alone", `^a b#(c)\-$`, []string{"a b#c-"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			re, err := compile(row.pattern)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range row.matches {
				if !re.MatchString(s) {
					t.Errorf("does not match %q", s)
				}
			}
			for _, s := range row.not {
				if re.MatchString(s) {
					t.Errorf("matches %q", s)
				}
			}
		})
	}
}

func TestCompileRefusesWhatItCannotFollow(t *testing.T) {
	for _, row := range []struct{ name, pattern, want string }{
		{"nothing", "", "empty"},
		{"a repetition of nothing", "^*", "repeats nothing"},
		{"one after another, which is lazy elsewhere", "^a+?$", "repeats nothing"},
		{"flags of package regexp", "(?i)a", "repeats nothing"},
		{"bounds", "a{2}", "braces"},
		{"bounds that explode", "((((a{255}){255}){255}){255})", "braces"},
		{"a class of Perl", `\d`, "backslash"},
		{"a reference back", `(a)\1`, "backslash"},
		{"a word boundary", `\<a`, "backslash"},
		{"a backslash at the end", `a\`, "backslash"},
		{"an open parenthesis", "(a", "not closed"},
		{"a lone parenthesis", "a)", "not opened"},
		{"an open bracket", "[a", "not closed"},
		{"an open bracket with a range", "[a-", "not closed"},
		{"an unknown class", "[[:word:]]", "unknown class"},
		{"a class that does not end", "[[:digit", "not closed"},
		{"a boundary in brackets", "[[:<:]]a", "unknown class"},
		{"a collating element", "[[.a.]]", "locale"},
		{"an equivalence class", "[[=a=]]", "locale"},
		{"brackets beyond ASCII", "[é]", "locale"},
		{"a range that ends before it begins", "[b-a]", "range"},
		{"bytes that are not UTF-8", "a\xff", "UTF-8"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if re, err := compile(row.pattern); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("compiled as %v, error %v, want %q", re, err, row.want)
			}
		})
	}
}

// FuzzCompile asserts that no pattern does harm, and that the expression means what
// package regexp takes it for where the syntax of both is the same.
func FuzzCompile(f *testing.F) {
	for _, seed := range []string{`^.*`, `^(.*/)?\.DS_Store$`, `[]a-z[:digit:]^-]+`, `a{2}`, `((a*)*)*$`, `^[^/]+$`, `a|()b`} {
		f.Add(seed, "Resources/a")
	}
	f.Fuzz(func(t *testing.T, pattern, s string) {
		if len(pattern) > maxPatterns {
			return
		}
		ours, err := compile(pattern)
		if err != nil || strings.ContainsAny(pattern, `[\`) || strings.ContainsAny(s, "\n") {
			return
		}
		theirs, err := regexp.CompilePOSIX(pattern)
		if err != nil {
			t.Fatalf("compiled as %v, but %v", ours, err)
		}
		if got, want := ours.MatchString(s), theirs.MatchString(s); got != want {
			t.Errorf("%q matches %q: %t, want %t", pattern, s, got, want)
		}
	})
}
