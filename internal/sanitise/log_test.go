package sanitise

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/codewarrant/codewarrant/internal/runner"
)

func TestLog(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"plain text stays", "a: b\n# c [d]\n", "a: b\n# c [d]\n"},
		{"the newer mark at the start of a line", "::error::x\n::error::y", ":\\:error::x\n:\\:error::y"},
		{"the newer mark after white space", " \t\u00a0\u3000::error::x", " \t\u00a0\u3000:\\:error::x"},
		{"the newer mark after a byte order mark", "\ufeff::error::x", "\ufeff:\\:error::x"},
		{"the newer mark after a carriage return", "a\r::error::x", "a\r:\\:error::x"},
		{"the newer mark inside a line stays", "std::vector a ::error::x", "std::vector a ::error::x"},
		{"more colons than two", ":::error::x", ":\\::error::x"},
		{"a colon by itself stays", ": :error\n:\n:", ": :error\n:\n:"},
		{"the older mark anywhere", "x ##[error]y ##[z]", `x ##\[error]y ##\[z]`},
		{"the older mark after more signs", "####[error]", `####\[error]`},
		{"signs apart from the bracket stay", "## [a] #[b]", "## [a] #[b]"},
		{"what is broken already stays", `:\:error::x ##\[y]`, `:\:error::x ##\[y]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for size := 1; size <= len(tt.in); size++ {
				var b bytes.Buffer
				writeInParts(t, Log(&b), tt.in, size)
				if b.String() != tt.want {
					t.Errorf("%q in parts of %d bytes became %q, want %q", tt.in, size, b.String(), tt.want)
				}
			}
		})
	}
}

func writeInParts(t *testing.T, w io.Writer, s string, size int) {
	t.Helper()
	for len(s) > 0 {
		n := min(size, len(s))
		if got, err := w.Write([]byte(s[:n])); got != n || err != nil {
			t.Fatalf("Write(%q) = %d, %v", s[:n], got, err)
		}
		s = s[n:]
	}
}

func TestLogReturnsTheErrorOfItsWriter(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if n, err := Log(w).Write([]byte("x")); n != 0 || !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Write = %d, %v, want 0 and %v", n, err, io.ErrClosedPipe)
	}
}

func FuzzLog(f *testing.F) {
	for _, s := range hostile {
		f.Add(s, 3)
	}
	f.Fuzz(func(t *testing.T, s string, size int) {
		var b bytes.Buffer
		writeInParts(t, Log(&b), s, max(size, 1))
		got := b.String()
		for line := range strings.FieldsFuncSeq(got, func(r rune) bool { return r == '\n' || r == '\r' }) {
			// The runner's two rules, for a command of any name.
			if strings.HasPrefix(strings.TrimLeftFunc(line, unicode.IsSpace), "::") || strings.Contains(line, "##[") {
				t.Errorf("%q became %q, which has a command in %q", s, got, line)
			}
		}
		if a := runner.Annotations(got); len(a) > 0 {
			t.Errorf("%q became %q, in which the runner finds %v", s, got, a)
		}
		if len(got)-strings.Count(got, `\`) != len(s)-strings.Count(s, `\`) {
			t.Errorf("%q became %q, which differs in more than backslashes", s, got)
		}
	})
}
