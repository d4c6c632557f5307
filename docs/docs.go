// Package docs holds the pages of the documentation that the program prints.
package docs

import "embed"

// Rules holds the page of each rule, rules/ID.md.
//
//go:embed rules/*.md
var Rules embed.FS
