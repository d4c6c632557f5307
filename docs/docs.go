// Package docs holds the pages of the documentation that the program prints.
package docs

import (
	"embed"
	"path"
	"regexp"
	"strings"
)

// Home is where the project lives.
const Home = "https://github.com/codewarrant/codewarrant"

// URL returns the address of a file, by its path in the repository.
func URL(file string) string { return Home + "/blob/main/" + file }

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

// linked is a link in a page: its text, and what it leads to.
var linked = regexp.MustCompile(`\[([^\]]*)\]\(([^)\s]+)\)`)

// Anywhere returns the page of a rule, whose links lead to the same from wherever it is
// shown.
func Anywhere(id string) string {
	return linked.ReplaceAllStringFunc(Rule(id), func(link string) string {
		m := linked.FindStringSubmatch(link)
		if strings.Contains(m[2], "://") {
			return link
		}
		return "[" + m[1] + "](" + URL(path.Join("docs/rules", m[2])) + ")"
	})
}

// Printed returns the page of a rule for a terminal: other rules are named with the
// command that prints their pages, and all else with its address.
func Printed(id string) string {
	return linked.ReplaceAllStringFunc(Anywhere(id), func(link string) string {
		m := linked.FindStringSubmatch(link)
		rule := strings.TrimSuffix(strings.TrimPrefix(m[2], URL("docs/rules/")), ".md")
		if Rule(rule) != "" {
			return m[1] + " (`codewarrant explain " + rule + "`)"
		}
		return m[1] + " (" + m[2] + ")"
	})
}

// Section returns the text under a heading of a page, up to the next heading.
func Section(page, heading string) string {
	_, text, _ := strings.Cut(page, "\n## "+heading+"\n")
	text, _, _ = strings.Cut(text, "\n## ")
	return strings.TrimSpace(text)
}
