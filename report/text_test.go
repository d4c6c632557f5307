package report

import (
	"bytes"
	"io"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

func asText(t *testing.T, r *check.Report, o TextOptions) string {
	t.Helper()
	var b bytes.Buffer
	if err := Text(&b, r, o); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTextInColorSaysTheSame(t *testing.T) {
	for name, r := range reports(t) {
		plain, colored := asText(t, r, TextOptions{}), asText(t, r, TextOptions{Color: true})
		if plain == colored {
			t.Errorf("%s: no color", name)
		}
		if diff := cmp.Diff(plain, regexp.MustCompile(`\x1b\[[0-9;]+m`).ReplaceAllString(colored, "")); diff != "" {
			t.Errorf("%s: color changes the text (-plain +colored):\n%s", name, diff)
		}
	}
}

func TestTextTellsOfCompensatingControlsToWhoAsksForMore(t *testing.T) {
	const control = "\n    - The renderer runs in a sandbox of its own, without the network.\n    - Pages come from us alone.\n"
	for _, verbose := range []bool{false, true} {
		if got := strings.Contains(asText(t, acme(t), TextOptions{Verbose: verbose}), control); got != verbose {
			t.Errorf("verbose %v: told %v", verbose, got)
		}
	}
}

func TestTextIsOneLineForEachLine(t *testing.T) {
	for name, r := range reports(t) {
		for _, l := range strings.Split(asText(t, r, TextOptions{Verbose: true}), "\n") {
			if sanitise.Text(l) != l {
				t.Errorf("%s: the line %q hides something", name, l)
			}
			if strings.TrimRight(l, " ") != l {
				t.Errorf("%s: the line %q ends in spaces", name, l)
			}
		}
	}
}

func TestTextThroughTheLogHasNoCommands(t *testing.T) {
	r := hostile(t)
	r.Policy = "::error::x" // as it would be if anything let a line begin so
	r.Findings[0].Suggestion = "::error::x\n##[error]y"
	var b bytes.Buffer
	if err := Text(sanitise.Log(&b), r, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	if got := runner.Annotations(b.String()); len(got) > 0 {
		t.Errorf("the runner finds %v", got)
	}
}

func TestTextKeepsToItsWidth(t *testing.T) {
	for _, width := range []int{60, 80, 120} {
		for l := range strings.SplitSeq(asText(t, acme(t), TextOptions{Width: width}), "\n") {
			prose := strings.Contains(l, "hint:") || strings.HasPrefix(strings.TrimSpace(l), "|")
			if prose && utf8.RuneCountInString(l) > width {
				t.Errorf("width %d: the line %q has %d characters", width, l, utf8.RuneCountInString(l))
			}
		}
	}
}

func TestTextListsOnVerboseWhatHasNothingToSay(t *testing.T) {
	const quiet, count = "build/Acme.app/Contents/Frameworks/libz.dylib\n", "1 more file with no claims and no findings\n"
	if got := asText(t, clean(t), TextOptions{}); strings.Contains(got, quiet) || !strings.Contains(got, count) {
		t.Errorf("without -v: %s", got)
	}
	if got := asText(t, clean(t), TextOptions{Verbose: true}); !strings.Contains(got, quiet) || strings.Contains(got, count) {
		t.Errorf("with -v: %s", got)
	}
}

func TestTextCutsLongValues(t *testing.T) {
	r := pgctl(t)
	r.Binaries[0].Claims[0].Value.Kind = 0
	long := check.Claim{Entitlement: "com.acme.long", Verdict: check.Allowed, Archs: []string{"x86_64", "arm64"}}
	long.Value = r.Binaries[0].Claims[1].Value
	long.Value.Kind, long.Value.String = 4, strings.Repeat("a ", 100_000) // a string
	r.Binaries[0].Claims = append(r.Binaries[0].Claims, long)
	if got := asText(t, r, TextOptions{}); len(got) > 10_000 || !strings.Contains(got, "…") {
		t.Errorf("%d bytes of text", len(got))
	}
}

func TestWriteErrorsAreReturned(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	for _, f := range formats {
		if err := f.write(w, acme(t)); err != io.ErrClosedPipe {
			t.Errorf("%s: %v, want %v", f.suffix, err, io.ErrClosedPipe)
		}
	}
}

func TestReportsDoNotChangeWhatTheyTell(t *testing.T) {
	for _, f := range formats {
		r := acme(t)
		var first, second bytes.Buffer
		if err := f.write(&first, r); err != nil {
			t.Fatal(err)
		}
		if err := f.write(&second, r); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(first.String(), second.String()); diff != "" {
			t.Errorf("%s is different the second time (-first +second):\n%s", f.suffix, diff)
		}
	}
}

func TestWrap(t *testing.T) {
	tests := []struct {
		name, in    string
		first, rest int
		want        []string
	}{
		{"what fits stays", "a b c", 5, 5, []string{"a b c"}},
		{"lines break at spaces", "aa bb cc dd", 5, 8, []string{"aa bb", "cc dd"}},
		{"the first line may be shorter", "aa bb cc", 2, 5, []string{"aa", "bb cc"}},
		{"what has no space stays whole", "aaaaaaaaaa b", 4, 4, []string{"aaaaaaaaaa", "b"}},
		{"characters are counted", "éé éé", 5, 5, []string{"éé éé"}},
		{"no room at all", "a b", -3, -3, []string{"a", "b"}},
		{"nothing is one line", "", 5, 5, []string{""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, wrap(tt.in, tt.first, tt.rest)); diff != "" {
				t.Errorf("wrap(%q, %d, %d) (-want +got):\n%s", tt.in, tt.first, tt.rest, diff)
			}
		})
	}
}
