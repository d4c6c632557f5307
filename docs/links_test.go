package docs_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

// Links inside the repository lead to files and headings that are there.
func TestLinksLeadSomewhere(t *testing.T) {
	var pages []string
	for _, pattern := range []string{"*.md", "*/*.md", "../README.md", "../CONTRIBUTING.md", "../SECURITY.md"} {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		pages = append(pages, found...)
	}
	for _, page := range pages {
		for _, link := range links(t, read(t, page)) {
			if strings.Contains(link, "://") {
				continue
			}
			file, anchor, _ := strings.Cut(link, "#")
			target := page
			if file != "" {
				target = filepath.Join(filepath.Dir(page), file)
			}
			if _, err := os.Stat(target); err != nil {
				t.Errorf("%s: %s: %v", page, link, err)
			} else if anchor != "" && !strings.Contains(anchors(read(t, target)), "\n"+anchor+"\n") {
				t.Errorf("%s: %s: no such heading", page, link)
			}
		}
	}
}

// Each page is in the index: by itself, or by the folder that it is in.
func TestIndexLeadsToEachPage(t *testing.T) {
	pages, err := filepath.Glob("*.md")
	if err != nil {
		t.Fatal(err)
	}
	to := links(t, read(t, "README.md"))
	for _, page := range pages {
		if page != "README.md" && !slices.Contains(to, page) {
			t.Errorf("README.md does not lead to %s", page)
		}
	}
	frameworks, err := filepath.Glob("frameworks/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range frameworks {
		if !slices.Contains(to, page) {
			t.Errorf("README.md does not lead to %s", page)
		}
	}
}

func links(t *testing.T, page string) (list []string) {
	t.Helper()
	err := ast.Walk(goldmark.DefaultParser().Parse(text.NewReader([]byte(page))), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if l, ok := n.(*ast.Link); ok && entering {
			list = append(list, string(l.Destination))
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

var (
	heading     = regexp.MustCompile(`(?m)^#+ (.*)$`)
	punctuation = regexp.MustCompile(`[^a-z0-9 _-]`)
)

// anchors returns the names that GitHub gives the headings of a page, one a line.
func anchors(page string) string {
	var b strings.Builder
	b.WriteString("\n")
	for _, h := range heading.FindAllStringSubmatch(page, -1) {
		name := punctuation.ReplaceAllString(strings.ToLower(h[1]), "")
		b.WriteString(strings.ReplaceAll(name, " ", "-") + "\n")
	}
	return b.String()
}
