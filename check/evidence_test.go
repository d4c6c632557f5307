package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/internal/machotest"
)

const (
	dyld      = "com.apple.security.cs.allow-dyld-environment-variables"
	libraries = "com.apple.security.cs.disable-library-validation"
	camera    = "com.apple.security.device.camera"
)

func TestEvidenceIsJudged(t *testing.T) {
	const lax = "version: 1\nsettings: {unlisted: allow, unused-exceptions: note}\nstages: {release: {}}\n"
	rule := func(key, more string) string {
		return lax + "rules: [{entitlement: " + key + ", action: require-justification" + more + "}]\nexceptions:" + complete("E1", key, "identifier: com.acme.app")
	}
	v8 := evidence.Engine{Name: "V8", Version: "12.4", Category: "javascript-engine", Generates: true}
	pcre := evidence.Engine{Name: "PCRE with sljit", Category: "regex-jit", Generates: true}
	maps := evidence.Item{Need: evidence.MapJIT, Strength: evidence.Proves, Symbol: "_mmap", Text: "calls mmap with MAP_JIT"}
	regex := strings.Replace(rule(jit, ""), "javascript-engine", "regex-jit", 1)
	for _, row := range []struct {
		name   string
		policy string
		claims []any
		code   *evidence.Code
		want   []string
	}{
		{"an exception that the code supports", rule(jit, ""), []any{jit, true}, &evidence.Code{Items: []evidence.Item{maps}}, nil},
		{"one that nothing supports is told of", rule(jit, ""), []any{jit, true}, &evidence.Code{}, []string{"warning unsupported-exception " + jit}},
		{"less where the code tells less", rule(libraries, ""), []any{libraries, true}, &evidence.Code{}, []string{"note unsupported-exception " + libraries}},
		{"and approves nothing where evidence is required", rule(jit, ", evidence: required"), []any{jit, true}, &evidence.Code{}, []string{"error unsupported-exception " + jit}},
		{"at the level of the rule", rule(jit, ", evidence: required, level: warning"), []any{jit, true}, &evidence.Code{}, []string{"warning unsupported-exception " + jit}},
		{"nobody looks where it is off", rule(jit, ", evidence: off"), []any{jit, true}, &evidence.Code{}, nil},
		{"code that was not looked at is told of where evidence is required", rule(jit, ", evidence: required"), []any{jit, true}, nil, []string{"error unsupported-exception " + jit}},
		{"and not where it is not", rule(jit, ""), []any{jit, true}, nil, nil},
		{"an entitlement of which code says nothing has no evidence", rule(camera, ", evidence: required"), []any{camera, true}, &evidence.Code{}, []string{"error unsupported-exception " + camera}},
		{"a category that is not that of the engine", regex, []any{jit, true}, &evidence.Code{Items: []evidence.Item{maps}, Engines: []evidence.Engine{v8}}, []string{"warning contradicted-exception " + jit}},
		{"a category that is that of one of the engines", regex, []any{jit, true}, &evidence.Code{Items: []evidence.Item{maps}, Engines: []evidence.Engine{v8, pcre}}, nil},
		{"a category of which no engine is known", regex, []any{jit, true}, &evidence.Code{Items: []evidence.Item{maps}}, nil},
		{"a wider entitlement than the code needs", lax, []any{unsigned, true}, &evidence.Code{Items: []evidence.Item{maps}}, []string{"warning broader-than-needed " + unsigned}},
		{
			"is told of once beside an exception for it", rule(unsigned, ""),
			[]any{unsigned, true},
			&evidence.Code{Items: []evidence.Item{maps}},
			[]string{"warning broader-than-needed " + unsigned},
		},
		{"MAP_JIT that nothing permits", lax, nil, &evidence.Code{Items: []evidence.Item{maps}}, []string{"warning unclaimed-jit " + jit}},
		{"MAP_JIT that is only suggested", lax, nil, &evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Suggests, Text: "has V8"}}}, nil},
		{"variables and libraries of anybody", lax, []any{dyld, true, libraries, true}, nil, []string{"warning code-injection " + dyld}},
		{"one of them, and the other one denied to itself", lax, []any{dyld, true, libraries, false}, nil, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := binary(t, "Acme", hardened(row.claims...).Bytes())
			b.Slices[0].Code = row.code
			r := check.Evaluate(input(t, parse(t, row.policy), "release", b))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

// What is not hardened is not permitted anything by an exception, and forbidden nothing.
func TestCodeWithoutTheHardenedRuntimeIsNotAdvised(t *testing.T) {
	m := hardened(unsigned, true)
	m.Signature.Flags = 0
	b := binary(t, "Acme", m.Bytes())
	b.Slices[0].Code = &evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "calls mmap with MAP_JIT"}}}
	const lax = "version: 1\nsettings: {unlisted: allow}\nstages: {release: {}}\n"
	if got := lines(check.Evaluate(input(t, parse(t, lax), "release", b))); len(got) > 0 {
		t.Error(got)
	}
}

