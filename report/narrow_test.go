package report

import (
	"bytes"
	"io"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/runner"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// narrowings are a proposal of each kind, and one in which every string is evil.
func narrowings() []check.Narrowing {
	return []check.Narrowing{
		{Path: "build/Acme.app/Contents/MacOS/Acme", Archs: []string{"x86_64", "arm64"}, Hardened: true, Proposals: []evidence.Proposal{
			{Entitlement: unsigned, Change: evidence.Remove, Certainty: evidence.Open, Why: "allow-jit alone should do", Evidence: nothing(unsigned)},
			{Entitlement: camera, Change: evidence.Keep, Certainty: evidence.Open, Why: "the code says nothing of it"},
			{Entitlement: allowJIT, Change: evidence.Add, Certainty: evidence.Certain, Why: "calls mmap with MAP_JIT on some path", Evidence: assessed(allowJIT)},
		}},
		{Path: "build/Acme.app/Contents/MacOS/helper", Archs: []string{"arm64"}},
		{Path: evil, Archs: []string{evil}, Proposals: []evidence.Proposal{{Entitlement: evil, Change: evidence.Keep, Certainty: evidence.Likely, Why: evil, Evidence: vicious()}}},
	}
}

func TestNarrow(t *testing.T) {
	var b bytes.Buffer
	if err := NarrowText(&b, narrowings(), TextOptions{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "narrow.txt", b.Bytes())
	var log bytes.Buffer
	if err := NarrowText(sanitise.Log(&log), narrowings(), TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if got := runner.Annotations(log.String()); len(got) > 0 {
		t.Errorf("the runner finds %v", got)
	}
	holds(t, "../schema/narrow.v1.schema.json", asValue(t, func(w io.Writer) error { return NarrowJSON(w, narrowings(), "1.0.0") }))
}
