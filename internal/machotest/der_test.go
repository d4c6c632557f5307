package machotest_test

import (
	"encoding/hex"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func TestDER(t *testing.T) {
	key := func(name string) string {
		return "0c" + hex.EncodeToString([]byte{byte(len(name))}) + hex.EncodeToString([]byte(name))
	}
	long := strings.Repeat("x", 200)

	for _, test := range []struct {
		name string
		got  []byte
		want string // hexadecimal, spaces aside
	}{
		{"an empty dictionary", machotest.DER(), "70 05 020101 b0 00"},
		{"an empty dictionary of the older form", machotest.OldDER(), "31 00"},
		{
			"keys are sorted by their bytes and TRUE is 0xff",
			machotest.DER("bb", true, "c", false, "a", true),
			"70 1e 020101 b0 19 30 06" + key("a") + "0101ff 30 07" + key("bb") + "0101ff 30 06" + key("c") + "010100",
		},
		{
			"entries of the older form are sorted by their length and TRUE is 0x01",
			machotest.OldDER("bb", true, "c", false, "a", true),
			"31 19 30 06" + key("a") + "010101 30 06" + key("c") + "010100 30 07" + key("bb") + "010101",
		},
		{
			"duplicate keys keep their order",
			machotest.DER("a", true, "a", false),
			"70 15 020101 b0 10 30 06" + key("a") + "0101ff 30 06" + key("a") + "010100",
		},
		{
			"a dictionary inside, in the current form",
			machotest.DER("a", map[string]any{"b": true}),
			"70 14 020101 b0 0f 30 0d" + key("a") + "b0 08 30 06" + key("b") + "0101ff",
		},
		{
			"a dictionary inside, in the older form",
			machotest.OldDER("a", map[string]any{"b": true}),
			"31 0f 30 0d" + key("a") + "31 08 30 06" + key("b") + "010101",
		},
		{"an array", machotest.DEREntry("a", []any{true, "s"}), "30 0b" + key("a") + "30 06 0101ff 0c0173"},
		{"data", machotest.DEREntry("a", []byte{1, 2}), "30 07" + key("a") + "0402 0102"},
		{
			"a date",
			machotest.DEREntry("a", time.Date(2026, 11, 2, 3, 4, 5, 0, time.UTC)),
			"30 14" + key("a") + "180f" + hex.EncodeToString([]byte("20261102030405Z")),
		},
		{"the integer 0", machotest.DEREntry("a", 0), "30 06" + key("a") + "0201 00"},
		{"the integer 127", machotest.DEREntry("a", 127), "30 06" + key("a") + "0201 7f"},
		{"the integer 128", machotest.DEREntry("a", 128), "30 07" + key("a") + "0202 0080"},
		{"the integer -1", machotest.DEREntry("a", -1), "30 06" + key("a") + "0201 ff"},
		{"the integer -129", machotest.DEREntry("a", -129), "30 07" + key("a") + "0202 ff7f"},
		{
			"the lowest integer",
			machotest.DEREntry("a", int64(math.MinInt64)),
			"30 0d" + key("a") + "0208 8000000000000000",
		},
		{
			"a long string",
			machotest.DEREntry("a", long),
			"30 81ce" + key("a") + "0c 81c8" + hex.EncodeToString([]byte(long)),
		},
		{"a length that is not minimal", machotest.LongTLV(3, 4, []byte{7}), "04 83000001 07"},
		{"an indefinite length", machotest.IndefiniteTLV(0xb0, []byte{5, 0}), "b0 80 0500 0000"},
		{"nested arrays", machotest.DEREntry("a", machotest.Nested(2, 1)), "30 0a" + key("a") + "3005 3003 020101"},
		{
			"unsorted entries",
			machotest.DEREntries(machotest.DEREntry("b", 1), machotest.DEREntry("a", machotest.Raw("\x01\x02\xff\xff"))),
			"70 16 020101 b0 11 30 06" + key("b") + "020101 30 07" + key("a") + "0102ffff",
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			want := strings.ReplaceAll(test.want, " ", "")
			if diff := cmp.Diff(want, hex.EncodeToString(test.got)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
