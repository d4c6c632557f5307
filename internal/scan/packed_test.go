package scan_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	it "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

const pgctl = "../../testdata/binaries/pg_ctl"

// judged is what is found in a file of those contents under a policy that asks for
// everything: of each finding the rule, the level, the entitlement and the
// architectures. Where it was found is left out.
func judged(t *testing.T, content []byte) []string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "it")
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return strictly(t, look(t, []string{name}))
}

// strictly returns the findings under a policy that asks for everything. That a package
// is not signed is nothing that is told of code.
func strictly(t *testing.T, found scan.Result) (lines []string) {
	t.Helper()
	p, err := policy.Parse("strict", []byte("version: 1\nstages: {release: {require: [developer-id, hardened-runtime, library-validation], team-ids: [A1B2C3D4E5]}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	r := check.Evaluate(check.Input{
		Binaries: found.Binaries, Unread: found.Unread, Remarks: found.Remarks, Empty: found.Empty,
		Policy: p, Stage: &p.Stages[0],
	})
	for _, f := range r.Findings {
		lines = append(lines, fmt.Sprintf("%s %s %s %s", f.Level, f.Rule, f.Entitlement, f.Archs))
	}
	return lines
}

func TestAProgramIsJudgedAlikeInEachContainer(t *testing.T) {
	program, err := os.ReadFile(pgctl)
	if err != nil {
		t.Fatal(err)
	}
	want := judged(t, program)
	for _, rule := range []string{check.RuleUnapproved, check.RuleTeamNotAllowed, check.RuleUnmetRequirement, check.RuleRedundant} {
		if !slices.ContainsFunc(want, func(line string) bool { return strings.Contains(line, " "+rule+" ") }) {
			t.Fatalf("of the plain file no %s is told: %q", rule, want)
		}
	}
	files := at.Files{"bin/tool": string(program), "bin/link": "-> tool", "share/notes": "no code", "empty/": ""}
	type container struct {
		name string
		pack func() []byte
	}
	containers := []container{
		{"ar", func() []byte { return at.Ar(at.Files{"a.o": string(program), "notes": "no code"}) }},
		{"package", func() []byte { return at.Package(files, nil) }},
		{"five levels", func() []byte {
			inner := at.Zip(at.Files{"inner.tar.zst": string(at.Zstd(at.Tar(files)))})
			return at.Package(at.Files{"Acme/app.asar": string(at.Asar(at.Files{"node_modules/helper.zip": string(inner)}))}, nil)
		}},
		{"five levels with disk images", func() []byte {
			inner := dmg(it.APFSDisk(at.Files{"inner.dmg": string(dmg(it.HFSDisk(files)))}))
			return dmg(it.HFSDisk(at.Files{"Acme.zip": string(at.Zip(at.Files{"a.tar.gz": string(at.Gzip(at.Tar(at.Files{"b.dmg": string(inner)})))}))}))
		}},
	}
	for _, f := range slices.Concat(at.Formats, images()) {
		containers = append(containers, container{f.Name, func() []byte { return f.Pack(files) }})
		for _, s := range at.Streams {
			if s.Name == "pbzx" && strings.HasPrefix(f.Name, "dmg") {
				continue // it keeps the trailer as it is, so that the whole ends as an image
			}
			containers = append(containers, container{f.Name + " in " + s.Name, func() []byte { return s.Pack(f.Pack(files)) }})
		}
	}
	for _, s := range at.Streams {
		containers = append(containers, container{s.Name, func() []byte { return s.Pack(program) }})
	}
	for _, c := range containers {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(want, judged(t, c.pack())); diff != "" {
				t.Errorf("(-plain +packed):\n%s", diff)
			}
		})
	}
}

// A fat static library has its members once for each architecture.
func TestAProgramIsJudgedAlikeInAFatStaticLibrary(t *testing.T) {
	program, err := os.ReadFile(pgctl)
	if err != nil {
		t.Fatal(err)
	}
	f, err := macho.Read(bytes.NewReader(program), int64(len(program)))
	if err != nil {
		t.Fatal(err)
	}
	var library machotest.Fat
	var thin []string
	for _, s := range f.Slices {
		b := program[s.Range.Offset : s.Range.Offset+s.Range.Size]
		thin = append(thin, judged(t, b)...)
		library.Slices = append(library.Slices, machotest.Slice{
			Binary: machotest.Binary{CPU: uint32(s.CPU), SubCPU: uint32(s.SubCPU)},
			Raw:    at.Ar(at.Files{"pg_ctl.o": string(b)}),
		})
	}
	got := judged(t, library.Bytes())
	slices.Sort(thin)
	slices.Sort(got)
	if diff := cmp.Diff(thin, got); diff != "" || len(library.Slices) != 2 {
		t.Errorf("of %d slices (-plain +packed):\n%s", len(library.Slices), diff)
	}
}

