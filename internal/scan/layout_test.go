package scan_test

import (
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

// yard is a folder in which a test lays out bundles. Names are relative to it.
type yard struct {
	t   *testing.T
	dir string
}

func (t yard) path(name string) string { return filepath.Join(t.dir, name) }

func (t yard) ok(err error) {
	t.t.Helper()
	if err != nil {
		t.t.Fatal(err)
	}
}

func (t yard) write(name, content string) { t.writeMode(name, content, 0o644) }

func (t yard) writeMode(name, content string, mode os.FileMode) {
	t.t.Helper()
	t.ok(os.MkdirAll(filepath.Dir(t.path(name)), 0o755))
	t.ok(os.WriteFile(t.path(name), []byte(content), mode))
	t.ok(os.Chmod(t.path(name), mode))
}

func (t yard) link(name, target string) {
	t.t.Helper()
	t.ok(os.MkdirAll(filepath.Dir(t.path(name)), 0o755))
	t.ok(os.Symlink(target, t.path(name)))
}

func (t yard) relink(name, target string) {
	t.t.Helper()
	relink(t.t, t.path(name), target)
}

func (t yard) remove(name string) {
	t.t.Helper()
	t.ok(os.RemoveAll(t.path(name)))
}

func (t yard) move(from, to string) {
	t.t.Helper()
	t.ok(os.MkdirAll(filepath.Dir(t.path(to)), 0o755))
	t.ok(os.Rename(t.path(from), t.path(to)))
}

// copy copies a folder, perhaps into itself.
func (t yard) copy(from, to string) {
	t.t.Helper()
	temp := filepath.Join(t.t.TempDir(), "copy")
	t.ok(os.CopyFS(temp, os.DirFS(t.path(from))))
	t.ok(os.MkdirAll(filepath.Dir(t.path(to)), 0o755))
	t.ok(os.Rename(temp, t.path(to)))
}

// sealing is how a bundle is laid out and signed.
type sealing struct {
	layout   string // Contents, Resources, or empty for a flat one
	fileType uint32 // of the main executable
	linked   bool   // the main executable is signed by the linker
	sealer   machotest.Sealer
}

// bundle signs what is in a folder as a bundle. Its main executable and its identifier
// are named as it is, or as the framework of which it is a version. It returns how a
// bundle around it seals it.
func (t yard) bundle(name string, s sealing, code map[string]machotest.Sealed) machotest.Sealed {
	t.t.Helper()
	bundle := name
	if path.Base(path.Dir(name)) == "Versions" {
		bundle = path.Dir(path.Dir(name))
	}
	id := strings.TrimSuffix(path.Base(bundle), path.Ext(bundle))
	support, main, info := name, id, "Info.plist"
	switch s.layout {
	case "Contents":
		support, main = path.Join(name, "Contents"), "MacOS/"+id
	case "Resources":
		info = "Resources/Info.plist"
	}
	plist := strings.ReplaceAll(infoPlist, "Acme", id)
	t.write(path.Join(support, info), plist)
	s.sealer.Executable, s.sealer.Code, s.sealer.Flat = main, code, s.layout == ""
	signature := &machotest.Signature{Identifier: id, InfoPlist: []byte(plist)}
	if s.linked {
		signature = machotest.LinkerSigned(id)
	} else {
		signature.CodeResources = s.sealer.Write(t.t, t.path(support))
	}
	b := machotest.Binary{FileType: s.fileType, Signature: signature}.Bytes()
	t.writeMode(path.Join(support, main), string(b), 0o755)
	return machotest.Sealed{Requirement: `cdhash H"` + cdhash(t.t, b) + `"`}
}

var (
	program   = sealing{layout: "Contents", fileType: machotest.MHExecute}
	plugin    = sealing{layout: "Contents", fileType: machotest.MHBundle}
	library   = sealing{layout: "Resources", fileType: machotest.MHDylib}
	flat      = sealing{fileType: machotest.MHExecute}
	flatOfLib = sealing{fileType: machotest.MHDylib}
)

// framework signs a framework with one version, to which its links lead.
func (t yard) framework(name, version string, code map[string]machotest.Sealed) machotest.Sealed {
	t.t.Helper()
	folder := path.Join(name, "Versions", version)
	sealed := t.bundle(folder, library, code)
	t.link(path.Join(name, "Versions/Current"), version)
	entries, err := os.ReadDir(t.path(folder))
	t.ok(err)
	for _, e := range entries {
		if e.Name() != "_CodeSignature" {
			t.link(path.Join(name, e.Name()), "Versions/Current/"+e.Name())
		}
	}
	return sealed
}

// lib writes a signed library that is in no bundle of its own.
func (t yard) lib(name string) machotest.Sealed {
	t.t.Helper()
	b := machotest.Binary{FileType: machotest.MHDylib, Signature: &machotest.Signature{Identifier: path.Base(name)}}.Bytes()
	t.writeMode(name, string(b), 0o755)
	return machotest.Sealed{Requirement: `cdhash H"` + cdhash(t.t, b) + `"`}
}

// app signs Acme.app, with a helper app and a framework that it pins.
func (t yard) app() {
	t.t.Helper()
	t.write(theHelper+"/Contents/Resources/main.js", "run()")
	t.write(theFramework+"/Versions/A/Resources/main.js", "run()")
	t.write("Acme.app/Contents/Resources/o.js", "run()")
	t.bundle("Acme.app", program, map[string]machotest.Sealed{
		"Helpers/H.app":          t.bundle(theHelper, program, nil),
		"Frameworks/F.framework": t.framework(theFramework, "A", nil),
	})
}

const (
	theHelper    = "Acme.app/Contents/Helpers/H.app"
	theFramework = "Acme.app/Contents/Frameworks/F.framework"
)

// dataPlist names no executable.
const dataPlist = `<plist version="1.0"><dict><key>CFBundleIdentifier</key><string>r</string></dict></plist>`

// told returns what was found in the paths in the yard: level, rule, path and how
// the message begins.
func (t yard) told(args ...string) (lines []string) {
	t.t.Helper()
	var paths []string
	for _, arg := range args {
		paths = append(paths, t.path(arg))
	}
	for _, f := range findings(t.t, look(t.t, paths)) {
		rel := ""
		if len(f.Paths) > 0 {
			var err error
			rel, err = filepath.Rel(t.dir, f.Paths[0])
			t.ok(err)
		}
		lines = append(lines, string(f.Level)+" "+f.Rule+" "+rel+": "+f.Message)
	}
	return lines
}

func TestUsualLayoutsAreClean(t *testing.T) {
	for _, row := range []struct {
		name string
		make func(t yard) string
		want []string
	}{
		{"an app with helpers, extensions, plug-ins and frameworks of all kinds", func(t yard) string {
			const c = "Acme.app/Contents/"
			t.write(c+"PkgInfo", "APPL????")
			t.write(c+"Resources/de.lproj/a.strings", "x")
			t.write(c+"Resources/sub.bundle/Contents/Info.plist", infoPlist) // which names an executable that is not there
			t.write(c+"Resources/sub.bundle/Contents/Resources/a", "x")
			t.bundle(c+"Library/SystemExtensions/S.systemextension", program, nil)
			t.link(c+"Frameworks/libz.dylib", "libz.1.dylib")
			t.write(c+"Frameworks/Chromium Embedded Framework.framework/Resources/icudtl.dat", "x")
			t.lib(c + "Frameworks/Chromium Embedded Framework.framework/Libraries/libEGL.dylib")
			const sparkle = c + "Frameworks/Sparkle.framework/"
			t.write(sparkle+"Versions/B/Headers/S.h", "x")
			t.bundle("Acme.app", program, map[string]machotest.Sealed{
				"MacOS/tool":                t.lib(c + "MacOS/tool"),
				"XPCServices/X.xpc":         t.bundle(c+"XPCServices/X.xpc", program, nil),
				"PlugIns/E.appex":           t.bundle(c+"PlugIns/E.appex", program, nil),
				"PlugIns/P.plugin":          t.bundle(c+"PlugIns/P.plugin", plugin, nil),
				"Library/LoginItems/L.app":  t.bundle(c+"Library/LoginItems/L.app", program, nil),
				"Frameworks/libz.1.dylib":   t.lib(c + "Frameworks/libz.1.dylib"),
				"Frameworks/Flat.framework": t.bundle(c+"Frameworks/Flat.framework", flatOfLib, nil),
				"Frameworks/Chromium Embedded Framework.framework": t.bundle(c+"Frameworks/Chromium Embedded Framework.framework", library, map[string]machotest.Sealed{}),
				"Frameworks/Sparkle.framework": t.framework(sparkle, "B", map[string]machotest.Sealed{
					"Autoupdate":             t.lib(sparkle + "Versions/B/Autoupdate"),
					"Updater.app":            t.bundle(sparkle+"Versions/B/Updater.app", program, nil),
					"XPCServices/I.xpc":      t.bundle(sparkle+"Versions/B/XPCServices/I.xpc", program, nil),
					"Frameworks/G.framework": t.framework(sparkle+"Versions/B/Frameworks/G.framework", "A", nil),
				}),
			})
			return "Acme.app"
		}, nil},
		{"a flat app, as on iOS", func(t yard) string {
			t.bundle("Acme.app/Frameworks/F.framework", flatOfLib, nil)
			t.bundle("Acme.app/PlugIns/E.appex", flat, nil)
			t.write("Acme.app/a.bundle/Info.plist", infoPlist)
			t.bundle("Acme.app", flat, nil)
			return "Acme.app"
		}, nil},
		{"a framework with two versions", func(t yard) string {
			t.bundle("F.framework/Versions/A", library, nil)
			t.framework("F.framework", "B", nil)
			return "F.framework"
		}, nil},
		{"a framework whose links begin with a period, and files of the Finder", func(t yard) string {
			t.bundle("F.framework/Versions/A", library, nil)
			t.link("F.framework/Versions/Current", "./A")
			t.link("F.framework/F", "./Versions/Current/F")
			t.link("F.framework/Resources", "Versions/A/Resources")
			t.write("F.framework/module.map", "m")
			t.write("F.framework/.DS_Store", "m")
			return "F.framework"
		}, nil},
		{"an app beside its symbols", func(t yard) string {
			t.app()
			t.write("Acme.app.dSYM/Contents/Info.plist", infoPlist)
			t.write("Acme.app.dSYM/Contents/Resources/DWARF/Acme", string(machotest.Binary{FileType: machotest.MHDsym}.Bytes()))
			return "."
		}, nil},
		{"an app whose links became copies", func(t yard) string {
			t.app()
			for _, link := range []string{"Versions/Current", "Resources", "F"} {
				t.remove(theFramework + "/" + link)
			}
			t.copy(theFramework+"/Versions/A", theFramework+"/Versions/Current")
			t.copy(theFramework+"/Versions/A/Resources", theFramework+"/Resources")
			b, err := os.ReadFile(t.path(theFramework + "/Versions/A/F"))
			t.ok(err)
			t.writeMode(theFramework+"/F", string(b), 0o755)
			return "Acme.app"
		}, []string{"warning symlinks-flattened " + theFramework + ": "}},
		{"a bundle of data beside an app", func(t yard) string {
			t.app()
			t.write("R.bundle/Contents/Info.plist", dataPlist)
			t.write("R.bundle/Contents/Resources/x", "x")
			return "."
		}, []string{"warning broken-seal R.bundle: a bundle without code"}},
		{"an app beside what an archive of a Mac keeps of it", func(t yard) string {
			t.app()
			for _, name := range []string{"._Acme.app", "Acme.app/._Contents", "Acme.app/Contents/MacOS/._Acme", "Acme.app/Contents/._Info.plist"} {
				t.write("__MACOSX/"+name, "\x00\x05\x16\x07")
			}
			return "."
		}, nil},
		{"a helper that links into the app around it", func(t yard) string {
			const helper = "Acme.app/Contents/Helpers/Web.app"
			t.lib("Acme.app/Contents/Frameworks/libq.dylib")
			t.link(helper+"/Contents/Frameworks", "../../../Frameworks")
			s := t.bundle(helper, program, nil)
			t.bundle("Acme.app", program, map[string]machotest.Sealed{"Helpers/Web.app": s, "Frameworks/libq.dylib": t.lib("Acme.app/Contents/Frameworks/libq.dylib")})
			return "Acme.app"
		}, nil},
		{"a folder that is named as an app is, among resources", func(t yard) string {
			t.write("Acme.app/Contents/Resources/com.example.app/Main.java", "class Main {}")
			t.app()
			return "Acme.app"
		}, nil},
		{"a signed framework for Xcode, beside a tool", func(t yard) string {
			t.bundle("Good.app", program, nil)
			t.write("X.xcframework/Info.plist", dataPlist)
			t.write("X.xcframework/_CodeSignature/CodeDirectory", "x")
			return "."
		}, []string{"warning broken-seal X.xcframework: a folder with a signature that is no bundle"}},
		{"a single main executable that was given as a file", func(t yard) string {
			t.bundle("P.bundle", plugin, nil)
			return "P.bundle/Contents/MacOS/P"
		}, nil},
		{"a main executable outside of a bundle", func(t yard) string {
			t.bundle("P.bundle", plugin, nil)
			t.move("P.bundle/Contents/MacOS", "bin")
			t.remove("P.bundle")
			return "bin"
		}, []string{"warning broken-seal bin/P: the signature seals the files of a bundle (slot 3)"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			y := yard{t, t.TempDir()}
			if diff := cmp.Diff(row.want, begin(y.told(row.make(y)), row.want)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// begin cuts lines to the length of those that are wanted.
func begin(lines, want []string) []string {
	for i, line := range lines {
		if i < len(want) && strings.HasPrefix(line, want[i]) {
			lines[i] = want[i]
		}
	}
	return lines
}
