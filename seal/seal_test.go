package seal_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

func TestVerifyTellsOfCodeThatIsSignedByFiles(t *testing.T) {
	const framework = "Contents/Frameworks/A.framework/"
	for _, row := range []struct {
		name, file string
		want       bool
	}{
		{"none", framework + "Versions/A/_CodeSignature/CodeSignature", false},
		{"in the current version", framework + "Versions/A/_CodeSignature/CodeDirectory", true},
		{"in Contents", framework + "Contents/_CodeSignature/CodeDirectory", true},
		{"in a flat bundle", framework + "_CodeSignature/CodeDirectory", true},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			put(m.MapFS, row.file, "signature")
			if got := verify(t, m).Nested[0].Detached; got != row.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestVerifyFindsNothingWrongInAnAppAsItWasSealed(t *testing.T) {
	v1 := seal.Result{Files: 6, SHA1: 6, Ticket: true, Problems: []seal.Problem{{
		Kind: seal.WeakEnvelope, Path: "Contents/_CodeSignature/CodeResources",
		Detail: "there is no files2: neither links nor nested code are sealed, and all hashes are SHA-1",
	}}}
	for _, row := range []struct {
		name   string
		sealer machotest.Sealer
		want   seal.Result
	}{
		{"with SHA-256", machotest.Sealer{}, intact},
		{"with SHA-1 beside it", machotest.Sealer{SHA1: true}, intact},
		{"with the seal of OS X 10.8, which is weak", machotest.Sealer{Version1: true}, v1},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, row.sealer)
			if diff := cmp.Diff(row.want, verify(t, m)); diff != "" {
				t.Error(diff)
			}
			got := seal.Verify(context.Background(), m, "Contents/MacOS/Acme").CodeResources
			if want := m.MapFS["Contents/_CodeSignature/CodeResources"].Data; !cmp.Equal(want, got) {
				t.Error("CodeResources are not the bytes of the file")
			}
		})
	}
}

