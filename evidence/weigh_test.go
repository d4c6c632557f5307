package evidence_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/evidence"
)

const (
	allowJIT          = "com.apple.security.cs.allow-jit"
	allowUnsigned     = "com.apple.security.cs.allow-unsigned-executable-memory"
	disableProtection = "com.apple.security.cs.disable-executable-page-protection"
	disableValidation = "com.apple.security.cs.disable-library-validation"
	allowDyld         = "com.apple.security.cs.allow-dyld-environment-variables"
	getTaskAllow      = "com.apple.security.get-task-allow"
)

// has is code with one item.
func has(need evidence.Need, s evidence.Strength, text string) *evidence.Code {
	return &evidence.Code{Items: []evidence.Item{{Need: need, Strength: s, Text: text}}}
}

func gap(text string, needs ...evidence.Need) *evidence.Code {
	return &evidence.Code{Gaps: []evidence.Gap{{Needs: needs, Text: text}}}
}

var ours = evidence.Signer{Team: "A1B2C3D4E5", Valid: true}

// image is a file of the program's own team.
func image(path string, code *evidence.Code) evidence.Image {
	return evidence.Image{Path: path, Code: code, Signer: ours}
}

func process(images ...evidence.Image) evidence.Process { return evidence.Process{Images: images} }

// tell writes an assessment in a line.
func tell(a evidence.Assessment) string {
	var parts []string
	for _, c := range a.Items {
		parts = append(parts, fmt.Sprintf("%s %s %s", c.Strength, c.Path, c.Text))
	}
	if a.More > 0 {
		parts = append(parts, fmt.Sprintf("%d more", a.More))
	}
	for _, g := range a.Gaps {
		parts = append(parts, strings.TrimSpace("gap "+g.Path+" "+g.Text))
	}
	return fmt.Sprintf("%s (%s) %s", a.Strength, a.Text, strings.Join(parts, "; "))
}

func TestWeigh(t *testing.T) {
	jit := has(evidence.MapJIT, evidence.Proves, "maps")
	plugIn := image("plug", jit)
	plugIn.May = true
	for _, row := range []struct {
		name    string
		process evidence.Process
		key     string
		want    string
	}{
		{
			"what the program does counts", process(image("app", jit)), allowJIT,
			"proves () proves app maps",
		},
		{
			"what a library does counts as much", process(image("app", &evidence.Code{}), image("lib", jit)), allowJIT,
			"proves () proves lib maps",
		},
		{
			"what may be loaded proves nothing", process(image("app", &evidence.Code{}), plugIn), allowJIT,
			"suggests () suggests plug maps",
		},
		{
			"nothing is found", process(image("app", &evidence.Code{})), allowJIT,
			"none (no call that maps memory with MAP_JIT, and no known generator of machine code) ",
		},
		{
			"what could not be followed is told where it may hide the need", process(image("app", gap("calls", evidence.MapJIT))), allowJIT,
			"none (no call that maps memory with MAP_JIT, and no known generator of machine code) gap app calls",
		},
		{
			"and not where it may not", process(image("app", gap("calls", evidence.MapJIT))), allowDyld,
			"none (no DYLD_ variable is named; others may set them, when they start the program) ",
		},
		{
			"a library that was not looked into is a gap", process(image("app", &evidence.Code{}), image("lib", nil)), allowJIT,
			"none (no call that maps memory with MAP_JIT, and no known generator of machine code) gap lib not looked into",
		},
		{
			"memory with MAP_JIT does not need the wider entitlement", process(image("app", jit)), allowUnsigned,
			"none (allow-jit alone should do: memory is mapped with MAP_JIT, and nothing was found that is executable without it) ",
		},
		{
			"memory without MAP_JIT needs more", process(image("app", has(evidence.UnsignedMemory, evidence.Proves, "writes"))), allowJIT,
			"none (memory is made executable without MAP_JIT, for which it is not enough) ",
		},
		{
			"the widest permits what the others do", process(image("app", has(evidence.UnsignedMemory, evidence.Proves, "writes"))), disableProtection,
			"consistent (allow-unsigned-executable-memory alone should do: nothing was found that writes into executable pages of files) consistent app writes",
		},
		{
			"libraries of the same team need no exception", process(image("app", &evidence.Code{}), image("lib", &evidence.Code{})), disableValidation,
			"none (the libraries here that it loads or may load (1) are signed by its own team or by Apple) ",
		},
		{
			"a library of Apple's needs none either",
			process(image("app", &evidence.Code{}), evidence.Image{Path: "lib", Code: &evidence.Code{}, Signer: evidence.Signer{Valid: true, Apple: true}}), disableValidation,
			"none (the libraries here that it loads or may load (1) are signed by its own team or by Apple) ",
		},
		{
			"a library of another team needs one",
			process(image("app", &evidence.Code{}), evidence.Image{Path: "lib", Code: &evidence.Code{}, Signer: evidence.Signer{Team: "26QKX55P9K", Valid: true}}), disableValidation,
			"proves () proves lib is loaded and is signed by team 26QKX55P9K",
		},
		{
			"a library that names the team and does not verify needs one",
			process(image("app", &evidence.Code{}), evidence.Image{Path: "lib", Code: &evidence.Code{}, Signer: evidence.Signer{Team: "A1B2C3D4E5"}}), disableValidation,
			"proves () proves lib is loaded and is signed in a way that does not verify",
		},
		{
			"a weak library of nobody's proves nothing",
			process(image("app", &evidence.Code{}), evidence.Image{Path: "lib", Code: &evidence.Code{}, Weak: true}), disableValidation,
			"suggests () suggests lib is loaded and is signed by nobody",
		},
		{
			"no code needs a debugger", process(image("app", jit)), getTaskAllow,
			"none (no code needs it: it lets debuggers attach to the program, and belongs in no release) ",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			a, ok := evidence.Weigh(row.process, row.key)
			if !ok {
				t.Fatal("nothing is said")
			}
			if diff := cmp.Diff(row.want, tell(a)); diff != "" {
				t.Error(diff)
			}
		})
	}
	if _, ok := evidence.Weigh(process(image("app", jit)), "com.apple.security.app-sandbox"); ok {
		t.Error("something is said of an entitlement of which code says nothing")
	}
}

