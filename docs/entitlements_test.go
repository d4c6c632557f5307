package docs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/entitlement"
)

func TestTableOfHardenedRuntimeKeysListsThemAll(t *testing.T) {
	var b strings.Builder
	b.WriteString("| entitlement | risk | what it permits |\n| --- | --- | --- |\n")
	for _, family := range []string{"hardened-runtime", "debugging"} {
		for _, k := range entitlement.AllKnown() {
			if k.Family == family {
				sentence, _, _ := strings.Cut(strings.Join(strings.Fields(k.Permits), " "), ". ")
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", k.Key, k.Risk, strings.TrimSuffix(sentence, "."))
			}
		}
	}
	checkTable(t, "entitlements.md", b.String())
}

func TestTablesOfFamiliesAndRisksListThemAll(t *testing.T) {
	var families, risks []string
	for _, k := range entitlement.AllKnown() {
		families, risks = append(families, k.Family), append(risks, k.Risk.String())
	}
	page := read(t, "entitlements.md")
	compare := func(head string, want []string) {
		var got []string
		for _, row := range table(t, page, head) {
			got = append(got, row[0])
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(slices.Compact(want), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", head, diff)
		}
	}
	compare("| family | which keys |", families)
	compare("| risk | the harm when an attacker is inside the process, or when the key was given by mistake |", risks)
}
