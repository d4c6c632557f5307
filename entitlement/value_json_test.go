package entitlement

import (
	"encoding/json"
	"math"
	"testing"
	"time"
)

// A value is the same after it was written and read, with its kind.
func TestAValueIsReadBack(t *testing.T) {
	for _, v := range []Value{
		Bool(true), Bool(false), Int(42), Int(math.MaxInt64), Int(math.MinInt64), Str(""), Str("\u202e</script>"), List(), List(Int(1), Str("a"), List()),
		{Kind: Real, Real: 1},
		{Kind: Real, Real: 1.5},
		{Kind: Real, Real: math.Inf(-1)},
		{Kind: Real, Real: 1e300},
		{Kind: Data},
		{Kind: Data, Data: []byte{0, 255}},
		{Kind: Date, Date: time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)},
		{Kind: Dictionary, Dict: Set{}},
		{Kind: Dictionary, Dict: Set{"a": Bool(true), "data": Str("AA==")}},
		{Kind: Dictionary, Dict: Set{"data": Str("AA==")}},
		{Kind: Dictionary, Dict: Set{"date": Str("2026-11-02T09:00:00Z")}},
	} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		var read Value
		if err := json.Unmarshal(b, &read); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if got, err := read.As(v.Kind); err != nil || !got.Equal(v) {
			t.Errorf("%s is read as %s, %v, want %s", b, got.Text(), err, v.Text())
		}
	}
	var null Value
	if err := json.Unmarshal([]byte("null"), &null); err != nil || null.Kind != Unknown {
		t.Errorf("null is %s, %v", null.Text(), err)
	}
}

func TestAValueIsOfNoOtherKind(t *testing.T) {
	for text, kind := range map[string]Kind{`true`: Integer, `"x"`: Real, `{}`: Data, `[]`: Dictionary, `null`: Boolean, `1`: Unknown, `{"data":"%"}`: Data} {
		var v Value
		if err := json.Unmarshal([]byte(text), &v); err != nil {
			t.Fatal(err)
		}
		if got, err := v.As(kind); err == nil {
			t.Errorf("%s as %s is %s", text, kind, got.Text())
		}
	}
}

func TestWhatAddsProtectionProtects(t *testing.T) {
	for key, want := range map[string]bool{
		"com.apple.security.app-sandbox":                                    true,
		"com.apple.security.cs.jit-write-allowlist":                         true,
		"com.apple.security.hardened-process":                               true,
		"com.apple.security.hardened-process.checked-allocations.soft-mode": false,
		"com.apple.security.cs.allow-jit":                                   false,
	} {
		if k, ok := Lookup(key); !ok || k.Protects() != want {
			t.Errorf("%s: known %t, protects %t", key, ok, k.Protects())
		}
	}
}
