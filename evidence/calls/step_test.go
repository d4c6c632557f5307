package calls

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// base is where the code of tests lies.
const base = 0x100000000

func bytesOf(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// straight executes code from its start to its end.
func straight(t testing.TB, a *arch, code []byte) *state {
	t.Helper()
	m := &memory{p: Program{Read: func(uint64, []byte) error { return errors.New("nothing to read") }}, loaded: map[string]bool{}}
	s := a.entry(nil)
	for at := 0; at < len(code); {
		f := a.step(m, s, base+uint64(at), code[at:])
		if f.kind == flowBad {
			t.Fatalf("no instruction at %d", at)
		}
		at += f.size
	}
	return s
}

func TestARM64Instructions(t *testing.T) {
	for _, tt := range formsARM64 {
		t.Run(tt.name, func(t *testing.T) {
			s := straight(t, arm64, bytesOf(t, tt.code))
			if diff := cmp.Diff(tt.want, s.reg[tt.reg].String()); diff != "" {
				t.Errorf("%s: %s", tt.asm, diff)
			}
		})
	}
}

func TestX86Instructions(t *testing.T) {
	for _, tt := range formsX86 {
		t.Run(tt.name, func(t *testing.T) {
			s := straight(t, x8664, bytesOf(t, tt.code))
			if diff := cmp.Diff(tt.want, s.reg[tt.reg].String()); diff != "" {
				t.Errorf("%s: %s", tt.asm, diff)
			}
		})
	}
}