// What a library claims does nothing, and its code supports nothing of it.
func TestEvidenceSaysThatEntitlementsOfALibraryDoNothing(t *testing.T) {
	m := hardened(jit, true)
	m.FileType = machotest.MHDylib
	b := binary(t, "libacme.dylib", m.Bytes())
	b.Slices[0].Code = &evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "calls mmap with MAP_JIT"}}}
	r := check.Evaluate(input(t, parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {}}\n"), "release", b))
	a := r.Binaries[0].Claims[0].Evidence
	if a == nil || a.Strength != evidence.None || !strings.HasPrefix(a.Text, "it does nothing here") {
		t.Errorf("%+v", a)
	}
}

// Slices that the code supports differently are told apart.
func TestClaimsOfSlicesWithOtherEvidenceAreTold(t *testing.T) {
	intel := hardened(jit, true)
	intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
	b := binary(t, "Acme", machotest.Fat{Slices: []machotest.Slice{{Binary: intel}, {Binary: hardened(jit, true)}}}.Bytes())
	maps := evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "calls mmap with MAP_JIT"}}}
	b.Slices[0].Code, b.Slices[1].Code = &maps, &maps
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {}}\n")
	if claims := check.Evaluate(input(t, p, "release", b)).Binaries[0].Claims; len(claims) != 1 || len(claims[0].Evidence.Items) != 1 {
		t.Errorf("with the same evidence: %+v", claims)
	}
	b.Slices[1].Code = &evidence.Code{}
	if claims := check.Evaluate(input(t, p, "release", b)).Binaries[0].Claims; len(claims) != 2 {
		t.Errorf("with other evidence: %+v", claims)
	}
}

// A copy beside which the library with the engine is not needs the exception no less for
// what the other one has.
func TestEvidenceOfCopiesIsThatOfTheWeakest(t *testing.T) {
	maps := evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "calls mmap with MAP_JIT"}}}
	program := hardened(jit, true)
	var list []check.Binary
	for _, dir := range []string{"A.app/Contents/One", "A.app/Contents/Two"} {
		b := binary(t, dir+"/tool", program.Bytes())
		b.Outer, b.Slices[0].Code = "A.app", &evidence.Code{Loads: []evidence.Load{{Name: "@loader_path/engine.dylib", Weak: true}}}
		list = append(list, b)
	}
	m := hardened()
	m.FileType = machotest.MHDylib
	engine := binary(t, "A.app/Contents/One/engine.dylib", m.Bytes())
	engine.Outer, engine.Slices[0].Code = "A.app", &maps
	p := parse(t, "version: 1\nsettings: {unlisted: allow}\nstages: {release: {}}\n")
	r := check.Evaluate(input(t, p, "release", append(list, engine)...))
	for _, b := range r.Binaries {
		if len(b.Claims) > 0 && (len(b.Paths) != 2 || b.Claims[0].Evidence.Strength != evidence.None) {
			t.Errorf("%v: %+v", b.Paths, b.Claims[0].Evidence)
		}
	}
}

// Of two copies of a program one loads the engine, beside the other it only lies where it may be
// loaded, which does not count where evidence is required: whichever of them comes first.
func TestRequiredEvidenceHasToBeThatOfEachCopy(t *testing.T) {
	for _, beside := range []string{"One", "Two"} {
		program := hardened(jit, true)
		var list []check.Binary
		for _, dir := range []string{"One", "Two"} {
			b := binary(t, "A.app/Contents/"+dir+"/tool", program.Bytes())
			b.Outer, b.Slices[0].Code = "A.app", &evidence.Code{
				Loads: []evidence.Load{{Name: "@loader_path/engine.dylib", Weak: true}},
				Items: []evidence.Item{{Need: evidence.ForeignCode, Strength: evidence.Consistent, Text: "dlopen"}},
			}
			list = append(list, b)
		}
		m := hardened()
		m.FileType = machotest.MHDylib
		engine := binary(t, "A.app/Contents/"+beside+"/engine.dylib", m.Bytes())
		engine.Outer, engine.Slices[0].Code = "A.app", &evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Suggests, Text: "has V8"}}}
		p := parse(t, "version: 1\nsettings: {unlisted: allow, unused-exceptions: note}\nstages: {release: {}}\nrules: [{entitlement: "+jit+
			", action: require-justification, evidence: required}]\nexceptions:"+complete("E1", jit, "identifier: com.acme.app"))
		if diff := cmp.Diff([]string{"error unsupported-exception " + jit}, lines(check.Evaluate(input(t, p, "release", append(list, engine)...)))); diff != "" {
			t.Errorf("with the engine in %s: %s", beside, diff)
		}
	}
}

