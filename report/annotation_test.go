package report

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/policy"
)

// annotated writes the annotations and reads them as GitHub's runner does.
func annotated(t *testing.T, r *check.Report) []runner.Annotation {
	t.Helper()
	var b bytes.Buffer
	if err := GitHub(&b, r); err != nil {
		t.Fatal(err)
	}
	return runner.Annotations(b.String())
}

func TestGitHubSaysToTheRunnerWhatAnnotationsAre(t *testing.T) {
	all := reports(t)
	all["many"] = many(t, 3000)
	for name, r := range all {
		t.Run(name, func(t *testing.T) {
			var want []runner.Annotation
			for _, a := range Annotations(r) {
				typ := string(a.Level)
				if a.Level == policy.Note {
					typ = "notice"
				}
				want = append(want, runner.Annotation{
					Type: typ, Title: a.Title, Message: a.Message, File: a.File, Line: a.Line, Col: a.Column, Shown: true,
				})
			}
			if diff := cmp.Diff(want, annotated(t, r)); diff != "" {
				t.Errorf("the runner reads something else (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnnotationsAreTenOfALevel(t *testing.T) {
	for _, n := range []int{1, 10, 11, 3000} {
		list := Annotations(many(t, n))
		counts := map[policy.Level]int{}
		for _, a := range list {
			counts[a.Level]++
		}
		want := map[policy.Level]int{policy.Error: min(n, 10), policy.Note: min(n, 10)}
		if diff := cmp.Diff(want, counts); diff != "" {
			t.Errorf("of %d findings a level (-want +got):\n%s", n, diff)
		}
		last := list[min(n, 10)-1].Message
		if more := strings.Contains(last, "more error"); more != (n > 10) {
			t.Errorf("of %d errors the last one says %q", n, last)
		}
	}
	if last := Annotations(many(t, 11))[9].Message; !strings.HasSuffix(last, "(and 1 more error that GitHub would not show here: see the summary of the job or the report)") {
		t.Errorf("the last of 11 errors says %q", last)
	}
}

func TestAnnotationsAreShorterThanGitHubCuts(t *testing.T) {
	r := many(t, 12)
	for i := range r.Findings {
		r.Findings[i].Message = strings.Repeat("é\n", 5000)
	}
	for _, a := range Annotations(r) {
		if len(a.Message) >= 4096 || !utf8.ValidString(a.Message) {
			t.Errorf("a message of %d bytes", len(a.Message))
		}
	}
}

func TestGitHubReturnsTheErrorOfItsWriter(t *testing.T) {
	r, w := io.Pipe()
	r.Close()
	if err := GitHub(w, pgctl(t)); err != io.ErrClosedPipe {
		t.Errorf("GitHub = %v, want %v", err, io.ErrClosedPipe)
	}
}
