package docs_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/source"
)

func TestTableOfBuildSettingsListsThemAll(t *testing.T) {
	var b strings.Builder
	b.WriteString("| setting | value | entitlement |\n| --- | --- | --- |\n")
	for _, s := range source.BuildSettings() {
		if !s.Access {
			fmt.Fprintf(&b, "| `%s` | `YES` | `%s` |\n", s.Name, s.Key)
			continue
		}
		fmt.Fprintf(&b, "| `%s` | `readonly` | `%s.read-only` |\n| | `readwrite` | `%s.read-write` |\n", s.Name, s.Key, s.Key)
	}
	checkTable(t, "sources.md", b.String())
}
