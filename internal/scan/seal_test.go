package scan_test

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// sealedApp writes an app whose main executable binds its seal, with a framework
// that has links in it.
func sealedApp(t *testing.T, dir string) {
	t.Helper()
	framework := machotest.Binary{FileType: machotest.MHDylib, Signature: &machotest.Signature{Identifier: "com.acme.f"}}.Bytes()
	machotest.WriteTree(t, dir, map[string][]byte{
		"Contents/Info.plist":           []byte(infoPlist),
		"Contents/Resources/main.js":    []byte("run()"),
		"Contents/Resources/a/data.bin": []byte("data"),
		"Contents/Resources/lib.dylib":  framework,
	})
	if err := os.Symlink("main.js", filepath.Join(dir, "Contents/Resources/link.js")); err != nil {
		t.Fatal(err)
	}
	resources := machotest.Sealer{Executable: "MacOS/Acme"}.Write(t, filepath.Join(dir, "Contents"))
	machotest.WriteTree(t, dir, map[string][]byte{
		"Contents/MacOS/Acme": machotest.Binary{Signature: &machotest.Signature{
			InfoPlist: []byte(infoPlist), CodeResources: resources,
		}}.Bytes(),
	})
}

func TestRunComparesWhatABundleSeals(t *testing.T) {
	replace := func(name, content string) func(string) error {
		return func(app string) error { return os.WriteFile(filepath.Join(app, name), []byte(content), 0o644) }
	}
	for _, row := range []struct {
		name string
		edit func(app string) error
		want []string
	}{
		{"a bundle as it was sealed", func(string) error { return nil }, nil},
		{"a file that was changed", replace("Contents/Resources/main.js", "evil()"), []string{"error broken-seal"}},
		{"a file that is gone", func(app string) error { return os.Remove(filepath.Join(app, "Contents/Resources/a/data.bin")) }, []string{"error broken-seal"}},
		{"a file that was added", replace("Contents/Resources/more.js", "more()"), []string{"error broken-seal"}},
		{"a list that was changed", replace("Contents/_CodeSignature/CodeResources", "<plist/>"), []string{"error slot-mismatch", "error broken-seal"}},
		{"a list that is gone", func(app string) error { return os.RemoveAll(filepath.Join(app, "Contents/_CodeSignature")) }, []string{"error missing-blob", "error broken-seal"}},
		{"a link that became a copy", func(app string) error {
			link := filepath.Join(app, "Contents/Resources/link.js")
			if err := os.Remove(link); err != nil {
				return err
			}
			return os.WriteFile(link, []byte("run()"), 0o644)
		}, []string{"warning symlinks-flattened"}},
		{"a link that became something else", func(app string) error {
			link := filepath.Join(app, "Contents/Resources/link.js")
			if err := os.Remove(link); err != nil {
				return err
			}
			return os.WriteFile(link, []byte("evil()"), 0o644)
		}, []string{"error broken-seal"}},
		{"a seal that is not the signature's", func(app string) error {
			return fs.WalkDir(os.DirFS(app), "Contents/MacOS", func(name string, d fs.DirEntry, err error) error {
				if err != nil || d.IsDir() {
					return err
				}
				return os.WriteFile(filepath.Join(app, name), machotest.Binary{Signature: &machotest.Signature{InfoPlist: []byte(infoPlist)}}.Bytes(), 0o644)
			})
		}, []string{"error unbound-blob"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			dir := t.TempDir()
			app := filepath.Join(dir, "Acme.app")
			sealedApp(t, app)
			if err := row.edit(app); err != nil {
				t.Fatal(err)
			}
			found := look(t, []string{app})
			if diff := cmp.Diff(row.want, judge(t, found)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// nestedApp writes an app that seals a helper, by the requirement, and a framework.
func nestedApp(t *testing.T, app, requirement string) {
	t.Helper()
	machotest.WriteTree(t, app, map[string][]byte{
		"Contents/Info.plist":   []byte(infoPlist),
		"Contents/MacOS/helper": helper("com.acme.helper"),
	})
	framework := filepath.Join(app, "Contents/Frameworks/F.framework")
	version(t, filepath.Join(framework, "Versions/A"), "com.acme.f")
	for link, target := range map[string]string{"Acme": "Versions/Current/Acme", "Resources": "Versions/Current/Resources", "Versions/Current": "A"} {
		if err := os.Symlink(target, filepath.Join(framework, link)); err != nil {
			t.Fatal(err)
		}
	}
	resources := machotest.Sealer{Executable: "MacOS/Acme", Code: map[string]machotest.Sealed{
		"MacOS/helper":           {Requirement: requirement},
		"Frameworks/F.framework": {Requirement: `identifier "com.acme.f"`},
	}}.Write(t, filepath.Join(app, "Contents"))
	machotest.WriteTree(t, app, map[string][]byte{
		"Contents/MacOS/Acme": machotest.Binary{Signature: &machotest.Signature{InfoPlist: []byte(infoPlist), CodeResources: resources}}.Bytes(),
	})
}

// relink makes a link lead elsewhere.
func relink(t *testing.T, name, target string) {
	t.Helper()
	if err := errors.Join(os.Remove(name), os.Symlink(target, name)); err != nil {
		t.Fatal(err)
	}
}

// version writes one version of a framework, with its seal.
func version(t *testing.T, dir, identifier string) {
	t.Helper()
	machotest.WriteTree(t, dir, map[string][]byte{"Resources/Info.plist": []byte(infoPlist)})
	resources := machotest.Sealer{Executable: "Acme"}.Write(t, dir)
	machotest.WriteTree(t, dir, map[string][]byte{"Acme": machotest.Binary{FileType: machotest.MHDylib, Signature: &machotest.Signature{
		Identifier: identifier, InfoPlist: []byte(infoPlist), CodeResources: resources,
	}}.Bytes()})
}

func helper(identifier string) []byte {
	return machotest.Binary{Signature: &machotest.Signature{Identifier: identifier}}.Bytes()
}

// cdhash returns the cdhash of a thin program, in hexadecimal.
func cdhash(t *testing.T, b []byte) string { return signature(t, b).Directory().CDHash }

// identifier returns the identifier of a thin program on disk.
func identifier(t *testing.T, name string) string {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return signature(t, b).Directory().Identifier
}

func signature(t *testing.T, b []byte) *codesign.Signature {
	t.Helper()
	f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := codesign.Read(bytes.NewReader(b), f.Slices[0])
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestNestedCodeMeetsTheRequirementThatIsSealed(t *testing.T) {
	pinned := `cdhash H"` + cdhash(t, helper("com.acme.helper")) + `"`
	replace := func(name string, b []byte) func(*testing.T, string) {
		return func(t *testing.T, app string) { machotest.WriteTree(t, app, map[string][]byte{name: b}) }
	}
	for _, row := range []struct {
		name        string
		requirement string
		edit        func(t *testing.T, app string)
		want        []string
	}{
		{"code with the cdhash that is sealed", pinned, nil, nil},
		{"code with the identifier that is sealed", `identifier "com.acme.helper"`, nil, nil},
		{"code with another cdhash", pinned, replace("Contents/MacOS/helper", helper("com.acme.other")), []string{
			"error broken-seal: nested code is not what was sealed: Contents/MacOS/helper does not meet " + pinned,
		}},
		{"ad hoc code where Apple has to be the anchor", "anchor apple generic", nil, []string{
			"error broken-seal: nested code is not what was sealed: Contents/MacOS/helper does not meet anchor apple generic",
		}},
		{"a requirement that only a Mac can evaluate", "notarized", nil, []string{
			"warning broken-seal: whether nested code is what was sealed cannot be told here: Contents/MacOS/helper should meet notarized",
		}},
		{"a requirement that is none", "designated => always", nil, []string{
			`error broken-seal: its CodeResources is malformed: Contents/MacOS/helper: in the seal: requirement: "designated" where a condition belongs`,
		}},
		{"code that is not signed", pinned, replace("Contents/MacOS/helper", machotest.Binary{}.Bytes()), []string{
			"error broken-seal: nested code is sealed and no signed Mach-O code was found there: Contents/MacOS/helper",
			"note unsigned: the code (execute) is not signed",
		}},
		{"code of which one slice is not signed", `identifier "com.acme.helper"`, replace("Contents/MacOS/helper", machotest.Fat{Slices: []machotest.Slice{
			{Binary: machotest.Binary{CPU: machotest.CPUX86_64}},
			{Binary: machotest.Binary{Signature: &machotest.Signature{Identifier: "com.acme.helper"}}},
		}}.Bytes()), []string{
			"error broken-seal: nested code is sealed and not all of it is signed: Contents/MacOS/helper",
			"warning slices-differ: arm64 is signed and x86_64 is not",
			"note unsigned: the code (execute) is not signed",
		}},
		{"code of which one slice is another's and one cannot be told", `identifier "com.acme.helper" and notarized`, replace("Contents/MacOS/helper", machotest.Fat{Slices: []machotest.Slice{
			{Binary: machotest.Binary{CPU: machotest.CPUX86_64, Signature: &machotest.Signature{Identifier: "com.acme.other"}}},
			{Binary: machotest.Binary{Signature: &machotest.Signature{Identifier: "com.acme.helper"}}},
		}}.Bytes()), []string{
			`error broken-seal: nested code is not what was sealed: Contents/MacOS/helper does not meet identifier "com.acme.helper" and notarized`,
			`warning broken-seal: whether nested code is what was sealed cannot be told here: Contents/MacOS/helper should meet identifier "com.acme.helper" and notarized`,
		}},
		{"a script where the current version of a framework has code, and a copy beside it", pinned, func(t *testing.T, app string) {
			versions := filepath.Join(app, "Contents/Frameworks/F.framework/Versions")
			version(t, filepath.Join(versions, "B"), "com.acme.f")
			machotest.WriteTree(t, versions, map[string][]byte{"A/Acme": []byte("#!/bin/sh\necho evil\n"), "A/Resources/evil.js": []byte("evil()")})
		}, []string{
			"error broken-seal: a version of the framework has no signed Mach-O file as its main executable, so nothing seals it: Versions/A",
		}},
		{"a current version of a framework without code", pinned, func(t *testing.T, app string) {
			framework := filepath.Join(app, "Contents/Frameworks/F.framework")
			machotest.WriteTree(t, framework, map[string][]byte{"Versions/Z/evil.js": []byte("evil()")})
			relink(t, filepath.Join(framework, "Versions/Current"), "Z")
		}, []string{
			"error broken-seal: a version of the framework has no signed Mach-O file as its main executable, so nothing seals it: Versions/Z",
		}},
		{"a file beside the versions of a framework", pinned, replace("Contents/Frameworks/F.framework/evil.js", []byte("evil()")), []string{
			"error broken-seal: there and not sealed: evil.js: no copy of \"Versions/A/evil.js\", to which a link should be here: no such file or directory",
		}},
		{"a link of a framework to another version", pinned, func(t *testing.T, app string) {
			relink(t, filepath.Join(app, "Contents/Frameworks/F.framework/Resources"), "Versions/Z")
		}, []string{
			`error broken-seal: a link to what the seal does not cover: Resources: leads to "Versions/Z", which is not its namesake in the current version`,
		}},
		{"another version of a framework by somebody else", pinned, func(t *testing.T, app string) {
			version(t, filepath.Join(app, "Contents/Frameworks/F.framework/Versions/B"), "com.acme.other")
		}, []string{
			`error broken-seal: nested code is not what was sealed: Contents/Frameworks/F.framework does not meet identifier "com.acme.f"`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := filepath.Join(t.TempDir(), "Acme.app")
			nestedApp(t, app, row.requirement)
			if row.edit != nil {
				row.edit(t, app)
			}
			var got []string
			for _, f := range findings(t, look(t, []string{app})) {
				got = append(got, fmt.Sprintf("%s %s: %s", f.Level, f.Rule, f.Message))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// copiedApp writes an app with two copies of one helper app, A and B, which it seals.
func copiedApp(t *testing.T, app string) {
	t.Helper()
	helpers := filepath.Join(app, "Contents/Helpers")
	for _, name := range []string{"A.app", "B.app"} {
		sealedApp(t, filepath.Join(helpers, name))
	}
	machotest.WriteTree(t, app, map[string][]byte{"Contents/Info.plist": []byte(infoPlist)})
	requirement := `identifier "` + identifier(t, filepath.Join(helpers, "A.app/Contents/MacOS/Acme")) + `"`
	resources := machotest.Sealer{Executable: "MacOS/Acme", Code: map[string]machotest.Sealed{
		"Helpers/A.app": {Requirement: requirement}, "Helpers/B.app": {Requirement: requirement},
	}}.Write(t, filepath.Join(app, "Contents"))
	machotest.WriteTree(t, app, map[string][]byte{"Contents/MacOS/Acme": machotest.Binary{Signature: &machotest.Signature{
		Identifier: "com.acme.outer", InfoPlist: []byte(infoPlist), CodeResources: resources,
	}}.Bytes()})
}

// Copies of a program are judged once, and the bundles around them each.
func TestEachCopyOfABundleIsHeldAgainstItsSeal(t *testing.T) {
	write := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, app string) { machotest.WriteTree(t, app, map[string][]byte{name: []byte(content)}) }
	}
	for _, row := range []struct {
		name string
		edit func(t *testing.T, app string)
		want []string
	}{
		{"copies as they were sealed", func(*testing.T, string) {}, nil},
		{"a change in the first", write("Contents/Helpers/A.app/Contents/Resources/main.js", "evil()"), []string{
			"error broken-seal A.app: changed since it was sealed: Contents/Resources/main.js: not the content that was sealed",
		}},
		{"a change in the second", write("Contents/Helpers/B.app/Contents/Resources/main.js", "evil()"), []string{
			"error broken-seal B.app: changed since it was sealed: Contents/Resources/main.js: not the content that was sealed",
		}},
		{"no seal in the second", func(t *testing.T, app string) {
			if err := os.RemoveAll(filepath.Join(app, "Contents/Helpers/B.app/Contents/_CodeSignature")); err != nil {
				t.Fatal(err)
			}
		}, []string{
			"error missing-blob B.app: the signature binds a CodeResources (slot 3), and the bundle has none",
			"error broken-seal B.app: the bundle has no CodeResources, so nothing but its main executable is signed: Contents/_CodeSignature/CodeResources: there is no such file",
		}},
		{"a copy of the whole inside of what was changed", func(t *testing.T, app string) {
			first := filepath.Join(app, "Contents/Helpers/A.app")
			sealedApp(t, filepath.Join(first, "Contents/A.app"))
			write("Contents/Helpers/A.app/Contents/Resources/main.js", "evil()")(t, app)
		}, []string{
			"error broken-seal A.app: changed since it was sealed: Contents/Resources/main.js: not the content that was sealed",
			"error broken-seal A.app: there and not sealed: Contents/A.app: not in the seal",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			app := filepath.Join(t.TempDir(), "Acme.app")
			copiedApp(t, app)
			row.edit(t, app)
			var got []string
			for _, f := range findings(t, look(t, []string{app})) {
				helper, _, _ := strings.Cut(strings.TrimPrefix(f.Paths[0], filepath.Join(app, "Contents/Helpers")+"/"), "/")
				got = append(got, fmt.Sprintf("%s %s %s: %s", f.Level, f.Rule, helper, f.Message))
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// judge returns levels and rules of the findings, each once.
func judge(t *testing.T, r scan.Result) (lines []string) {
	t.Helper()
	for _, f := range findings(t, r) {
		if line := string(f.Level) + " " + f.Rule; !slices.Contains(lines, line) {
			lines = append(lines, line)
		}
	}
	return lines
}

// findings returns the findings under a policy that allows everything.
func findings(t *testing.T, r scan.Result) []check.Finding {
	t.Helper()
	p, err := policy.Parse("lax", []byte("version: 1\nsettings: {unlisted: allow}\nstages: {release: {require: []}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	return check.Evaluate(check.Input{
		Binaries: r.Binaries, Unread: r.Unread, Remarks: r.Remarks, Empty: r.Empty, Policy: p, Stage: &p.Stages[0],
	}).Findings
}
