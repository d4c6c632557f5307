package seal_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

// memory is a bundle in memory. Reading a name of broken fails.
type memory struct {
	fstest.MapFS
	broken map[string]error
}

func (m memory) Open(name string) (io.ReadCloser, int64, error) {
	if err := m.broken[name]; err != nil {
		return nil, 0, err
	}
	f, err := m.MapFS.Open(name)
	if err != nil {
		return nil, 0, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		f.Close()
		return nil, 0, err
	}
	return f, info.Size(), nil
}

func (m memory) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := m.MapFS.ReadDir(name)
	return entries, errors.Join(err, m.broken[name])
}

// files returns a tree: content that begins with "-> " is a link, nil a folder.
func files(content map[string]string) fstest.MapFS {
	m := fstest.MapFS{}
	for name, text := range content {
		put(m, name, text)
	}
	return m
}

func put(m fstest.MapFS, name, text string) {
	if target, ok := strings.CutPrefix(text, "-> "); ok {
		m[name] = &fstest.MapFile{Data: []byte(target), Mode: fs.ModeSymlink | 0o777}
		return
	}
	m[name] = &fstest.MapFile{Data: []byte(text), Mode: 0o644}
}

// acme is an app with one of everything, as codesign seals it.
func acme(t testing.TB, s machotest.Sealer) memory {
	t.Helper()
	m := files(map[string]string{
		"Contents/Info.plist":                                    "info",
		"Contents/PkgInfo":                                       "APPL",
		"Contents/MacOS/Acme":                                    "main executable",
		"Contents/MacOS/helper":                                  "code",
		"Contents/Frameworks/A.framework/Versions/A/A":           "code",
		"Contents/Frameworks/A.framework/Versions/A/Resources/r": "r",
		"Contents/Frameworks/A.framework/Versions/Current":       "-> A",
		"Contents/Frameworks/A.framework/A":                      "-> Versions/Current/A",
		"Contents/Frameworks/libb.1.dylib":                       "code",
		"Contents/Frameworks/libb.dylib":                         "-> libb.1.dylib",
		"Contents/Resources/app.asar":                            "asar",
		"Contents/Resources/Base.lproj/Main.nib":                 "nib",
		"Contents/Resources/de.lproj/Main.strings":               "Datei",
		"Contents/Resources/de.lproj/locversion.plist":           "version",
		"Contents/Resources/.DS_Store":                           "Finder",
		"Contents/Resources/data/a":                              "a",
		"Contents/Resources/data/deep/b":                         "b",
		"Contents/Resources/current":                             "-> data",
		"Contents/Resources/first":                               "-> current/a",
		"Contents/Resources/fonts":                               "-> /System/Library/Fonts",
		"Contents/_MASReceipt/receipt":                           "receipt",
		"Contents/CodeResources":                                 "ticket",
	})
	s.Executable = "MacOS/Acme"
	s.Code = map[string]machotest.Sealed{
		"MacOS/helper":            {Requirement: `identifier helper`, CDHash: []byte{1, 2}},
		"Frameworks/A.framework":  {Requirement: `identifier "com.acme.A" and anchor apple generic`, CDHash: []byte{0xab}},
		"Frameworks/libb.1.dylib": {Requirement: `cdhash H"` + strings.Repeat("00", 20) + `"`},
	}
	sealed(t, m, s)
	return memory{MapFS: m}
}

// sealed writes the seal of an app.
func sealed(t testing.TB, m fstest.MapFS, s machotest.Sealer) {
	t.Helper()
	support, err := fs.Sub(m, "Contents")
	if err != nil {
		t.Fatal(err)
	}
	m["Contents/_CodeSignature/CodeResources"] = &fstest.MapFile{Data: s.CodeResources(linkFS{support, m}), Mode: 0o644}
}

func compiled(source string) requirement.Requirement {
	r, err := requirement.Compile(source)
	if err != nil {
		panic(err)
	}
	return r
}

// intact is what is found in acme.
var intact = seal.Result{
	Files: 5, Ticket: true,
	Nested: []seal.Nested{
		{Path: "Contents/Frameworks/A.framework", Dir: true, Requirement: compiled(`identifier "com.acme.A" and anchor apple generic`), CDHash: "ab"},
		{Path: "Contents/Frameworks/libb.1.dylib", Requirement: compiled(`cdhash H"` + strings.Repeat("00", 20) + `"`)},
		{Path: "Contents/MacOS/helper", Requirement: compiled("identifier helper"), CDHash: "0102"},
	},
}

func verify(t testing.TB, m memory) seal.Result {
	t.Helper()
	r := seal.Verify(context.Background(), m, "Contents/MacOS/Acme")
	r.CodeResources = nil
	return r
}

// lines writes the problems of a result.
func lines(r seal.Result) (lines []string) {
	for _, p := range r.Problems {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", p.Kind, p.Path, p.Detail))
	}
	return lines
}
