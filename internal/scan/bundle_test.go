package scan_test

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

const script = "#!/bin/sh\necho other\n"

// stranger is code that is signed, and that nobody sealed.
func stranger() string {
	return string(machotest.Binary{Signature: &machotest.Signature{Identifier: "stranger"}}.Bytes())
}

func TestWhatASignatureSealsIsNeverPassedOver(t *testing.T) {
	const (
		noMain    = "error unreadable %: the main executable "
		noSigned  = "error broken-seal %: nested code is sealed and no signed Mach-O code was found there: "
		noVersion = "error broken-seal %: a version of the framework has no signed Mach-O file as its main executable, so nothing seals it: Versions/"
		changed   = "error broken-seal %: changed since it was sealed: "
		unsealed  = "error broken-seal %: there and not sealed: "
		unheld    = "error broken-seal %: the signature seals the files of a bundle (slot 3)"
		support   = `error unreadable %: a bundle with a folder "Support Files"`
	)
	at := func(what, place string) string { return strings.Replace(what, "%", place, 1) }
	const main, framework = "Acme.app/Contents/MacOS/Acme", theFramework
	for _, row := range []struct {
		name string
		edit func(t yard)
		arg  string // Acme.app, if it is empty
		want []string
	}{
		{"an app as it was signed", func(yard) {}, "", nil},

		{"a script as main executable of a helper, which is whole in a folder named Versions", func(t yard) {
			t.copy(theHelper, "H.app")
			t.write(theHelper+"/Contents/MacOS/H", script)
			t.remove(theHelper + "/Contents/Resources")
			t.move("H.app", theHelper+"/Versions/H.app")
		}, "", []string{at(noMain, theHelper), at(noSigned, main) + "Contents/Helpers/H.app"}},
		{"a folder named Versions that is made a bundle around a whole framework", func(t yard) {
			t.copy(framework+"/Versions/A", "P")
			t.remove(framework)
			t.write(framework+"/F", script)
			t.write(framework+"/Resources/Info.plist", infoPlist)
			t.write(framework+"/Versions/Contents/Info.plist", infoPlist)
			t.move("P", framework+"/Versions/P.framework")
		}, "", []string{at(noVersion, framework) + "Contents"}},
		{"a framework in the folder Versions of a version that has a script", func(t yard) {
			t.copy(framework+"/Versions/A", framework+"/Versions/Z")
			t.copy(framework+"/Versions/A", framework+"/Versions/Z/Versions/P.framework")
			t.write(framework+"/Versions/Z/F", script)
			t.write(framework+"/Versions/Z/Versions/Contents/Info.plist", infoPlist)
			t.relink(framework+"/Versions/Current", "Z")
		}, "", []string{at(noVersion, framework) + "Z"}},

		{"a current version without code in a framework that is looked at alone", func(t yard) {
			t.write(framework+"/Versions/Z/Resources/main.js", "other()")
			t.relink(framework+"/Versions/Current", "Z")
		}, framework, []string{at(noVersion, framework) + "Z"}},
		{"a current version with a script in a framework that is looked at alone", func(t yard) {
			t.copy(framework+"/Versions/A", framework+"/Versions/B")
			t.write(framework+"/Versions/A/F", script)
		}, framework, []string{at(noVersion, framework) + "A"}},
		{"a current version with code and no Info.plist", func(t yard) {
			t.writeMode(framework+"/Versions/Z/F", stranger(), 0o755)
			t.relink(framework+"/Versions/Current", "Z")
		}, framework, []string{at(noVersion, framework) + "Z"}},
		{"a seal of its own beside the versions of a framework", func(t yard) {
			t.write(framework+"/Versions/Z/Resources/main.js", "other()")
			t.relink(framework+"/Versions/Current", "Z")
			machotest.Sealer{Flat: true}.Write(t.t, t.path(framework))
		}, framework, []string{"error broken-seal " + framework + ": a framework with versions has a layout of its own beside them"}},
		{"a file beside the version of a framework that is not signed", func(t yard) {
			t.writeMode(framework+"/Versions/A/F", string(machotest.Binary{FileType: machotest.MHDylib}.Bytes()), 0o755)
			t.write(framework+"/other.js", "other()")
		}, framework, []string{at(unsealed, framework) + "other.js"}},

		{"a script as main executable", func(t yard) { t.write(main, script) }, "", []string{at(noMain, "Acme.app")}},
		{"a helper that links out of the app around it", func(t yard) {
			t.link("R.app/Contents/Helpers/Web.app/Contents/Frameworks", "../../../../../Frameworks")
			s := t.bundle("R.app/Contents/Helpers/Web.app", program, nil)
			t.bundle("R.app", program, map[string]machotest.Sealed{"Helpers/Web.app": s})
		}, "R.app", []string{"error broken-seal R.app/Contents/Helpers/Web.app/Contents/MacOS/Web: a link to what the seal does not cover: Contents/Frameworks: "}},
		{"an object file as main executable", func(t yard) {
			t.writeMode(main, string(machotest.Binary{FileType: machotest.MHObject}.Bytes()), 0o755)
			t.write("Acme.app/Contents/Resources/o.js", "other()")
		}, "", []string{"error unreadable " + main + ": the main executable of a bundle is of a type that is never signed"}},
		{"a version with a seal, a script and no Info.plist, beside an app that is whole", func(t yard) {
			t.copy(framework, "out/F.framework")
			t.bundle("out/Good.app", program, nil)
			t.remove("out/F.framework/Versions/A/Resources/Info.plist")
			t.writeMode("out/F.framework/Versions/A/F", script, 0o755)
		}, "out", []string{at(noMain, "out/F.framework")}},
		{"a signed plug-in with a script in a bundle of data, beside an app that is whole", func(t yard) {
			t.bundle("out/Good.app", program, nil)
			t.write("out/R.bundle/Contents/Info.plist", dataPlist)
			t.bundle("out/R.bundle/Contents/PlugIns/P.plugin", plugin, nil)
			t.writeMode("out/R.bundle/Contents/PlugIns/P.plugin/Contents/MacOS/P", script, 0o755)
		}, "out", []string{at(noMain, "out/R.bundle")}},
		{"a signed folder of a kind that is not known, whose main executable is a script", func(t yard) {
			t.bundle("out/Good.app", program, nil)
			t.bundle("out/P.ofx", sealing{fileType: machotest.MHBundle}, nil)
			t.writeMode("out/P.ofx/P", script, 0o755)
		}, "out", []string{"error unreadable out/P.ofx: a folder with a signature that is no bundle of a known kind"}},
		{"no main executable", func(t yard) { t.remove(main) }, "", []string{at(noMain, "Acme.app")}},
		{"a link to a script as main executable", func(t yard) {
			t.write("Acme.app/Contents/Resources/o.js", script)
			t.remove(main)
			t.link(main, "../Resources/o.js")
		}, "", []string{at(noMain, "Acme.app")}},
		{"a class of Java as main executable", func(t yard) {
			t.write(main, "\xca\xfe\xba\xbe\x00\x00\x00\x41"+strings.Repeat("x", 100))
		}, "", []string{"error unreadable " + main + ": the main executable of a bundle: "}},
		{"a script as main executable beside an Info.plist that cannot be read", func(t yard) {
			t.write(main, script)
			t.write("Acme.app/Contents/Info.plist", "garbage")
		}, "", []string{at(noMain, "Acme.app"), "error unreadable Acme.app/Contents/Info.plist: Info.plist: "}},
		{"a link to other code in place of the folder of the main executable", func(t yard) {
			t.remove("Acme.app/Contents/MacOS")
			t.writeMode("Acme.app/Contents/Resources/M/Acme", stranger(), 0o755)
			t.link("Acme.app/Contents/MacOS", "Resources/M")
		}, "", []string{at(noMain, "Acme.app")}},
		{"a script as main executable of an app beside one that is whole", func(t yard) {
			t.copy("Acme.app", "out/Good.app")
			t.move("Acme.app", "out/Bad.app")
			t.write("out/Bad.app/Contents/MacOS/Acme", script)
			t.remove("out/Bad.app/Contents/Frameworks")
			t.remove("out/Bad.app/Contents/Helpers")
		}, "out", []string{at(noMain, "out/Bad.app")}},
		{"a plug-in whose main executable is gone, and a service in it", func(t yard) {
			t.bundle("P.plugin", plugin, map[string]machotest.Sealed{"XPCServices/X.xpc": t.bundle("P.plugin/Contents/XPCServices/X.xpc", program, nil)})
			t.remove("P.plugin/Contents/MacOS")
		}, "P.plugin", []string{at(noMain, "P.plugin")}},
		{"an Info.plist that makes a bundle of the folder of the main executable", func(t yard) {
			t.write("Acme.app/Contents/MacOS/Contents/Info.plist", infoPlist)
		}, "", []string{at(noMain, "Acme.app")}},

		{"a framework of data that is signed by files of its own", func(t yard) {
			const f = "R.app/Contents/Frameworks/R.framework/"
			t.write(f+"Versions/A/Resources/x.js", "x")
			t.write(f+"Versions/A/Resources/Info.plist", dataPlist)
			t.write(f+"Versions/A/_CodeSignature/CodeDirectory", "x")
			t.link(f+"Versions/Current", "A")
			t.link(f+"Resources", "Versions/Current/Resources")
			t.bundle("R.app", program, map[string]machotest.Sealed{"Frameworks/R.framework": {Requirement: "identifier r"}})
		}, "R.app", []string{"error broken-seal R.app/Contents/MacOS/R: nested code without an executable is sealed, and its signature, which is in files of its own, is not read here: Contents/Frameworks/R.framework"}},
		{"a bundle of data among the plug-ins that is signed by files of its own", func(t yard) {
			t.write("R.app/Contents/PlugIns/R.bundle/Contents/Info.plist", dataPlist)
			t.write("R.app/Contents/PlugIns/R.bundle/Contents/_CodeSignature/CodeDirectory", "x")
			t.bundle("R.app", program, map[string]machotest.Sealed{"PlugIns/R.bundle": {Requirement: "identifier r"}})
		}, "R.app", []string{"error broken-seal R.app/Contents/MacOS/R: nested code without an executable is sealed, and its signature, which is in files of its own, is not read here: Contents/PlugIns/R.bundle"}},

		{"the files that were sealed below Support Files in a version, and others in place of them", func(t yard) {
			t.copy(framework+"/Versions/A", framework+"/Versions/A/Support Files")
			t.write(framework+"/Versions/A/Resources/main.js", "other()")
		}, "", []string{at(support, framework+"/Versions/A")}},
		{"the files that were sealed below Support Files in a framework", func(t yard) {
			t.copy(framework+"/Versions/A", framework+"/Support Files")
			t.write(framework+"/other.js", "other()")
		}, "", []string{at(support, framework)}},
		{"Contents in lower case, and the files that were sealed below Support Files", func(t yard) {
			t.copy("Acme.app/Contents", "Acme.app/Support Files")
			t.move("Acme.app/Contents", "Acme.app/contents")
			t.write("Acme.app/contents/Resources/o.js", "other()")
		}, "", []string{at(support, "Acme.app")}},
		{"Contents in lower case", func(t yard) { t.move("Acme.app/Contents", "Acme.app/contents") }, "", []string{
			`error unreadable Acme.app: "contents" is not spelled Contents`,
		}},
		{"a link in place of Contents", func(t yard) {
			t.move("Acme.app/Contents", "Acme.app/Real")
			t.link("Acme.app/Contents", "Real")
		}, "", []string{`error unreadable Acme.app: "Contents" is a link`}},
		{"a link that makes a bundle of the folder of the main executable", func(t yard) {
			t.copy("Acme.app/Contents", "Acme.app/Contents/MacOS/Support Files")
			t.write("Acme.app/Contents/Resources/I/Info.plist", infoPlist)
			t.link("Acme.app/Contents/MacOS/Contents", "../Resources/I")
		}, "", []string{at(noMain, "Acme.app"), at(support, "Acme.app/Contents/MacOS")}},
		{"a folder of the main executable in lower case, and a change", func(t yard) {
			t.move("Acme.app/Contents/MacOS", "Acme.app/Contents/macos")
			t.write("Acme.app/Contents/Resources/o.js", "other()")
		}, "", []string{at(changed, "Acme.app/Contents/macos/Acme")}},

		{"a framework that only the linker signed, and that is sealed", func(t yard) {
			t.remove(framework)
			t.write(framework+"/Versions/A/Resources/main.js", "run()")
			t.bundle(framework+"/Versions/A", sealing{layout: "Resources", fileType: machotest.MHDylib, linked: true}, nil)
		}, "", []string{"error broken-seal " + framework + "/Versions/A/F: the bundle has no CodeResources"}},
		{"a main executable that the linker signed in place of the one that was sealed", func(t yard) {
			t.writeMode(main, string(machotest.Binary{Signature: machotest.LinkerSigned("Acme")}.Bytes()), 0o755)
			t.write("Acme.app/Contents/Resources/o.js", "other()")
		}, "", []string{at(changed, main), "error unbound-blob " + main + ": "}},

		{"a version of a framework that is looked at alone", func(t yard) {
			t.write(framework+"/Versions/A/Resources/main.js", "other()")
		}, framework + "/Versions/A", []string{at(unheld, framework+"/Versions/A/F")}},
		{"the folder Contents of an app", func(t yard) {
			t.write("Acme.app/Contents/Resources/o.js", "other()")
		}, "Acme.app/Contents", []string{at(unheld, main)}},
		{"a plug-in of another suffix without an Info.plist", func(t yard) {
			t.bundle("P.clap", plugin, nil)
			t.remove("P.clap/Contents/Info.plist")
			t.write("P.clap/Contents/Resources/other.js", "other()")
		}, "P.clap", []string{at(unsealed, "P.clap/Contents/MacOS/P")}},
		{"an app without a suffix and an Info.plist", func(t yard) {
			t.move("Acme.app", "Acme")
			t.remove("Acme/Contents/Info.plist")
			t.write("Acme/Contents/Resources/o.js", "other()")
		}, "Acme", []string{at(changed, "Acme/Contents/MacOS/Acme")}},
		{"a copy of the main executable that seals an app, in another one", func(t yard) {
			t.bundle("P.bundle", plugin, nil)
			t.move("P.bundle/Contents/MacOS/P", "Acme.app/Contents/MacOS/P")
		}, "", []string{at(unheld, "Acme.app/Contents/MacOS/P")}},

		{"a seal from before OS X 10.9, and files that it does not know of", func(t yard) {
			t.bundle("P.bundle", sealing{layout: "Contents", sealer: machotest.Sealer{Version1: true}}, nil)
			t.write("P.bundle/Contents/Frameworks/other.js", "other()")
		}, "P.bundle", []string{"error broken-seal P.bundle/Contents/MacOS/P: its CodeResources is of the form before OS X 10.9"}},

		{"a slice that is not signed", func(t yard) {
			b, err := os.ReadFile(t.path(main))
			t.ok(err)
			t.writeMode(main, string(machotest.Fat{Slices: []machotest.Slice{
				{Binary: machotest.Binary{CPU: machotest.CPUX86_64}}, {Raw: b},
			}}.Bytes()), 0o755)
		}, "", []string{"error broken-seal " + main + ": the main executable is signed in part"}},

		{"files of the Finder that may be executed", func(t yard) {
			t.writeMode("Acme.app/.DS_Store", script, 0o755)
			t.writeMode(framework+"/module.map", script, 0o755)
			t.writeMode(framework+"/Versions/.DS_Store", script, 0o755)
		}, "", []string{at(unsealed, framework) + "Versions/.DS_Store: a file that may be executed", at(unsealed, main) + ".DS_Store: a file that may be executed"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			y := yard{t, t.TempDir()}
			y.app()
			row.edit(y)
			arg := row.arg
			if arg == "" {
				arg = "Acme.app"
			}
			lines := y.told(arg)
			if row.want == nil && lines != nil {
				t.Error(lines)
			}
			for _, want := range row.want {
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, want) }) {
					t.Errorf("no finding %s\n%s", want, strings.Join(lines, "\n"))
				}
			}
		})
	}
}

