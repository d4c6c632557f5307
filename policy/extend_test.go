package policy_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"

	"github.com/codewarrant/codewarrant/policy"
)

// files are the texts of policies by the names of their locations.
type files map[string]string

func (f files) read(at policy.Location) ([]byte, error) {
	src, ok := f[at.String()]
	if !ok {
		return nil, &policy.Unreadable{Err: fs.ErrNotExist, Hint: "is it there?"}
	}
	return []byte(src), nil
}

// archive returns the files of a txtar archive.
func archive(text string) files {
	f := files{}
	for _, file := range txtar.Parse([]byte(text)).Files {
		f[file.Name] = string(file.Data)
	}
	return f
}

// load loads the policy top.yml of an archive.
func load(t *testing.T, text string) *policy.Policy {
	t.Helper()
	p, err := policy.Load(policy.Location{Path: "top.yml"}, archive(text).read)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// told returns what is told of the policy top.yml of an archive, which is not valid.
func told(t *testing.T, f files) string {
	t.Helper()
	p, err := policy.Load(policy.Location{Path: "top.yml"}, f.read)
	var errs policy.Errors
	if !errors.As(err, &errs) || p != nil {
		t.Fatalf("Load = %v, %v; want Errors", p, err)
	}
	return errs.Format(nil)
}

const (
	sha    = "0123456789abcdef0123456789abcdef01234567"
	remote = "github:acme/policies//base.yml@" + sha
)

func TestWhatIsExtendedIsFound(t *testing.T) {
	base := "version: 1\nsettings: {unlisted: deny}\n"
	sum := sha256.Sum256([]byte(base))
	for _, row := range []struct {
		name, extends string
		files         files
		want          []string
	}{
		{"a preset", "preset:strict", nil, []string{"top.yml", "preset:strict"}},
		{"a file beside it", "base.yml", files{"base.yml": base}, []string{"top.yml", "base.yml"}},
		{"a file below", "org/base.yml", files{"org/base.yml": base}, []string{"top.yml", "org/base.yml"}},
		{
			"a file of a file, relative to that", "org/base.yml",
			files{"org/base.yml": "version: 1\nextends: more/base.yml\n", "org/more/base.yml": base},
			[]string{"top.yml", "org/base.yml", "org/more/base.yml"},
		},
		{
			"a file of a repository at a commit", "{github: acme/policies//base.yml, ref: " + sha + "}",
			files{remote: base},
			[]string{"top.yml", remote},
		},
		{
			"what such a file extends is in the same commit", "{github: acme/policies//a/base.yml, ref: " + sha + "}",
			files{
				"github:acme/policies//a/base.yml@" + sha:   "version: 1\nextends: [b/base.yml, preset:strict]\n",
				"github:acme/policies//a/b/base.yml@" + sha: base,
			},
			[]string{"top.yml", "github:acme/policies//a/base.yml@" + sha, "github:acme/policies//a/b/base.yml@" + sha, "preset:strict"},
		},
		{
			"a file with its sum", "{github: acme/policies//base.yml, ref: " + sha + ", sha256: " + hex.EncodeToString(sum[:]) + "}",
			files{remote: base},
			[]string{"top.yml", remote},
		},
		{
			"one that is extended twice is one source", "[base.yml, other.yml]",
			files{"base.yml": base, "other.yml": "version: 1\nextends: base.yml\n"},
			[]string{"top.yml", "base.yml", "other.yml"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := files{"top.yml": "version: 1\nextends: " + row.extends + "\n"}
			for name, src := range row.files {
				f[name] = src
			}
			p, err := policy.Load(policy.Location{Path: "top.yml"}, f.read)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range p.Sources {
				got = append(got, s.Name())
				if sum := sha256.Sum256([]byte(f[s.Name()])); s.Location.Preset == "" && s.SHA256 != hex.EncodeToString(sum[:]) {
					t.Errorf("the SHA-256 of %s is %s", s.Name(), s.SHA256)
				}
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("sources (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFileIsTheSameUnderEachOfItsNames(t *testing.T) {
	_, err := policy.Load(policy.Location{Path: "./org/../top.yml"}, files{"./org/../top.yml": "version: 1\nextends: top.yml\n"}.read)
	const want = "./org/../top.yml:2:10: top.yml extends itself: ./org/../top.yml -> top.yml"
	if err == nil || err.Error() != want {
		t.Errorf("error = %v, want %s", err, want)
	}
}

func TestATextThatIsNotThereIsAnErrorOfReading(t *testing.T) {
	_, err := policy.Load(policy.Location{Path: "top.yml"}, files{}.read)
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error = %v", err)
	}
	if _, err = policy.Load(policy.Location{Preset: "lax"}, nil); err == nil {
		t.Error("an unknown preset was loaded")
	}
}

func TestAPolicyThatExtendsNothingIsAsParsed(t *testing.T) {
	const src = "version: 1\nsettings: {unlisted: deny}\n"
	got, err := policy.Load(policy.Location{Path: "test.yml"}, files{"test.yml": src}.read)
	if err != nil {
		t.Fatal(err)
	}
	want := parse(t, src)
	want.Sources = []policy.Source{{Location: policy.Location{Path: "test.yml"}, SHA256: want.SHA256}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policy differs (-want +got):\n%s", diff)
	}
}

// Each testdata/policy/extends/NAME.txtar has a policy top.yml that cannot be used, and
// in the file "told" what people are told.
func TestMistakesInExtendingAreShownWithAllPlaces(t *testing.T) {
	for _, file := range glob(t, "../testdata/policy/extends/*.txtar") {
		t.Run(strings.TrimSuffix(file[strings.LastIndex(file, "/")+1:], ".txtar"), func(t *testing.T) {
			a := txtar.Parse(read(t, file))
			f, want := files{}, ""
			for _, part := range a.Files {
				if part.Name == "told" {
					want = string(part.Data)
					continue
				}
				f[part.Name] = string(part.Data)
			}
			got := told(t, f)
			if *update {
				a.Files = append(a.Files[:len(a.Files)-1], txtar.File{Name: "told", Data: []byte(got)})
				write(t, file, txtar.Format(a))
			} else if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("what is told (-want +got):\n%s", diff)
			}
		})
	}
}

func TestExtendingIsBounded(t *testing.T) {
	chain := func(n int) files {
		f := files{}
		for i := range n {
			f[fmt.Sprintf("p%d.yml", i)] = fmt.Sprintf("version: 1\nextends: p%d.yml\n", i+1)
		}
		f[fmt.Sprintf("p%d.yml", n)] = "version: 1\n"
		f["top.yml"] = f["p0.yml"]
		return f
	}
	lattice := files{"top.yml": "version: 1\nextends: [a0.yml, b0.yml]\n"} // 2^n ways lead up
	for i := range 6 {
		for _, name := range []string{"a", "b"} {
			lattice[fmt.Sprintf("%s%d.yml", name, i)] = fmt.Sprintf("version: 1\nextends: [a%d.yml, b%d.yml]\n", i+1, i+1)
		}
	}
	lattice["a6.yml"], lattice["b6.yml"] = "version: 1\n", "version: 1\n"
	broad := files{} // 16 policies of 16 others each
	var names []string
	for i := range 16 {
		names = append(names, fmt.Sprintf("p%d.yml", i))
		var inner []string
		for j := range 16 {
			inner = append(inner, fmt.Sprintf("q%d-%d.yml", i, j))
			broad[inner[j]] = "version: 1\n"
		}
		broad[names[i]] = "version: 1\nextends: [" + strings.Join(inner, ", ") + "]\n"
	}
	broad["top.yml"] = "version: 1\nextends: [" + strings.Join(names, ", ") + "]\n"
	large := files{"top.yml": "version: 1\nextends: [a.yml, b.yml, c.yml, d.yml, e.yml]\n"}
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		large[name+".yml"] = "version: 1\n" + strings.Repeat("#"+strings.Repeat(" ", 1023)+"\n", 1000)
	}
	many := files{"top.yml": "version: 1\nextends: a.yml\n", "a.yml": "version: 1\nrules:\n"}
	for i := range 5001 {
		many["a.yml"] += fmt.Sprintf("  - {entitlement: e%d, action: allow}\n", i)
	}
	twice := chain(7) // up from p0 over seven, and from another one over eight
	twice["top.yml"] = "version: 1\nextends: [p0.yml, between.yml]\n"
	twice["between.yml"] = "version: 1\nextends: p0.yml\n"
	compared := files{"top.yml": "version: 1\nextends: a.yml\nrules:\n", "a.yml": "version: 1\nrules:\n"}
	for i := range 300 {
		compared["top.yml"] += fmt.Sprintf("  - {entitlement: '*x%d*', action: require-justification}\n", i)
		compared["a.yml"] += fmt.Sprintf("  - {entitlement: '*y%d*', action: require-justification}\n", i)
	}
	for _, row := range []struct {
		name  string
		files files
		want  string // empty: it is taken
	}{
		{"eight levels", chain(8), ""},
		{"eight levels, and nine on another way", twice, "over more than 8 levels"},
		{"many patterns that have keys in common", compared, "the rules are too many to compare them"},
		{"nine levels", chain(9), "over more than 8 levels"},
		{"many ways to few policies", lattice, "more than 64 policies are extended"},
		{"many policies", broad, "more than 64 policies are extended"},
		{"many bytes", large, "all that is extended is larger than 4096 KiB"},
		{"many patterns", many, "name more than 5000 entitlements"},
	} {
		t.Run(row.name, func(t *testing.T) {
			reads := 0
			_, err := policy.Load(policy.Location{Path: "top.yml"}, func(at policy.Location) ([]byte, error) {
				reads++
				return row.files.read(at)
			})
			if reads > 64 {
				t.Errorf("%d files were read", reads)
			}
			if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
				t.Errorf("error = %v, want one of %q", err, row.want)
			}
		})
	}
}
