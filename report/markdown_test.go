package report

import (
	"bytes"
	"fmt"
	"html"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
	markdownhtml "github.com/yuin/goldmark/renderer/html"

	"github.com/codewarrant/codewarrant/check"
)

func asMarkdown(t *testing.T, r *check.Report, limit int) string {
	t.Helper()
	var b bytes.Buffer
	if err := Markdown(&b, r, limit); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// rendered returns Markdown as HTML.
func rendered(t *testing.T, source string) string {
	t.Helper()
	var b bytes.Buffer
	md := goldmark.New(goldmark.WithExtensions(extension.GFM), goldmark.WithRendererOptions(markdownhtml.WithUnsafe()))
	if err := md.Convert([]byte(source), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

var element = regexp.MustCompile(`</?[^>]*>`)

func TestMarkdownIsMadeOfItsOwnElementsAlone(t *testing.T) {
	for name, r := range reports(t) {
		t.Run(name, func(t *testing.T) {
			got := rendered(t, asMarkdown(t, r, 0))
			for _, e := range element.FindAllString(got, -1) {
				link := strings.HasPrefix(e, `<a href="https://github.com/codewarrant/codewarrant/blob/main/docs/rules/`) || e == "</a>"
				own := slices.Contains([]string{
					"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "br", "sub", "strong", "code", "pre", "details", "summary",
					`code class="language-yaml"`,
				}, strings.Trim(e, "</>"))
				if !link && !own {
					t.Errorf("the element %s", e)
				}
			}
			rows := len(r.Findings) + len(r.Packages) + len(r.Exceptions) + len(r.Pending)
			for _, n := range []int{len(r.Findings), len(r.Packages), len(r.Exceptions), len(r.Pending)} {
				rows += min(n, 1) // the head of its table
			}
			if n := strings.Count(got, "<tr>"); n != rows {
				t.Errorf("%d rows, want %d", n, rows)
			}
		})
	}
}

func TestMarkdownStaysWithinItsLimit(t *testing.T) {
	hostileMany := many(t, 200)
	for i := range hostileMany.Findings {
		f := &hostileMany.Findings[i]
		f.Message, f.Hint, f.Suggestion = evil, evil, strings.Repeat("`", i)+evil
	}
	list := map[string]*check.Report{"many": many(t, 3000), "hostile and many": hostileMany, "acme": acme(t), "hostile": hostile(t)}
	for name, r := range list {
		for _, limit := range []int{1, 100, 1000, 5000, 10_000, 50_000, 200_000, SummaryLimit} {
			got := asMarkdown(t, r, limit)
			if len(got) > limit {
				t.Errorf("%s: %d bytes, the limit is %d", name, len(got), limit)
			}
			if got != "" && !strings.HasSuffix(got, "\n") {
				t.Errorf("%s: limit %d: ends inside a line: %q", name, limit, got[max(0, len(got)-40):])
			}
			if left := strings.Contains(got, "left out"); limit >= 1000 && left != (len(got) < len(asMarkdown(t, r, 1<<30))) {
				t.Errorf("%s: limit %d: what was left out is told: %t", name, limit, left)
			}
			if strings.Count(got, "<details>") != strings.Count(got, "</details>") {
				t.Errorf("%s: limit %d: the YAML is not closed", name, limit)
			}
		}
	}
}

func TestMarkdownCountsWhatItLeavesOut(t *testing.T) {
	got := asMarkdown(t, many(t, 3000), 100_000)
	rows := strings.Count(got, "\n| ❌ error") + strings.Count(got, "\n| ℹ️ note")
	if want := fmt.Sprintf("\n%d more findings left out", 6000-rows); rows < 100 || !strings.Contains(got, want) {
		t.Errorf("%d rows are there, and it does not say %q", rows, want)
	}
	if strings.Contains(got, "ℹ️ note") {
		t.Error("a note is there in place of an error")
	}
}

func TestMarkdownYAMLIsTheSuggestions(t *testing.T) {
	_, pre, ok := strings.Cut(rendered(t, asMarkdown(t, pgctl(t), 0)), `<pre><code class="language-yaml">`)
	if !ok {
		t.Fatal("no YAML")
	}
	pre, _, _ = strings.Cut(pre, "</code>")
	want := strings.Join(slices.Collect(suggestionLines(pgctl(t), suggestions(pgctl(t)))), "\n") + "\n"
	if diff := cmp.Diff(want, html.UnescapeString(pre)); diff != "" {
		t.Errorf("the YAML is another one (-want +got):\n%s", diff)
	}
}
