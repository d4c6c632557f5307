package entitlement

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSalvageFindsKeysHoweverTheyAreHidden(t *testing.T) {
	for name, blob := range map[string]string{
		"in plain text":               "x " + jit + " y",
		"in UTF-16":                   utf16(jit),
		"split by a comment":          "com.apple.security.<!-- z -->cs.allow-jit",
		"split by CDATA":              "com.apple.<![CDATA[security.cs]]>.allow-jit",
		"split by an instruction":     "com.apple.security.<?x y?>cs.allow-jit",
		"as character references":     "com.apple.security.cs.&#97;llow-j&#x69;t",
		"in a comment":                "<!-- " + jit + " -->",
		"in a binary property list":   "bplist00\xd1_\x10\x1f" + jit + "\x09",
		"in an old-style plist":       `{ "` + jit + `" = YES; }`,
		"followed by other key bytes": jit + ".",
		"followed by a value at once": jit + "XYZ",
		"behind a thousand others":    strings.Repeat("com.apple.zzz", 3) + manyKeys(2000) + jit,
	} {
		t.Run(name, func(t *testing.T) {
			v, ok := Salvage([]byte(blob))[jit]
			if !ok || !v.Grants() {
				t.Errorf("%q: allow-jit is not found", blob)
			}
		})
	}
}

func TestSalvageFindsKeysOutsideAppleNameSpace(t *testing.T) {
	got := Salvage([]byte("{ get-task-allow = 1; }"))
	if diff := cmp.Diff([]string{"get-task-allow"}, got.Keys()); diff != "" {
		t.Error(diff)
	}
	got = Salvage([]byte("{ com.apple.security.get-task-allow = 1; }"))
	if diff := cmp.Diff([]string{"com.apple.security.get-task-allow"}, got.Keys()); diff != "" {
		t.Error(diff)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "com.apple.zzz%d ", i)
	}
	return b.String()
}

func TestSalvageIsBounded(t *testing.T) {
	blob := []byte(strings.Repeat("<!--com.apple.a", MaxSize/15))
	if n := len(Salvage(blob)); n > maxSalvaged {
		t.Errorf("%d claims", n)
	}
	blob = nil
	for i := range 100000 {
		blob = append(blob, "com.apple."+strings.Repeat("x", i%50)+string(rune('a'+i%26))+" "...)
	}
	if n := len(Salvage(blob)); n > maxSalvaged {
		t.Errorf("%d claims", n)
	}
}
