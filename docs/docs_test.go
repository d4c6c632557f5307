package docs_test

import (
	"flag"
	"strings"
	"testing"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/text"
)

var update = flag.Bool("update", false, "rewrite the examples and tables that the program makes")

// block is a fenced block of a page.
type block struct {
	info string // what stands after the opening fence, such as yaml
	text string
}

// blocks returns the fenced blocks of a page, as a renderer of Markdown sees them.
func blocks(t *testing.T, page string) []block {
	t.Helper()
	src := []byte(page)
	var list []block
	err := ast.Walk(goldmark.DefaultParser().Parse(text.NewReader(src)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		f, ok := n.(*ast.FencedCodeBlock)
		if !ok || !entering {
			return ast.WalkContinue, nil
		}
		b := block{text: string(f.Lines().Value(src))}
		if f.Info != nil {
			b.info = string(f.Info.Segment.Value(src))
		}
		list = append(list, b)
		return ast.WalkContinue, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// texts returns the blocks of one kind.
func texts(list []block, info string) (texts []string) {
	for _, b := range list {
		if b.info == info {
			texts = append(texts, b.text)
		}
	}
	return texts
}

// checkTable wants a table in a page; with -update it puts it in place of the one
// that has the same head.
func checkTable(t *testing.T, file, table string) {
	t.Helper()
	page := read(t, file)
	head, _, _ := strings.Cut(table, "\n")
	before, rest, ok := strings.Cut(page, head+"\n")
	if !ok {
		t.Fatalf("%s has no table %s", file, head)
	}
	after := rest
	for strings.HasPrefix(after, "|") {
		_, after, _ = strings.Cut(after, "\n")
	}
	want := before + table + after
	if *update {
		write(t, file, want)
	} else if page != want {
		t.Errorf("the table in %s is not\n%s", file, table)
	}
}
