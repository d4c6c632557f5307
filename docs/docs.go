// Package docs holds the pages of the documentation that the program prints.
package docs

import (
	"embed"
	"strings"
)

//go:embed rules/*.md
var rules embed.FS

// Rule returns the page of a rule, docs/rules/ID.md, in Markdown. There is one for
// each rule of package check.
func Rule(id string) string {
	page, err := rules.ReadFile("rules/" + id + ".md")
	if err != nil {
		return ""
	}
	return string(page)
}

// Section returns the text under a heading of a page, up to the next heading.
func Section(page, heading string) string {
	_, text, _ := strings.Cut(page, "\n## "+heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	return strings.TrimSpace(text)
}