// sealedFiles returns the files of a sealed app.
func sealedFiles(t *testing.T) at.Files {
	t.Helper()
	dir := t.TempDir()
	app := filepath.Join(dir, "Acme.app")
	// More than what is kept in memory of a file that is unpacked.
	machotest.WriteTree(t, app, map[string][]byte{"Contents/Resources/large.bin": bytes.Repeat([]byte("large "), 300_000)})
	sealedApp(t, app)
	return filesOf(t, dir)
}

// filesOf reads a folder.
func filesOf(t *testing.T, dir string) at.Files {
	t.Helper()
	files := at.Files{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		if d.Type()&fs.ModeSymlink != 0 {
			target, err := os.Readlink(name)
			files[filepath.ToSlash(rel)] = "-> " + target
			return err
		}
		b, err := os.ReadFile(name)
		files[filepath.ToSlash(rel)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// sealed is what is told of an app, and of which file in it.
func sealed(t *testing.T, path, prefix string) (lines []string) {
	t.Helper()
	for _, f := range findings(t, look(t, []string{path})) {
		for _, p := range f.Paths {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", f.Level, f.Rule, strings.TrimPrefix(p, prefix), f.Message))
		}
	}
	return lines
}

func TestASealHoldsInEachContainerAsInTheFolder(t *testing.T) {
	containers := slices.Concat(at.Formats, images())
	containers = append(containers, at.Format{Name: "cpio in gzip in a package", Pack: func(f at.Files) []byte { return at.Package(f, nil) }})
	for _, f := range at.Formats {
		containers = append(containers, at.Format{Name: f.Name + " in zstd", Pack: func(files at.Files) []byte { return at.Zstd(f.Pack(files)) }})
	}
	const resources = "Acme.app/Contents/Resources/"
	for _, row := range []struct {
		name string
		edit func(at.Files)
		want string // a part of what is told; empty: nothing
	}{
		{"as it was sealed", func(at.Files) {}, ""},
		{"a file that was changed", func(f at.Files) { f[resources+"main.js"] = "evil()" }, "main.js"},
		{"a large file that was changed", func(f at.Files) { f[resources+"large.bin"] += "." }, "large.bin"},
		{"a file that is gone", func(f at.Files) { delete(f, resources+"a/data.bin") }, "a/data.bin"},
		{"a file that was added", func(f at.Files) { f[resources+"more.js"] = "more()" }, "more.js"},
		{"a link that leads elsewhere", func(f at.Files) { f[resources+"link.js"] = "-> lib.dylib" }, "link.js"},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := sealedFiles(t)
			row.edit(files)
			dir := t.TempDir()
			writeFiles(t, dir, files)
			want := sealed(t, dir, filepath.ToSlash(dir)+"/")
			if row.want == "" && want != nil || row.want != "" && !strings.Contains(strings.Join(want, "\n"), row.want) {
				t.Fatalf("in the folder: %q, want %q", want, row.want)
			}
			for _, c := range containers {
				file := filepath.Join(t.TempDir(), "it")
				if err := os.WriteFile(file, c.Pack(files), 0o600); err != nil {
					t.Fatal(err)
				}
				prefix := filepath.ToSlash(file) + "/"
				if strings.HasSuffix(c.Name, "package") {
					prefix += "Payload/"
				}
				if diff := cmp.Diff(want, sealed(t, file, prefix)); diff != "" {
					t.Errorf("%s (-folder +packed):\n%s", c.Name, diff)
				}
			}
		})
	}
}

// writeFiles writes files and links into a folder.
func writeFiles(t *testing.T, dir string, files at.Files) {
	t.Helper()
	plain := map[string][]byte{}
	for name, content := range files {
		plain[name] = []byte(content)
		if strings.HasPrefix(content, "-> ") {
			delete(plain, name)
		}
	}
	machotest.WriteTree(t, dir, plain)
	for name, content := range files {
		if target, is := strings.CutPrefix(content, "-> "); is {
			if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// That there is no place for what is packed says nothing of the file, and is told with what
// to do.
func TestWantOfAPlaceIsToldAsSuch(t *testing.T) {
	large := make([]byte, 2<<20)
	rand.NewChaCha8([32]byte{}).Read(large)
	name := filepath.Join(t.TempDir(), "it.zip")
	if err := os.WriteFile(name, at.Zip(at.Files{"inner.tar.gz": string(at.Gzip(at.Tar(at.Files{"a": string(large)})))}), 0o600); err != nil {
		t.Fatal(err)
	}
	missing := filepath.Join(t.TempDir(), "missing")
	t.Setenv("TMPDIR", missing)
	t.Setenv("TMP", missing)
	found := look(t, []string{name})
	if len(found.Unread) == 0 {
		t.Fatalf("%+v", found)
	}
	for _, u := range found.Unread {
		if want := "there is no place to unpack it in " + missing; !strings.Contains(u.Err.Error(), want) || !strings.HasPrefix(u.Hint, "set TMPDIR ") {
			t.Errorf("%v, hint %q; want %s", u.Err, u.Hint, want)
		}
	}
}
