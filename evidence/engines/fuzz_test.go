package engines_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/evidence/engines"
	"github.com/google/go-cmp/cmp"
)

// samples are sections with clues at their borders, around the limit of what is kept of
// a string, and in text that has no zeros.
func samples() [][]byte {
	text := strings.Repeat("called `Option::unwrap()` on a `None` value", 7)
	return [][]byte{
		nil,
		[]byte(flag + "\x00" + blob),
		[]byte("\x00\x00" + flag + "\x00\x00\x00\x01\x00" + blob + "\x0012.4.254.21-node.56\x00"),
		[]byte(text + cargo + "cranelift-codegen-0.117.2/src/a.rs" + text + cargo + "regalloc2-0.11.1/src/b.rs" + text),
		[]byte(text[:255] + "\x00" + text[:256] + "\x00" + text[:257] + "\x00" + sljit + "\x0010.46 2025-08-27\x00"),
		[]byte("MCJIT::runFunction does not support full-featured argument passing." + text + "\x00JIT session error: \x00"),
		bytes.Repeat([]byte("LuaJIT 2.\x00ruby 9\x00"), 50),
		[]byte("-1-2cranelift-codegen-1/src/regalloc2-2/src/" + strings.Repeat("-9", 200)),
	}
}

func TestChunksMayEndAnywhere(t *testing.T) {
	for _, s := range samples() {
		for cut := range s {
			chunked(t, s, cut)
		}
	}
}

// chunked compares what is met in a section as a whole and in chunks of a size.
func chunked(t *testing.T, section []byte, size int) {
	t.Helper()
	var m engines.Matcher
	for rest := section; len(rest) > 0; {
		n := min(len(rest), size+1)
		m.Strings(bytes.Clone(rest[:n]))
		rest = rest[n:]
	}
	m.End()
	if diff := cmp.Diff(met(string(section)), m.Engines()); diff != "" {
		t.Fatalf("in chunks of %d: %s", size+1, diff)
	}
}

func FuzzMatcher(f *testing.F) {
	seeds := samples()
	if len(seeds) == 0 {
		f.Fatal("no seeds")
	}
	for _, s := range seeds {
		f.Add(s, 7)
	}
	f.Fuzz(func(t *testing.T, section []byte, size int) {
		chunked(t, section, max(size, 0)%1000)
		var m engines.Matcher
		m.Strings(section)
		m.End()
		for _, name := range bytes.Split(section, []byte{0}) {
			m.Symbol(name)
		}
		for _, e := range m.Engines() {
			if len(e.Version) > 48 || strings.ContainsFunc(e.Version, func(r rune) bool { return r <= ' ' || r > '~' }) {
				t.Errorf("version %q of %s", e.Version, e.Name)
			}
			if len(e.Rests) < 2 || len(e.Rests) > 20 {
				t.Errorf("%s rests on %q", e.Name, e.Rests)
			}
		}
	})
}
