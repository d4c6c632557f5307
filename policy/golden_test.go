package policy_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Each testdata/policy/err/NAME.yml is a mistake that people make; NAME.out is
// what they are told.
func TestMistakesAreShownWithTheirLine(t *testing.T) {
	for _, file := range glob(t, "../testdata/policy/err/*.yml") {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			src := read(t, file)
			p, err := policy.Parse("codewarrant.yml", src)
			var errs policy.Errors
			if !errors.As(err, &errs) || len(errs) == 0 || p != nil {
				t.Fatalf("Parse = %v, %v; want no policy and Errors", p, err)
			}
			if !slices.IsSortedFunc(errs, func(a, b *policy.ParseError) int { return a.Line - b.Line }) {
				t.Errorf("errors are not in the order of the lines:\n%v", errs)
			}
			got, golden := errs.Format(src), strings.TrimSuffix(file, ".yml")+".out"
			if *update {
				write(t, golden, []byte(got))
			}
			if diff := cmp.Diff(string(read(t, golden)), got); diff != "" {
				t.Errorf("output differs from %s (-want +got):\n%s", golden, diff)
			}
			if i := strings.IndexFunc(got, func(c rune) bool { return c != '\n' && (c < ' ' || c == 0x7F || c == '\u202E') }); i >= 0 {
				t.Errorf("output has a raw control character at %d: %q", i, got)
			}
		})
	}
}

// glob returns the files of a pattern and fails when there are none.
func glob(tb testing.TB, pattern string) []string {
	tb.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil || len(files) == 0 {
		tb.Fatalf("no files match %s: %v", pattern, err)
	}
	return files
}

func read(tb testing.TB, file string) []byte {
	tb.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	return src
}

func write(tb testing.TB, file string, b []byte) {
	tb.Helper()
	if err := os.WriteFile(file, b, 0o644); err != nil {
		tb.Fatal(err)
	}
}