func TestVerifyTellsWhatIsNotAsItWasSealed(t *testing.T) {
	for _, row := range []struct {
		name string
		edit func(m memory)
		want []string
	}{
		{"a file is changed", func(m memory) {
			put(m.MapFS, "Contents/Resources/app.asar", "ASAR")
		}, []string{"changed: Contents/Resources/app.asar: not the content that was sealed"}},
		{"an optional file is changed", func(m memory) {
			put(m.MapFS, "Contents/Resources/de.lproj/Main.strings", "")
		}, []string{"changed: Contents/Resources/de.lproj/Main.strings: not the content that was sealed"}},
		{"an optional file is gone, which it may be", func(m memory) {
			delete(m.MapFS, "Contents/Resources/de.lproj/Main.strings")
		}, nil},
		{"a file is gone", func(m memory) {
			delete(m.MapFS, "Contents/Resources/Base.lproj/Main.nib")
		}, []string{"missing: Contents/Resources/Base.lproj/Main.nib: sealed, but not there"}},
		{"nested code is gone", func(m memory) {
			delete(m.MapFS, "Contents/MacOS/helper")
		}, []string{"missing: Contents/MacOS/helper: sealed as code"}},
		{"links are gone, as in a package of npm", func(m memory) {
			delete(m.MapFS, "Contents/Resources/first")
			delete(m.MapFS, "Contents/Frameworks/libb.dylib")
		}, []string{
			`missing: Contents/Frameworks/libb.dylib: sealed as a link to "libb.1.dylib"`,
			`missing: Contents/Resources/first: sealed as a link to "current/a"`,
		}},
		{"a file is added", func(m memory) {
			put(m.MapFS, "Contents/Resources/data/new", "new")
		}, []string{"unsealed: Contents/Resources/data/new: not in the seal"}},
		{"a link is added", func(m memory) {
			put(m.MapFS, "Contents/Resources/new", "-> app.asar")
		}, []string{"unsealed: Contents/Resources/new: not in the seal"}},
		{"code is added", func(m memory) {
			put(m.MapFS, "Contents/MacOS/evil", "code")
			put(m.MapFS, "Contents/Frameworks/E.framework/E", "code")
			put(m.MapFS, "Contents/Frameworks/plain/e.dylib", "code")
		}, []string{
			"unsealed: Contents/Frameworks/E.framework: not in the seal",
			"unsealed: Contents/Frameworks/plain/e.dylib: not in the seal",
			"unsealed: Contents/MacOS/evil: not in the seal",
		}},
		{"what the rules leave out is changed, added and gone", func(m memory) {
			put(m.MapFS, "Contents/Info.plist", "new")
			delete(m.MapFS, "Contents/PkgInfo")
			put(m.MapFS, "Contents/Resources/data/.DS_Store", "new")
			put(m.MapFS, "Contents/Resources/de.lproj/locversion.plist", "new")
		}, nil},
		{"the main executable, the receipt and the ticket are changed", func(m memory) {
			put(m.MapFS, "Contents/MacOS/Acme", "new")
			put(m.MapFS, "Contents/_MASReceipt/receipt", "new")
			put(m.MapFS, "Contents/_MASReceipt/more", "new")
			delete(m.MapFS, "Contents/CodeResources")
		}, nil},
		{"a link leads elsewhere", func(m memory) {
			put(m.MapFS, "Contents/Resources/current", "-> Base.lproj")
		}, []string{`changed: Contents/Resources/current: a link to "Base.lproj", sealed as one to "data"`}},
		{"a file has become a link", func(m memory) {
			put(m.MapFS, "Contents/Resources/app.asar", "-> data/a")
		}, []string{`changed: Contents/Resources/app.asar: a link to "data/a", sealed as a file or as code`}},
		{"code has become a link", func(m memory) {
			put(m.MapFS, "Contents/MacOS/helper", "-> Acme")
		}, []string{`changed: Contents/MacOS/helper: a link to "Acme", sealed as a file or as code`}},
		{"a file has become a folder", func(m memory) {
			delete(m.MapFS, "Contents/Resources/app.asar")
			put(m.MapFS, "Contents/Resources/app.asar/file", "asar")
		}, []string{
			"missing: Contents/Resources/app.asar: sealed, but not there",
			"unsealed: Contents/Resources/app.asar/file: not in the seal",
		}},
		{"a path that macOS cannot have", func(m memory) {
			put(m.MapFS, "Contents/Resources/"+strings.Repeat("a", 1020), "")
		}, []string{"stopped: Contents/Resources/" + strings.Repeat("a", 1020) + ": a path longer than 1024 bytes"}},
		{"a FIFO", func(m memory) {
			m.MapFS["Contents/Resources/fifo"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
		}, []string{"not-regular: Contents/Resources/fifo: neither file, folder nor link"}},
		{"a link of the Finder's name", func(m memory) {
			put(m.MapFS, "Contents/Resources/.ds_store", "-> app.asar")
		}, []string{"bad-link: Contents/Resources/.ds_store: a link of this name is never taken"}},
		{"the seal is gone", func(m memory) {
			delete(m.MapFS, "Contents/_CodeSignature/CodeResources")
		}, []string{"no-seal: Contents/_CodeSignature/CodeResources: there is no such file"}},
		{"things lie beside the seal", func(m memory) {
			put(m.MapFS, "Contents/_CodeSignature/CodeSignature", "")
			put(m.MapFS, "Contents/_CodeSignature/evil", "code")
			put(m.MapFS, "Contents/_CodeSignature/dir/evil", "code")
		}, []string{
			"not-regular: Contents/_CodeSignature/dir: only files may be here",
			"unsealed: Contents/_CodeSignature/evil: not a part of the signature",
		}},
		{"things lie beside Contents", func(m memory) {
			put(m.MapFS, ".DS_Store", "Finder")
			put(m.MapFS, "Icon\r", "icon")
			put(m.MapFS, "Resources/evil", "code")
			put(m.MapFS, "evil", "code")
		}, []string{
			"unsealed: Resources: beside Contents, where no seal reaches",
			"unsealed: evil: beside Contents, where no seal reaches",
		}},
		{"files that need no seal may be executed", func(m memory) {
			for _, name := range []string{".DS_Store", ".LSOverride"} {
				m.MapFS[name] = &fstest.MapFile{Data: []byte("#!/bin/sh"), Mode: 0o700}
			}
		}, []string{
			"unsealed: .DS_Store: a file that may be executed, in a place where none may be",
			"unsealed: .LSOverride: a file that may be executed, in a place where none may be",
		}},
		{"a folder and a file cannot be read", func(m memory) {
			m.broken["Contents/Resources/data"] = fs.ErrPermission
			m.broken["Contents/Resources/app.asar"] = fs.ErrPermission
		}, []string{
			"unreadable: Contents/Resources/app.asar: permission denied",
			"unreadable: Contents/Resources/data: permission denied",
		}},
		{"the seal cannot be read", func(m memory) {
			m.broken["Contents/_CodeSignature/CodeResources"] = fs.ErrPermission
		}, []string{"unreadable: Contents/_CodeSignature/CodeResources: permission denied"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			m.broken = map[string]error{}
			row.edit(m)
			if diff := cmp.Diff(row.want, lines(verify(t, m))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyTakesNamesOfEqualCharactersForTheSame(t *testing.T) {
	const composed, decomposed = "Contents/Resources/\u00e9.txt", "Contents/Resources/e\u0301.txt"
	renamed := func(name, as string) string {
		return fmt.Sprintf("renamed: %s: sealed as %+q: the same characters in other bytes, which macOS compares", name, strings.TrimPrefix(as, "Contents/"))
	}
	for _, row := range []struct {
		name    string
		sealed  string
		there   []string
		content string
		want    []string
	}{
		{"as it was sealed", composed, []string{composed}, "text", nil},
		{"decomposed, as on HFS+", composed, []string{decomposed}, "text", []string{renamed(decomposed, composed)}},
		{"composed, as git does", decomposed, []string{composed}, "text", []string{renamed(composed, decomposed)}},
		{"decomposed and changed", composed, []string{decomposed}, "evil", []string{
			"changed: " + decomposed + ": not the content that was sealed", renamed(decomposed, composed),
		}},
		{"both", composed, []string{composed, decomposed}, "text", []string{
			renamed(decomposed, composed), "unsealed: " + composed + `: the same name as "Resources/` + "e\u0301" + `.txt" on macOS`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			m := acme(t, machotest.Sealer{})
			put(m.MapFS, row.sealed, "text")
			sealed(t, m.MapFS, resealer())
			delete(m.MapFS, row.sealed)
			for _, name := range row.there {
				put(m.MapFS, name, row.content)
			}
			if diff := cmp.Diff(row.want, lines(verify(t, m))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestVerifyOfAFlatBundle(t *testing.T) {
	m := files(map[string]string{
		"A.framework": "a file that has the name of one", "Info.plist": "info", "A": "main executable",
		"Headers/a.h": "header", "Frameworks/B.framework/B": "code, and a resource",
	})
	m["_CodeSignature/CodeResources"] = &fstest.MapFile{Data: machotest.Sealer{Flat: true, Executable: "A"}.CodeResources(m)}
	r := seal.Verify(context.Background(), memory{MapFS: m}, "A")
	r.CodeResources = nil
	if diff := cmp.Diff(seal.Result{Files: 3}, r); diff != "" {
		t.Error(diff)
	}
	put(m, "Versions/A/evil", "code") // which makes no framework of it
	want := []string{"unsealed: Versions/A/evil: not in the seal"}
	if diff := cmp.Diff(want, lines(seal.Verify(context.Background(), memory{MapFS: m}, "A"))); diff != "" {
		t.Error(diff)
	}
}

func TestVerifyOfTheOuterFolderOfAFramework(t *testing.T) {
	for _, row := range []struct {
		name string
		edit map[string]string // "" is gone
		want []string          // Flattened, then problems
	}{
		{"as it should be", map[string]string{"module.map": "module", "Versions/.DS_Store": "Finder"}, nil},
		{"with two versions", map[string]string{"Versions/B/F": "old"}, nil},
		{"links that name the version", map[string]string{"F": "-> ./Versions/A/F", "Versions/Current": "-> ./A"}, nil},
		{"links that are copies", map[string]string{
			"Versions/Current": "", "Versions/Current/F": "code", "Versions/Current/Resources/Info.plist": "info",
			"F": "code", "Resources": "", "Resources/Info.plist": "info",
		}, []string{"F", "Resources", "Versions/Current"}},
		{"links that are gone, as in a package of npm", map[string]string{"F": "", "Resources": "", "Versions/Current": ""}, []string{
			"missing: Versions/Current: a framework has a link to its current version",
		}},
		{"a copy that was changed", map[string]string{"F": "evil"}, []string{
			`unsealed: F: no copy of "Versions/A/F", to which a link should be here: has other content`,
		}},
		{"links that are gone, and two versions", map[string]string{"Versions/Current": "", "Versions/B/F": "old"}, []string{
			"missing: Versions/Current: a framework has a link to its current version",
		}},
		{"a copy with a link in it", map[string]string{
			"Versions/A/Resources/link": "-> Info.plist",
			"Resources":                 "", "Resources/Info.plist": "info", "Resources/link": "-> Info.plist",
		}, []string{"Resources"}},
		{"a copy with another link in it", map[string]string{
			"Versions/A/Resources/link": "-> Info.plist",
			"Resources":                 "", "Resources/Info.plist": "info", "Resources/link": "-> /etc/passwd",
		}, []string{`unsealed: Resources: no copy of "Versions/A/Resources", to which a link should be here: link: has other content`}},
		{"a copy in which other names are", map[string]string{
			"Resources": "", "Resources/info.plist": "info",
		}, []string{`unsealed: Resources: no copy of "Versions/A/Resources", to which a link should be here: has other content`}},
		{"copies, and two versions of which none is current", map[string]string{"Versions/Current": "", "Versions/B/F": "old", "F": "code"}, []string{
			"unsealed: F: beside Versions, where no seal reaches",
			"missing: Versions/Current: a framework has a link to its current version",
		}},
		{"a Current that is like no version", map[string]string{"Versions/Current": "", "Versions/Current/F": "evil"}, []string{
			"unsealed: Versions/Current: a folder that is like no version, where a framework has a link",
		}},
		{"a Current that is a file", map[string]string{"Versions/Current": "A"}, []string{
			"unsealed: Versions/Current: a file, where a framework has a link",
		}},
		{"a Current that leads out", map[string]string{"Versions/Current": "-> ../../evil"}, []string{
			`bad-link: Versions/Current: leads to "../../evil", which is no version`,
		}},
		{"links that lead elsewhere", map[string]string{"F": "-> Versions/A/Resources", "G": "-> /tmp/G"}, []string{
			`bad-link: F: leads to "Versions/A/Resources", which is not its namesake in the current version`,
			`bad-link: G: leads to "/tmp/G", which is not its namesake in the current version`,
		}},
		{"things beside the versions", map[string]string{"evil": "code", "Versions/evil": "code", "Versions/C": "-> A"}, []string{
			"unsealed: Versions/C: neither a version nor the link to the current one",
			"unsealed: Versions/evil: neither a version nor the link to the current one",
			`unsealed: evil: no copy of "Versions/A/evil", to which a link should be here: file does not exist`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			tree := map[string]string{
				"Versions/A/F": "code", "Versions/A/Resources/Info.plist": "info", "Versions/Current": "-> A",
				"F": "-> Versions/Current/F", "Resources": "-> Versions/Current/Resources",
			}
			maps.Copy(tree, row.edit)
			maps.DeleteFunc(tree, func(_, text string) bool { return text == "" })
			r := seal.Verify(context.Background(), memory{MapFS: files(tree)}, "")
			if diff := cmp.Diff(row.want, append(r.Flattened, lines(r)...)); diff != "" || !r.Versioned {
				t.Error(r.Versioned, diff)
			}
		})
	}
}
