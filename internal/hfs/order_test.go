package hfs

import (
	"cmp"
	"testing"
)

func TestNamesAreOrderedAsMacOSDoes(t *testing.T) {
	for _, row := range []struct {
		name, a, b string
		want       int // of a beside b where case does not count
		sensitive  int
	}{
		{"the same name", "tool", "tool", 0, 0},
		{"names that differ in case", "Tool", "tOOL", 0, -1},
		{"a name that is the beginning of another", "tool", "tools", -1, -1},
		{"a small letter before a capital one", "a", "B", -1, 1},
		{"a character that is passed over", "to\u200col", "tool", 0, 1},
		{"characters that are passed over at the end", "tool\ufeff\u202a", "tool", 0, 1},
		{"nothing but characters that are passed over", "\u206a", "", 0, 1},
		{"a zero, which is last", "\x00\x00\x00\x00HFS+ Private Data", "zzz", 1, -1},
		{"an accent, which counts", "e\u0301", "e", 1, 1},
		{"a letter that is composed, whose case counts", "É", "é", -1, -1},
		{"letters of Latin that are not composed", "ĐŒØƎ", "đœøǝ", 0, -1},
		{"a letter that Unicode has had a small one for since", "\u01a6", "\u0280", -1, -1},
		{"Greek", "ΑΩϢ", "αωϣ", 0, -1},
		{"Cyrillic", "ЯЂѠҐ", "яђѡґ", 0, -1},
		{"Cyrillic that is composed", "Й", "й", -1, -1},
		{"Armenian", "Ա", "ա", 0, -1},
		{"Georgian, by the letters of modern texts", "\u10a0", "\u10d0", 0, -1},
		{"Roman numbers and wide letters", "ⅧＡ", "ⅷａ", 0, -1},
		{"a pair of surrogates", "😀", "\ufb00", -1, -1},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, b := nameKey(7, row.a), nameKey(7, row.b)
			for _, got := range []struct {
				name      string
				got, back int
				want      int
			}{
				{"folded", byFoldedName(a, b), byFoldedName(b, a), row.want},
				{"by units", byName(a, b), byName(b, a), row.sensitive},
			} {
				if got.got != got.want || got.back != -got.want {
					t.Errorf("%s: %d, and %d the other way round, where %d belongs", got.name, got.got, got.back, got.want)
				}
			}
			if got := cmp.Or(byFoldedName(nameKey(6, row.b), a), byName(nameKey(6, row.b), a)); got != -1 {
				t.Errorf("a folder of a lower number is not before: %d", got)
			}
		})
	}
}