// The strongest items are told first, the program's own before those of libraries, and
// no more than a few.
func TestWeighTellsTheStrongestFirst(t *testing.T) {
	var images []evidence.Image
	for i := range 12 {
		images = append(images, image(fmt.Sprint("lib", i), has(evidence.MapJIT, evidence.Consistent, "flushes")))
	}
	images[7].Code = has(evidence.MapJIT, evidence.Proves, "maps")
	a, _ := evidence.Weigh(process(images...), allowJIT)
	if len(a.Items) != 8 || a.More != 4 || a.Items[0].Path != "lib7" || a.Items[1].Path != "lib0" {
		t.Error(tell(a))
	}
}

func TestNarrow(t *testing.T) {
	jit := has(evidence.MapJIT, evidence.Proves, "maps")
	for _, row := range []struct {
		name    string
		process evidence.Process
		claimed []string
		want    []string
	}{
		{"what is proven stays", process(image("app", jit)), []string{allowJIT}, []string{"keep allow-jit, certain"}},
		{
			"a wider one gives way to a narrower one", process(image("app", jit)),
			[]string{allowUnsigned},
			[]string{"remove allow-unsigned-executable-memory, likely", "add allow-jit, certain"},
		},
		{
			"which is not added twice", process(image("app", jit)),
			[]string{allowJIT, allowUnsigned, disableProtection},
			[]string{"keep allow-jit, certain", "remove allow-unsigned-executable-memory, likely", "remove disable-executable-page-protection, likely"},
		},
		{"what nothing supports goes", process(image("app", &evidence.Code{})), []string{allowJIT}, []string{"remove allow-jit, likely"}},
		{"less surely where not all was followed", process(image("app", gap("calls"))), []string{allowJIT}, []string{"remove allow-jit, open"}},
		{"what is missing is added", process(image("app", jit)), nil, []string{"add allow-jit, certain"}},
		{
			"what is not enough gives way to what is", process(image("app", has(evidence.UnsignedMemory, evidence.Proves, "writes"))),
			[]string{allowJIT},
			[]string{"remove allow-jit, likely", "add allow-unsigned-executable-memory, certain"},
		},
		{"nothing is added where nothing is hardened", process(image("app", jit)), nil, nil},
		{
			"memory of both kinds needs the wider one, unless it is what is tried first",
			process(image("app", &evidence.Code{Items: []evidence.Item{
				{Need: evidence.MapJIT, Strength: evidence.Proves, Text: "maps"},
				{Need: evidence.UnsignedMemory, Strength: evidence.Proves, Symbol: "_mmap", Text: "maps both"},
			}})),
			[]string{allowJIT},
			[]string{"keep allow-jit, certain", "add allow-unsigned-executable-memory, likely"},
		},
		{"others may set the variables", process(image("app", &evidence.Code{})), []string{allowDyld}, []string{"remove allow-dyld-environment-variables, open"}},
		{"of others nothing is said", process(image("app", jit)), []string{allowJIT, "com.apple.security.app-sandbox"}, []string{"keep allow-jit, certain", "keep com.apple.security.app-sandbox, open"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, p := range evidence.Narrow(row.process, row.claimed, row.name != "nothing is added where nothing is hardened") {
				got = append(got, fmt.Sprintf("%s %s, %s", p.Change, strings.TrimPrefix(p.Entitlement, "com.apple.security.cs."), p.Certainty))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestScript(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"a variable that is exported", "#!/bin/sh\nexport DYLD_LIBRARY_PATH=\"$d/lib\"\nexec \"$d/app\"\n", "DYLD_LIBRARY_PATH"},
		{"a variable for one command", "#!/bin/sh\nDYLD_INSERT_LIBRARIES=x.dylib ./app\n", "DYLD_INSERT_LIBRARIES"},
		{"Python's environment", "#!/usr/bin/env python3\nos.environ['DYLD_FRAMEWORK_PATH'] = d\n", "DYLD_FRAMEWORK_PATH"},
		{"a comment", "#!/bin/sh\n# DYLD_LIBRARY_PATH=x is not obeyed\n", ""},
		{"a file that is no script", "DYLD_LIBRARY_PATH=x\n", ""},
		{"a variable that is tested", "#!/bin/sh\n[ -n \"$DYLD_LIBRARY_PATH\" ] && exit\n[ \"$DYLD_LIBRARY_PATH\" = x ]\n", ""},
		{"a message", "#!/bin/sh\necho \"set DYLD_LIBRARY_PATH=/x\"\n", ""},
		{"a variable that is cleared", "#!/bin/sh\nDYLD_LIBRARY_PATH= exec ./app\n", ""},
		{"a variable that is only read", "#!/bin/sh\necho $DYLD_LIBRARY_PATH\n", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			item, _ := evidence.Script("run.sh", []byte(row.text))
			if item.Symbol != row.want {
				t.Errorf("%+v", item)
			}
		})
	}
}

// Of an assessment of much no more is kept than it shows.
func TestAnAssessmentHoldsWhatItShows(t *testing.T) {
	p := process(image("app", &evidence.Code{}))
	for n := range 100 {
		p.Images = append(p.Images, image(fmt.Sprint("lib", n), has(evidence.MapJIT, evidence.Proves, "maps")))
	}
	a, _ := evidence.Weigh(p, allowJIT)
	if len(a.Items)+a.More != 100 || cap(a.Items) > 2*len(a.Items) {
		t.Errorf("%d items are shown, %d more, and there is room for %d", len(a.Items), a.More, cap(a.Items))
	}
}

// Slices of one file of which one is loaded, as the Mac is, say once what both say.
func TestSlicesOfOneFileAreToldOnce(t *testing.T) {
	first, second := has(evidence.MapJIT, evidence.Proves, "maps"), has(evidence.MapJIT, evidence.Proves, "maps")
	first.Items[0].Address, second.Items[0].Address = 1, 2
	second.Items = append(second.Items, evidence.Item{Need: evidence.MapJIT, Strength: evidence.Suggests, Text: "has V8"})
	first.Gaps, second.Gaps = []evidence.Gap{{Text: "lost"}}, []evidence.Gap{{Text: "lost"}}
	p := process(image("app", &evidence.Code{}), image("lib", first), image("lib", second))
	a, _ := evidence.Weigh(p, allowJIT)
	if got, want := tell(a), "proves () proves lib maps; suggests lib has V8; gap lib lost"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if a, _ := evidence.Weigh(p, disableValidation); !strings.Contains(a.Text, "(1)") {
		t.Errorf("it is counted as two: %s", a.Text)
	}
}
