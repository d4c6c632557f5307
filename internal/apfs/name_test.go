package apfs

import (
	"testing"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// What is folded here by hand is what the tables of Unicode fold.
func TestCaseIsFoldedAsUnicodeDoes(t *testing.T) {
	v := &Volume{features: caseInsensitive, CaseInsensitive: true}
	fold := cases.Fold()
	for r := rune(1); r <= unicode.MaxRune; r++ {
		if r >= 0xd800 && r < 0xe000 {
			continue
		}
		want := norm.NFD.String(fold.String(norm.NFD.String(string(r))))
		if r >= 0x13a0 && r <= 0x13f5 {
			want = string(r) // package cases swaps the case of Cherokee, CaseFolding.txt does not
		}
		if got := v.canonical(string(r)); got != want {
			t.Errorf("%U is folded to %+q, not %+q", r, got, want)
		}
	}
}

// The hashes are those of the names in an image that macOS made.
func TestTheHashOfANameIsThatOfMacOS(t *testing.T) {
	v := &Volume{features: caseInsensitive, CaseInsensitive: true}
	for name, want := range map[string]uint32{
		"private-dir": 0x2b29a3, "SparkleTestCodeSignApp.app": 0x2fdc52, ".DS_Store": 0x98bb0,
		"Contents": 0x452d7, "zh_CN.lproj": 0x97212, "root": 0x2d9c79,
	} {
		if got := hash(v.canonical(name)); got != want {
			t.Errorf("the hash of %q is %#x, not %#x", name, got, want)
		}
	}
}
