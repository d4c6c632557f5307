package docs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/policy"
)

// The text that the document shows is what is signed of this exception.
func TestCanonicalTextIsAsDocumented(t *testing.T) {
	p, err := policy.Parse("codewarrant.yml", []byte(`version: 1
policy-id: acme/desktop
exceptions:
  - id: EXC-2026-014
    entitlement: com.apple.security.cs.allow-jit
    value: true
    applies-to: {identifier: com.acme.app, versions: ">=3.2 <4"}
    category: javascript-engine
    justification: V8 in the renderer compiles JavaScript.
    owner: "@acme/desktop"
    approved-on: 2026-11-23
    expires: 2027-04-30
`))
	if err != nil {
		t.Fatal(err)
	}
	text, err := p.Exceptions[0].Canonical()
	if err != nil {
		t.Fatal(err)
	}
	page := read(t, "design/0008-signed-approvals.md")
	if diff := cmp.Diff([]string{string(text)}, texts(blocks(t, page), "json")); diff != "" {
		t.Error(diff)
	}
}