func swapCase(s string) string {
	if upper := strings.ToUpper(s); upper != s {
		return upper
	}
	return strings.ToLower(s)
}

// Every file, folder and link of an app is sealed somewhere: whatever becomes of one is
// told.
func TestEveryChangeOfAnAppIsTold(t *testing.T) {
	original := yard{t, t.TempDir()}
	original.app()
	var names []string
	original.ok(fs.WalkDir(os.DirFS(original.dir), "Acme.app", func(name string, _ fs.DirEntry, err error) error {
		names = append(names, name)
		return err
	}))
	if len(names) < 30 {
		t.Fatal(names)
	}
	const otherCase = "renamed in another case"
	for _, change := range []struct {
		name string
		do   func(y yard, name string)
	}{
		{"removed", func(y yard, name string) { y.remove(name) }},
		{"replaced by a script", func(y yard, name string) {
			y.remove(name)
			y.writeMode(name, script, 0o755)
		}},
		{"replaced by other code", func(y yard, name string) {
			y.remove(name)
			y.writeMode(name, stranger(), 0o755)
		}},
		{"replaced by an empty folder", func(y yard, name string) {
			y.remove(name)
			y.ok(os.Mkdir(y.path(name), 0o755))
		}},
		{"moved away and linked to", func(y yard, name string) {
			y.move(name, name+".moved")
			y.link(name, path.Base(name)+".moved")
		}},
		{"with a file beside it", func(y yard, name string) { y.write(name+".js", script) }},
		{otherCase, func(y yard, name string) {
			y.move(name, "temporary")
			y.move("temporary", path.Join(path.Dir(name), swapCase(path.Base(name))))
		}},
	} {
		for _, name := range names {
			switch {
			case name == "Acme.app": // beside and in place of which anything may be
				continue
			case change.name == "removed" && path.Dir(name) == theFramework && path.Base(name) != "Versions":
				continue // links that nothing needs
			case change.name == otherCase && slices.Contains([]string{"Acme", "F", "H", "MacOS"}, path.Base(name)):
				continue // main executables, which are found all the same
			}
			t.Run(path.Join(name, change.name), func(t *testing.T) {
				y := yard{t, t.TempDir()}
				y.ok(os.CopyFS(y.dir, os.DirFS(original.dir)))
				change.do(y, name)
				lines := y.told("Acme.app")
				if !slices.ContainsFunc(lines, func(line string) bool { return strings.HasPrefix(line, "error ") }) {
					t.Errorf("not told: %q", lines)
				}
			})
		}
	}
}
