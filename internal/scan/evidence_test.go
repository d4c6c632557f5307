package scan

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
)

// expected is a row of testdata/evidence/expected.tsv, which was written from the sources
// of the programs.
type expected struct {
	file, arch, build, fact, function string
	strength                          evidence.Strength
	reason                            string
}

func readExpected(t *testing.T) []expected {
	t.Helper()
	b, err := os.ReadFile("../../testdata/evidence/expected.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var rows []expected
	for l := range strings.Lines(string(b)) {
		f := strings.Split(strings.TrimSpace(l), "\t")
		if strings.HasPrefix(l, "#") || f[0] == "file" {
			continue
		}
		if len(f) != 8 {
			t.Fatalf("a row of %d columns: %q", len(f), l)
		}
		rows = append(rows, expected{f[0], f[1], f[2], f[3], f[4], evidence.Strength(f[6]), f[7]})
	}
	return rows
}

func (x expected) isFor(arch, build string) bool {
	return (x.arch == "both" || x.arch == arch) && (x.build == "all" || strings.Contains(","+x.build+",", ","+build+","))
}

// needsOf are the needs by which the facts of expected.tsv are told.
var needsOf = map[string]string{
	"map-jit":          "com.apple.security.cs.allow-jit",
	"unsigned-memory":  "com.apple.security.cs.allow-unsigned-executable-memory",
	"page-protection":  "com.apple.security.cs.disable-executable-page-protection",
	"loads-code":       "com.apple.security.cs.disable-library-validation",
	"dyld-environment": "com.apple.security.cs.allow-dyld-environment-variables",
	"debugger":         "com.apple.security.cs.debugger",
}

// Each program that was compiled for it is told to do what its source does, and nothing
// that it does not.
func TestEvidenceIsWhatTheSourcesSay(t *testing.T) {
	found, err := Run(t.Context(), []string{"../../testdata/evidence/programs.zip"}, Options{Depth: Full, Now: time.Now(), Evidence: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range found.Unread {
		t.Errorf("%s: %v", u.Path, u.Err)
	}
	byPath := map[string]evidence.Process{}
	for p := range check.Programs(found.Binaries) {
		byPath[strings.TrimPrefix(p.Binary.Paths[0], "../../testdata/evidence/programs.zip/")] = p.Process
	}
	looked := 0
	rows := readExpected(t)
	for _, arch := range []string{"arm64", "x86_64"} {
		for _, build := range []string{"O0", "O2", "release"} {
			facts := map[string]map[string]bool{} // that are told of each file
			for _, x := range rows {
				if !x.isFor(arch, build) {
					continue
				}
				if facts[x.file] == nil {
					facts[x.file] = map[string]bool{}
				}
				facts[x.file][x.fact] = true
			}
			for _, x := range rows {
				name := path.Join(arch, build, x.file)
				process, ok := byPath[name]
				if app := name + ".app/Contents/MacOS/" + x.file; !ok {
					process, ok = byPath[app]
				}
				if !x.isFor(arch, build) || !ok {
					continue
				}
				looked++
				t.Run(fmt.Sprintf("%s %s", name, x.fact), func(t *testing.T) { x.compare(t, process, facts[x.file]) })
			}
		}
	}
	if looked < 500 {
		t.Errorf("%d rows were compared", looked)
	}
}

func (x expected) compare(t *testing.T, p evidence.Process, facts map[string]bool) {
	for fact, key := range needsOf {
		a, _ := evidence.Weigh(p, key)
		switch {
		case fact == x.fact && !a.Strength.AtLeast(x.strength):
			t.Errorf("%s: %s, want %s at least: %s\n%+v", fact, a.Strength, x.strength, x.reason, a)
		case !facts[fact] && a.Strength == evidence.Proves && fact != "loads-code":
			t.Errorf("%s is proven, and the source does not do it: %s\n%+v", fact, x.reason, a)
		case x.fact == "none" && fact != "page-protection" && fact != "loads-code" && !x.strength.AtLeast(a.Strength):
			t.Errorf("%s: %s, and the most is %s: %s\n%+v", fact, a.Strength, x.strength, x.reason, a)
		}
	}
}