// codesign signs all slices with one file: what one of them needs, all claim.
func TestEvidenceOfOneSliceIsForAll(t *testing.T) {
	maps := evidence.Code{Items: []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Symbol: "_mmap", Text: "calls mmap with MAP_JIT"}}}
	plain := evidence.Code{Items: []evidence.Item{{Need: evidence.UnsignedMemory, Strength: evidence.Proves, Symbol: "_mmap", Text: "calls mmap without"}}}
	const lax = "version: 1\nsettings: {unlisted: allow, unused-exceptions: note}\nstages: {release: {}}\n"
	rule := func(key, more string) string {
		return lax + "rules: [{entitlement: " + key + ", action: require-justification" + more + "}]\nexceptions:" + complete("E1", key, "identifier: com.acme.app")
	}
	for _, row := range []struct {
		name       string
		policy     string
		claims     []any
		intel, arm evidence.Code
		want       []string
		narrow     []string
	}{
		{
			"one slice needs the wider one", lax,
			[]any{unsigned, true},
			plain, maps, nil,
			[]string{"keep " + unsigned},
		},
		{
			"one slice needs the narrower one, and the other none", lax,
			[]any{unsigned, true},
			evidence.Code{},
			maps,
			[]string{"warning broader-than-needed " + unsigned},
			[]string{"remove " + unsigned, "add " + jit},
		},
		{
			"for each slice another narrower one would do", lax,
			[]any{pages, true},
			plain, maps,
			[]string{"warning broader-than-needed " + pages},
			[]string{"remove " + pages, "add " + jit, "add " + unsigned},
		},
		{
			"evidence that is required is in one slice", rule(jit, ", evidence: required"),
			[]any{jit, true},
			evidence.Code{},
			maps, nil,
			[]string{"keep " + jit},
		},
		{
			"evidence is in one slice", rule(jit, ""),
			[]any{jit, true},
			evidence.Code{},
			maps, nil,
			[]string{"keep " + jit},
		},
		{
			"evidence that is required is in none", rule(jit, ", evidence: required"),
			[]any{jit, true},
			evidence.Code{},
			evidence.Code{},
			[]string{"error unsupported-exception " + jit},
			[]string{"remove " + jit},
		},
		{
			"nothing is claimed of what one slice does", lax, nil,
			evidence.Code{},
			maps,
			[]string{"warning unclaimed-jit " + jit},
			[]string{"add " + jit},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			intel := hardened(row.claims...)
			intel.CPU, intel.SubCPU = machotest.CPUX86_64, machotest.SubX86All
			b := binary(t, "Acme", machotest.Fat{Slices: []machotest.Slice{{Binary: intel}, {Binary: hardened(row.claims...)}}}.Bytes())
			b.Slices[0].Code, b.Slices[1].Code = &row.intel, &row.arm
			r := check.Evaluate(input(t, parse(t, row.policy), "release", b))
			if diff := cmp.Diff(row.want, lines(r)); diff != "" {
				t.Error(diff)
			}
			for _, c := range r.Binaries[0].Claims {
				told := slices.ContainsFunc(row.want, func(line string) bool { return strings.Contains(line, check.RuleBroaderThanNeeded) })
				if strings.HasPrefix(c.Evidence.Text, "allow-") && !told {
					t.Errorf("it is told that the narrower one would do: %s", c.Evidence.Text)
				}
			}
			list := check.Narrow([]check.Binary{b})
			if len(list) != 1 || len(list[0].Archs) != 2 {
				t.Fatalf("%+v", list)
			}
			var got []string
			for _, p := range list[0].Proposals {
				got = append(got, string(p.Change)+" "+p.Entitlement)
			}
			if diff := cmp.Diff(row.narrow, got); diff != "" {
				t.Errorf("narrow: %s", diff)
			}
		})
	}
}
