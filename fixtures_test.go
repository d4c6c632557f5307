package main

import (
	"archive/zip"
	"bytes"
	"debug/macho"
	"encoding/csv"
	"io"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The programs of testdata/evidence: every one has its source and says what it does, in each of its builds, and the
// reverse. testdata/README.md says what the columns of expected.tsv mean.

const evidence = "testdata/evidence"

var (
	evidenceArchs     = map[string]macho.Cpu{"arm64": macho.CpuArm64, "x86_64": macho.CpuAmd64}
	evidenceBuilds    = []string{"O0", "O2", "release"}
	evidenceFacts     = []string{"map-jit", "unsigned-memory", "page-protection", "debugger", "loads-code", "dyld-environment", "none"}
	evidenceStrengths = []string{"proves", "suggests", "consistent", "none"}
	evidenceTypes     = map[string]macho.Type{"": macho.TypeExec, ".app": macho.TypeExec, ".dylib": macho.TypeDylib, ".bundle": macho.TypeBundle}
)

// expectation is a row of expected.tsv.
type expectation struct {
	file, arch, build, fact, function, from, strength, reason string
}

// of tells whether the row is about a build of a program for an architecture.
func (e expectation) of(file, arch, build string) bool {
	return e.file == file && (e.arch == "both" || e.arch == arch) &&
		(e.build == "all" || slices.Contains(strings.Split(e.build, ","), build))
}

func TestEachProgramOfTheEvidenceHasItsSourceAndSaysWhatItDoes(t *testing.T) {
	expected := readExpected(t)
	var want []string
	for _, file := range slices.Sorted(maps.Keys(evidenceSources(t))) {
		for arch := range evidenceArchs {
			for _, build := range evidenceBuilds {
				want = append(want, path.Join(arch, build, file))
			}
		}
	}
	slices.Sort(want)
	got := map[string]bool{}
	sources := evidenceSources(t)
	for name, content := range evidencePrograms(t) {
		parts := strings.Split(name, "/")
		arch, build, file := parts[0], parts[1], parts[2]
		got[path.Join(arch, build, file)] = true
		if path.Base(name) == "Info.plist" {
			continue
		}
		f, err := macho.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if want := evidenceTypes[path.Ext(name)]; f.Cpu != evidenceArchs[arch] || f.Type != want {
			t.Errorf("%s: is for %v, of type %v; want %v, %v", name, f.Cpu, f.Type, evidenceArchs[arch], want)
		}
		if sources[path.Base(name)] == "" && sources[path.Base(name)+".app"] == "" {
			t.Errorf("%s has no source", name)
		}
		checkExpected(t, name, f, expected)
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("programs that the sources make (-), and that are there (+):\n%s", diff)
	}
}

// checkExpected holds a program that stands by itself against what it is said to do: the functions are in its symbols,
// if it has any, and none that does something is said to do nothing.
func checkExpected(t *testing.T, name string, f *macho.File, expected []expectation) {
	t.Helper()
	parts := strings.Split(name, "/")
	arch, build, file := parts[0], parts[1], parts[2]
	facts := map[string]bool{}
	for _, e := range expected {
		if !e.of(file, arch, build) {
			continue
		}
		if facts[e.fact] {
			t.Errorf("%s: two rows for %s", name, e.fact)
		}
		facts[e.fact] = true
		for _, function := range []string{e.function, e.from} {
			if function == "-" || build == "release" || len(parts) > 3 {
				continue
			}
			if !slices.ContainsFunc(f.Symtab.Syms, func(s macho.Symbol) bool { return s.Name == "_"+function && s.Sect != 0 }) {
				t.Errorf("%s: no function %s", name, function)
			}
		}
	}
	if len(facts) == 0 || facts["none"] && len(facts) > 1 {
		t.Errorf("%s: said to do %v", name, slices.Sorted(maps.Keys(facts)))
	}
}

func TestWhatTheEvidenceIsSaidToBeIsWellFormed(t *testing.T) {
	sources := evidenceSources(t)
	for _, e := range readExpected(t) {
		source, ok := sources[e.file]
		switch {
		case !ok:
			t.Errorf("%s: no source", e.file)
		case !slices.Contains(evidenceFacts, e.fact) || !slices.Contains(evidenceStrengths, e.strength):
			t.Errorf("%s: %s, %s: not a fact and a strength", e.file, e.fact, e.strength)
		case e.reason == "":
			t.Errorf("%s: no reason", e.file)
		case path.Ext(e.file) != ".app" && !strings.Contains(source, e.function+"("):
			t.Errorf("%s: the source has no function %s", e.file, e.function)
		}
	}
}

// evidenceSources returns the sources by the names of what is made of them.
func evidenceSources(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(evidence + "/*.c")
	if err != nil || len(files) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	sources := map[string]string{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(file), ".c")
		switch kind, _, _ := strings.Cut(name, "-"); kind {
		case "library":
			name += ".dylib"
		case "plug":
			name += ".bundle"
		case "app":
			name += ".app"
		}
		sources[name] = string(b)
	}
	return sources
}

func readExpected(t *testing.T) (list []expectation) {
	t.Helper()
	f, err := os.Open(evidence + "/expected.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.Comment, r.LazyQuotes = '\t', '#', true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		list = append(list, expectation{row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]})
	}
	return list
}

// evidencePrograms returns what is in programs.zip, by its path there.
func evidencePrograms(t *testing.T) map[string][]byte {
	t.Helper()
	z, err := zip.OpenReader(evidence + "/programs.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, entry := range z.File {
		f, err := entry.Open()
		if err != nil {
			t.Fatal(err)
		}
		if files[entry.Name], err = io.ReadAll(f); err != nil {
			t.Fatal(err)
		}
		f.Close()
	}
	return files
}
