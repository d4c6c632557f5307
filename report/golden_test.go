package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
)

var update = flag.Bool("update", false, "rewrite the files in testdata")

// formats are the outputs by the suffix of their golden files.
var formats = []struct {
	suffix string
	write  func(io.Writer, *check.Report) error
}{
	{"txt", func(w io.Writer, r *check.Report) error { return Text(w, r, TextOptions{}) }},
	{"json", func(w io.Writer, r *check.Report) error { return JSON(w, r, "1.0.0") }},
	{"sarif", func(w io.Writer, r *check.Report) error { return SARIF(w, r, "1.0.0") }},
	{"md", func(w io.Writer, r *check.Report) error { return Markdown(w, r, 0) }},
	{"xml", CheckJUnit},
	{"csv", CSV},
	{"ndjson", NDJSON},
	{"github", GitHub},
	{"html", bareHTML},
}

// bareHTML writes a page without its style, its script and their hashes.
func bareHTML(w io.Writer, r *check.Report) error {
	return withoutOwn(w, func(w io.Writer) error { return HTML(w, "1.0.0", PartOf("", r)) })
}

// withoutOwn writes a page without its style, its script and their hashes.
func withoutOwn(w io.Writer, write func(io.Writer) error) error {
	var b bytes.Buffer
	if err := write(&b); err != nil {
		return err
	}
	own := strings.NewReplacer(pageStyle, "", pageScript, "", string(attribute("content", contentPolicy())), "")
	_, err := own.WriteString(w, b.String())
	return err
}

// reports are the reports by the name of their golden files.
func reports(t testing.TB) map[string]*check.Report {
	return map[string]*check.Report{
		"clean": clean(t), "pgctl": pgctl(t), "acme": acme(t), "hostile": hostile(t),
		"empty": {Policy: "preset:strict", Stage: "release", At: date(t, "2026-11-02"), Findings: []check.Finding{
			{Rule: check.RuleNoBinaries, Level: "error", Message: "no Mach-O file and no .entitlements file was found"},
		}},
	}
}

func TestGolden(t *testing.T) {
	for name, r := range reports(t) {
		for _, f := range formats {
			t.Run(name+" as "+f.suffix, func(t *testing.T) {
				var b bytes.Buffer
				if err := f.write(&b, r); err != nil {
					t.Fatal(err)
				}
				golden(t, name+"."+f.suffix, b.Bytes())
			})
		}
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s, rewritten by -update (-want +got):\n%s", file, diff)
	}
}
