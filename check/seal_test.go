package check_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

func TestEvaluateExcusesBundlesThatAreDeveloped(t *testing.T) {
	const app = "build/Acme.app"
	problem := func(kind seal.Kind) *seal.Result {
		return &seal.Result{Problems: []seal.Problem{{Kind: kind, Path: "x"}}}
	}
	linked := machotest.Binary{Signature: machotest.LinkerSigned("Acme")}
	nested := &seal.Result{Nested: []seal.Nested{{Path: "B.app", Dir: true}}}
	for _, row := range []struct {
		name      string
		code      machotest.Binary
		seal      *seal.Result
		outer     *seal.Result // of the app around it
		released  string       // level and rule in stage release, or nothing
		developed string       // the same in stage development
	}{
		{"no seal", hardened(), problem(seal.NoSeal), nil, "error broken-seal", "note broken-seal"},
		{"no seal where the linker signed", linked, problem(seal.NoSeal), nil, "error broken-seal", "note broken-seal"},
		{"no seal in a bundle that is sealed", hardened(), problem(seal.NoSeal), nested, "error broken-seal", "error broken-seal"},
		{"a change where the linker signed", linked, problem(seal.Changed), nil, "error broken-seal", "note broken-seal"},
		{"a change in a bundle that is sealed, where the linker signed", linked, problem(seal.Changed), nested, "error broken-seal", "error broken-seal"},
		{"a change", hardened(), problem(seal.Changed), nil, "error broken-seal", "error broken-seal"},
		{"what cannot be read, where the linker signed", linked, problem(seal.Unreadable), nil, "error unreadable", "error unreadable"},
		{"a seal of before OS X 10.9", hardened(), problem(seal.WeakEnvelope), nil, "error broken-seal", "warning broken-seal"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, app+"/B.app/x", row.code.Bytes())
			b.Bundle, b.Main, b.Seal = &check.Bundle{Path: app + "/B.app"}, true, row.seal
			all := []check.Binary{b}
			if row.outer != nil {
				o := binary(t, app+"/x", hardened().Bytes())
				o.Bundle, o.Main, o.Seal = &check.Bundle{Path: app}, true, row.outer
				all = append(all, o)
			}
			for stage, want := range map[string]string{"release": row.released, "development": row.developed} {
				in := input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}, development: {require: []}}\n"), stage, all...)
				got := ""
				for _, f := range check.Evaluate(in).Findings {
					if f.Paths[0] == app+"/B.app/x" && (f.Rule == check.RuleBrokenSeal || f.Rule == check.RuleUnreadable) {
						got = string(f.Level) + " " + f.Rule
					}
				}
				if got != want {
					t.Errorf("%s: %q, want %q", stage, got, want)
				}
			}
		})
	}
}

func TestEvaluateTellsOfSealsThatWereNotFound(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(b *check.Binary)
		want []string
	}{
		{"in a plain folder", func(*check.Binary) {}, []string{"warning broken-seal"}},
		{"in a bundle", func(b *check.Binary) { b.Bundle = &check.Bundle{Path: "A.app"} }, []string{"error broken-seal"}},
		{"below a folder that only bundles have", func(b *check.Binary) { b.Part = true }, []string{"error broken-seal"}},
		{"of a file that was given by name", func(b *check.Binary) { b.Given = true }, nil},
		{"of code that seals nothing", func(b *check.Binary) { b.Slices[0].Resources = codesign.None }, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "x", hardened().Bytes())
			b.Slices[0].Resources = codesign.NotPresent
			row.edit(&b)
			r := check.Evaluate(input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\n"), "release", b))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
