package check_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

func TestEvaluateLooksForNestedCode(t *testing.T) {
	const app = "build/Acme.app"
	signed, unsigned := hardened().Bytes(), machotest.Binary{}.Bytes()
	main := func(bundle string, code []byte) check.Binary {
		b := binary(t, bundle+"/x", code)
		b.Bundle, b.Main = &check.Bundle{Path: bundle}, true
		return b
	}
	version := func(framework string, code []byte) check.Binary {
		b := main(framework+"/Versions/A", code)
		b.Framework = &check.Framework{Path: framework}
		return b
	}
	for _, row := range []struct {
		name   string
		nested seal.Nested
		code   check.Binary
		found  bool
	}{
		{"a file", seal.Nested{Path: "lib"}, binary(t, app+"/lib", signed), true},
		{"a file that is not signed", seal.Nested{Path: "lib"}, binary(t, app+"/lib", unsigned), false},
		{"another file", seal.Nested{Path: "lib"}, binary(t, app+"/lib2", signed), false},
		{"a bundle", seal.Nested{Path: "B.app", Dir: true}, main(app+"/B.app", signed), true},
		{"a bundle that is not signed", seal.Nested{Path: "B.app", Dir: true}, main(app+"/B.app", unsigned), false},
		{"a bundle of whose files another is signed", seal.Nested{Path: "B.app", Dir: true}, binary(t, app+"/B.app/lib", signed), false},
		{"a file where a bundle is sealed", seal.Nested{Path: "B.app", Dir: true}, binary(t, app+"/B.app", signed), false},
		{"a framework", seal.Nested{Path: "F.framework", Dir: true}, version(app+"/F.framework", signed), true},
		{"a framework named Versions", seal.Nested{Path: "Versions", Dir: true}, version(app+"/Versions", signed), true},
		{"a bundle in a framework", seal.Nested{Path: "F.framework", Dir: true}, main(app+"/F.framework/B.app", signed), false},
		{"a framework of that name elsewhere", seal.Nested{Path: "F.framework", Dir: true}, version("F.framework", signed), false},
		{"a bundle in a folder named Versions, of no framework", seal.Nested{Path: "B.app", Dir: true}, main(app+"/B.app/Versions/B.app", signed), false},
	} {
		t.Run(row.name, func(t *testing.T) {
			outer := main(app, signed)
			outer.Seal = &seal.Result{Nested: []seal.Nested{row.nested}}
			r := check.Evaluate(input(t, parse(t, "version: 1\n"), "development", outer, row.code))
			found := true
			for _, f := range r.Findings {
				found = found && !strings.HasPrefix(f.Message, "nested code")
			}
			if found != row.found {
				t.Errorf("found: %v, want %v", found, row.found)
			}
		})
	}
}
