package engines

import (
	"slices"
	"testing"
)

func TestTableHasCluesOfUse(t *testing.T) {
	seen := map[string]string{}
	for _, k := range table {
		clues := slices.Concat(k.whole, k.begins, k.versions, k.crates, k.symbols, k.defines)
		n := len(clues)
		if k.numberIsClue {
			n++
		}
		if n < enough {
			t.Errorf("%s has %d clues, of which %d are needed", k.name, n, enough)
		}
		for _, c := range clues {
			if len(c) < minText || len(c) >= maxText {
				t.Errorf("%s: clue %q is of %d bytes", k.name, c, len(c))
			}
			if other, ok := seen[c]; ok {
				t.Errorf("clue %q is of %s and of %s", c, other, k.name)
			}
			seen[c] = k.name
		}
		for _, c := range k.crates {
			if c[len(c)-1] != '-' {
				t.Errorf("%s: crate %q has no dash at its end", k.name, c)
			}
		}
		for _, n := range k.needs {
			if n.Memory != MapJIT && n.Memory != Unsigned || n.Arch != "" && n.Arch != "arm64" && n.Arch != "x86_64" {
				t.Errorf("%s: need %+v", k.name, n)
			}
		}
	}
}
