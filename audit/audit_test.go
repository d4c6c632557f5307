package audit_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "rewrite the golden file")

// summary is what the reports say: a line for each repository, and below it its findings.
func summary(t *testing.T, text string) string {
	t.Helper()
	var all struct {
		Result string
		Runs   []struct {
			Report struct {
				Repository, Result string
				Policy             struct{ Name string }
				Findings           []struct {
					Rule, Level, Message string
					Paths                []string
				}
				Exceptions []struct {
					ID, Expires string
					Approvers   []string `json:"approved_by"`
					ProvenBy    []string `json:"proven_by"`
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintln(&b, all.Result)
	for _, run := range all.Runs {
		r := run.Report
		fmt.Fprintf(&b, "\n%s: %s, by %s\n", r.Repository, r.Result, r.Policy.Name)
		for _, e := range r.Exceptions {
			fmt.Fprintf(&b, "  %s until %s, approved by %v, which %v proves\n", e.ID, e.Expires, e.Approvers, e.ProvenBy)
		}
		for _, f := range r.Findings {
			fmt.Fprintf(&b, "  %s[%s] %q: %s\n", f.Level, f.Rule, f.Paths, f.Message)
		}
	}
	return b.String()
}

func TestAuditOfFortyRepositories(t *testing.T) {
	s := acme(t)
	text, err := run(t.Context(), t, s, file, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(text, `"sha256":"`); n < 40 {
		t.Errorf("only %d reports", n)
	}
	got := summary(t, strings.ReplaceAll(text, s.URL, "URL"))
	if *update {
		if err := os.WriteFile("testdata/forty.txt", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/forty.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
