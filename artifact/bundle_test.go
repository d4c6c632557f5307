package artifact

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"howett.net/plist"

	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// info is an Info.plist: keys and strings in turn.
func info(pairs ...string) string {
	var b strings.Builder
	b.WriteString("<plist><dict>")
	for i := 0; i < len(pairs); i += 2 {
		b.WriteString("<key>" + pairs[i] + "</key><string>" + pairs[i+1] + "</string>")
	}
	return b.String() + "</dict></plist>"
}

func executable(name string) string { return info("CFBundleExecutable", name) }

func TestWalkFindsBundles(t *testing.T) {
	for _, tt := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"an app with helpers, as deep as they are", map[string]string{
			"Acme.app/Contents/Info.plist":                                                      executable("Acme"),
			"Acme.app/Contents/MacOS/Acme":                                                      machO,
			"Acme.app/Contents/MacOS/crashpad":                                                  machO,
			"Acme.app/Contents/Frameworks/Helper (GPU).app/Contents/Info.plist":                 executable("Helper (GPU)"),
			"Acme.app/Contents/Frameworks/Helper (GPU).app/Contents/MacOS/Helper (GPU)":         machO,
			"Acme.app/Contents/XPCServices/a.xpc/Contents/Info.plist":                           executable("a"),
			"Acme.app/Contents/XPCServices/a.xpc/Contents/MacOS/a":                              machO,
			"Acme.app/Contents/XPCServices/a.xpc/Contents/PlugIns/b.plugin/Contents/MacOS/b":    machO,
			"Acme.app/Contents/Library/SystemExtensions/c.systemextension/Contents/MacOS/c":     machO,
			"Acme.app/Contents/Resources/app.asar.unpacked/node_modules/x/build/Release/x.node": machO,
		}, []string{
			"Acme.app/Contents/Frameworks/Helper (GPU).app/Contents/MacOS/Helper (GPU) in Acme.app/Contents/Frameworks/Helper (GPU).app as main of Acme.app",
			"Acme.app/Contents/Library/SystemExtensions/c.systemextension/Contents/MacOS/c in Acme.app/Contents/Library/SystemExtensions/c.systemextension as main of Acme.app",
			"Acme.app/Contents/MacOS/Acme in Acme.app as main",
			"Acme.app/Contents/MacOS/crashpad in Acme.app",
			"Acme.app/Contents/Resources/app.asar.unpacked/node_modules/x/build/Release/x.node in Acme.app",
			"Acme.app/Contents/XPCServices/a.xpc/Contents/MacOS/a in Acme.app/Contents/XPCServices/a.xpc as main of Acme.app",
			"Acme.app/Contents/XPCServices/a.xpc/Contents/PlugIns/b.plugin/Contents/MacOS/b in Acme.app/Contents/XPCServices/a.xpc/Contents/PlugIns/b.plugin as main of Acme.app",
		}},
		{"a shallow app, as on iOS", map[string]string{
			"Acme.app/Info.plist":         executable("Acme"),
			"Acme.app/Acme":               machO,
			"Acme.app/PlugIns/w.appex/w":  machO,
			"Acme.app/Frameworks/x.dylib": machO,
		}, []string{
			"Acme.app/Acme in Acme.app as main",
			"Acme.app/Frameworks/x.dylib in Acme.app",
			"Acme.app/PlugIns/w.appex/w in Acme.app/PlugIns/w.appex as main of Acme.app",
		}},
		{"a framework with its links", map[string]string{
			"F.framework/Versions/A/Resources/Info.plist": executable("F"),
			"F.framework/Versions/A/F":                    machO,
			"F.framework/Versions/A/Libraries/l.dylib":    machO,
			"F.framework/Versions/Current":                "-> A",
			"F.framework/Resources":                       "-> Versions/Current/Resources",
			"F.framework/F":                               "-> Versions/Current/F",
		}, []string{
			"F.framework/Versions/A/F in F.framework/Versions/A as main of F.framework",
			"F.framework/Versions/A/Libraries/l.dylib in F.framework/Versions/A of F.framework",
		}},
		{"a framework whose links have become copies", map[string]string{
			"F.framework/Versions/A/Resources/Info.plist":       executable("F"),
			"F.framework/Versions/A/F":                          machO,
			"F.framework/Versions/Current/Resources/Info.plist": executable("F"),
			"F.framework/Versions/Current/F":                    machO,
			"F.framework/Resources/Info.plist":                  executable("F"),
			"F.framework/F":                                     machO,
		}, []string{
			"F.framework/F in F.framework as main",
			"F.framework/Versions/A/F in F.framework/Versions/A as main of F.framework",
			"F.framework/Versions/Current/F in F.framework/Versions/Current as main of F.framework",
		}},
		{"a framework version without an Info.plist is no bundle", map[string]string{
			"F.framework/Versions/A/Resources/Info.plist": executable("F"),
			"F.framework/Versions/A/F":                    machO,
			"F.framework/Versions/B/F":                    machO,
		}, []string{
			"F.framework/Versions/A/F in F.framework/Versions/A as main of F.framework",
			"F.framework/Versions/B/F in F.framework",
		}},
		{"a framework without versions", map[string]string{
			"F.framework/Info.plist": executable("F"),
			"F.framework/F":          machO,
		}, []string{"F.framework/F in F.framework as main"}},
		{"suffixes in capitals, a folder with Contents, a missing Info.plist", map[string]string{
			"A.APP/contents/INFO.plist":         executable("tool"),
			"A.APP/contents/MacOS/tool":         machO,
			"A.APP/contents/MacOS/A":            machO,
			"B.app/Contents/MacOS/B":            machO,
			"unlisted.clap/Contents/Info.plist": executable("c"),
			"unlisted.clap/Contents/MacOS/c":    machO,
			"plain/Contents/Resources/x":        machO,
			".bundle/x":                         machO,
		}, []string{
			".bundle/x",
			`A.APP: old-layout: "contents" is not spelled Contents, so that what is sealed depends on the volume`,
			"A.APP/contents/MacOS/A in A.APP",
			"A.APP/contents/MacOS/tool in A.APP as main",
			"B.app/Contents/MacOS/B in B.app as main",
			"plain/Contents/Resources/x",
			"unlisted.clap/Contents/MacOS/c in unlisted.clap as main",
		}},
		{"Contents wins over Resources, except in a framework", map[string]string{
			"A.app/Contents/Info.plist":        executable("c"),
			"A.app/Resources/Info.plist":       executable("r"),
			"A.app/c":                          machO,
			"A.app/r":                          machO,
			"F.framework/Contents/Info.plist":  executable("c"),
			"F.framework/Resources/Info.plist": executable("r"),
			"F.framework/c":                    machO,
			"F.framework/r":                    machO,
		}, []string{
			"A.app/c in A.app as main", "A.app/r in A.app",
			"F.framework/c in F.framework", "F.framework/r in F.framework as main",
		}},
		{"an Info.plist for macOS wins", map[string]string{
			"A.app/Contents/Info.plist":       executable("all"),
			"A.app/Contents/Info-macos.plist": executable("mac"),
			"A.app/Contents/MacOS/all":        machO,
			"A.app/Contents/MacOS/mac":        machO,
		}, []string{"A.app/Contents/MacOS/all in A.app", "A.app/Contents/MacOS/mac in A.app as main"}},
		{"the executable is looked for in MacOS, Contents, the bundle", map[string]string{
			"A.app/Contents/Info.plist":         executable("x"),
			"A.app/Contents/x":                  machO,
			"A.app/x":                           machO,
			"B.app/Support Files/Info.plist":    executable("x"),
			"B.app/Support Files/Executables/x": machO,
		}, []string{
			"A.app/Contents/x in A.app as main", "A.app/x in A.app",
			`B.app: old-layout: a bundle with a folder "Support Files", from which parts of macOS take the seal and others nothing`,
			"B.app/Support Files/Executables/x in B.app as main",
		}},
		{"the executable's name may lead elsewhere in the bundle", map[string]string{
			"A.app/Contents/Info.plist":  executable("../Resources/x"),
			"A.app/Contents/Resources/x": machO,
		}, []string{"A.app/Contents/Resources/x in A.app as main"}},
		{"a link is no main executable", map[string]string{
			"A.app/Contents/Info.plist":  executable("x"),
			"A.app/Contents/MacOS/x":     "-> ../Resources/x",
			"A.app/Contents/Resources/x": machO,
		}, []string{
			"A.app/Contents/Resources/x in A.app",
			`A.app: no-main: the main executable "x" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
		}},
		{"a folder behind a link has no main executable", map[string]string{
			"A.app/Contents/Info.plist":    executable("x"),
			"A.app/Contents/MacOS":         "-> Resources/M",
			"A.app/Contents/Resources/M/x": machO,
		}, []string{
			"A.app/Contents/Resources/M/x in A.app",
			`A.app: no-main: the main executable "x" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
		}},
		{"the folder of the versions of a framework is no bundle, and a version has none", map[string]string{
			"F.framework/Versions/Contents/Info.plist":            executable("P"),
			"F.framework/Versions/A/Info.plist":                   executable("F"),
			"F.framework/Versions/A/F":                            machO,
			"F.framework/Versions/A/Versions/P.framework/P":       machO,
			"F.framework/Versions/A/Versions/Contents/x":          machO,
			"F.framework/Versions/A/Versions/Contents/Info.plist": executable("x"),
		}, []string{
			"F.framework/Versions/A/F in F.framework/Versions/A as main of F.framework",
			"F.framework/Versions/A/Versions/Contents/x in F.framework/Versions/A of F.framework",
			"F.framework/Versions/A/Versions/P.framework/P in F.framework/Versions/A/Versions/P.framework as main of F.framework",
		}},
		{"a bundle in MacOS takes the main executable from the one around it, which is told", map[string]string{
			"A.app/Contents/Info.plist":                executable("A"),
			"A.app/Contents/MacOS/A":                   machO,
			"A.app/Contents/MacOS/Contents/Info.plist": executable("A"),
		}, []string{
			"A.app/Contents/MacOS/A in A.app/Contents/MacOS as main of A.app",
			`A.app: no-main: the main executable "A" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
		}},
		{"a link and another spelling in place of Contents", map[string]string{
			"A.app/Contents":        "-> Real",
			"A.app/Real/Info.plist": executable("A"),
			"A.app/A":               machO,
		}, []string{
			`A.app: old-layout: "Contents" is a link, so that what is sealed depends on who reads the bundle`,
			"A.app/A in A.app as main",
		}},
		{"a folder that has nothing of a bundle but a signature, or the suffix", map[string]string{
			"A/Contents/_CodeSignature/CodeResources": "",
			"A/Contents/MacOS/A":                      machO,
			"x.service/index.js":                      "",
			"x.service/lib/y.node":                    machO,
		}, []string{"A/Contents/MacOS/A in A as main", "x.service/lib/y.node in x.service"}},
		{"an Info.plist that makes no sense, in data that is sealed, beside code, alone", map[string]string{
			"A.app/Contents/Info.plist":                    executable("A"),
			"A.app/Contents/MacOS/A":                       machO,
			"A.app/Contents/Resources/D.bundle/Info.plist": "{ a = b; }",
			"A.app/Contents/Resources/E.bundle/Info.plist": "{ a = b; }",
			"A.app/Contents/Resources/E.bundle/x":          machO,
			"F.bundle/Contents/Info.plist":                 "{ a = b; }",
		}, []string{
			"A.app/Contents/MacOS/A in A.app as main",
			"A.app/Contents/Resources/E.bundle/x in A.app/Contents/Resources/E.bundle of A.app",
			"A.app/Contents/Resources/E.bundle/Info.plist: unreadable: Info.plist: neither an XML nor a binary property list",
			"F.bundle/Contents/Info.plist: unreadable: Info.plist: neither an XML nor a binary property list",
			"F.bundle: no-code: a bundle without code: no signature seals what is in it, so nothing of it was looked at",
		}},
		{"bundles of data that are signed by files of their own", map[string]string{
			"B.bundle/Contents/Info.plist":                        info(),
			"B.bundle/Contents/_CodeSignature/CodeDirectory":      "",
			"F.framework/Versions/A/Resources/Info.plist":         info(),
			"F.framework/Versions/A/_CodeSignature/CodeDirectory": "",
		}, []string{
			`B.bundle: no-main: the main executable "B" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
			`F.framework: no-main: the main executable "F" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
		}},
		{"bundles of data: alone, with code, of symbols, in a bundle that seals them", map[string]string{
			"A.app/Contents/Info.plist":                    executable("A"),
			"A.app/Contents/MacOS/A":                       machO,
			"A.app/Contents/Resources/D.bundle/Info.plist": executable("none"),
			"B.bundle/Contents/Info.plist":                 info(),
			"B.bundle/Contents/Resources/data":             "",
			"C.bundle/Contents/Info.plist":                 info(),
			"C.bundle/Contents/Resources/code":             machO,
			"D.app.dSYM/Contents/Info.plist":               executable("D"),
			"D.app.dSYM/Contents/Resources/DWARF/D":        machO,
			"x.service/E.plugin/Contents/Info.plist":       executable("E"),
			"x.service/E.plugin/Contents/MacOS/E":          "#!/bin/sh",
		}, []string{
			"A.app/Contents/MacOS/A in A.app as main",
			"B.bundle: no-code: a bundle without code: no signature seals what is in it, so nothing of it was looked at",
			"C.bundle/Contents/Resources/code in C.bundle",
			`C.bundle: no-main: the main executable "C" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
			"D.app.dSYM/Contents/Resources/DWARF/D in D.app.dSYM",
			`x.service/E.plugin: no-main: the main executable "E" was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at`,
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := write(t, tt.files)
			if diff := cmp.Diff(tt.want, list(t, slash(dir), Walk(t.Context(), dir))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bundleOf walks an app with that Info.plist and returns the app.
func bundleOf(t *testing.T, infoPlist string) (*Bundle, bool) {
	t.Helper()
	dir := write(t, map[string]string{
		"Acme.app/Contents/Info.plist": infoPlist,
		"Acme.app/Contents/MacOS/Acme": machO,
		"outside":                      machO,
	})
	for item, problem := range Walk(t.Context(), dir+"/Acme.app") {
		if problem != nil {
			if !strings.HasSuffix(problem.Path, "/Info.plist") {
				t.Error(problem)
			}
			continue
		}
		item.Close()
		b := *item.Bundle
		b.Path = strings.TrimPrefix(b.Path, slash(dir)+"/")
		b.InfoPath = strings.TrimPrefix(b.InfoPath, slash(dir)+"/")
		return &b, item.Main
	}
	t.Fatal("no item")
	return nil, false
}

func TestBundleSaysWhatItsInfoPlistSays(t *testing.T) {
	values := map[string]any{
		"CFBundleIdentifier":         "com.acme.app",
		"CFBundleExecutable":         "Acme",
		"CFBundleVersion":            7,
		"CFBundleShortVersionString": "1.2",
	}
	for _, tt := range []struct {
		name   string
		format int
	}{{"XML", plist.XMLFormat}, {"binary", plist.BinaryFormat}} {
		t.Run(tt.name, func(t *testing.T) {
			raw, err := plist.Marshal(values, tt.format)
			if err != nil {
				t.Fatal(err)
			}
			got, main := bundleOf(t, string(raw))
			want := &Bundle{
				Path: "Acme.app", Inside: "Acme.app", Kind: "app",
				Identifier: "com.acme.app", Version: "7", ShortVersion: "1.2", Executable: "Acme",
				InfoPath: "Acme.app/Contents/Info.plist", InfoPlist: raw,
			}
			if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(Bundle{})); diff != "" {
				t.Error(diff)
			}
			if !main {
				t.Error("Acme is not its main executable")
			}
		})
	}
}

func TestBundleSurvivesAHostileInfoPlist(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   string
		want string // the error, or how it begins
		main bool
	}{
		{"an empty file", "", "Info.plist: empty property list", true},
		{"OpenStep", "{ CFBundleExecutable = Acme; }", "Info.plist: neither an XML nor a binary property list", true},
		{"a nesting bomb", "<plist>" + strings.Repeat("<array>", 500_000), "Info.plist: XML property list: ", true},
		{"more than is read", strings.Repeat(" ", boundedplist.MaxSize+1), "Info.plist: 4194305 bytes, more than 4194304", true},
		{"an array", "<plist><array/></plist>", "Info.plist: not a dictionary", true},
		{
			"an identifier that is a number", "<plist><dict><key>CFBundleIdentifier</key><integer>1</integer></dict></plist>",
			"Info.plist: CFBundleIdentifier is not a string", true,
		},
		{
			"an executable that is an array", "<plist><dict><key>CFBundleExecutable</key><array/></dict></plist>",
			"Info.plist: CFBundleExecutable is not a string", true,
		},
		{"an empty executable is none", executable(""), "", true},
		{"the old name of the key", info("NSExecutable", "Acme"), "", true},
		{"an executable that is not there", executable("other"), "", false},
		{"an executable outside", executable("../../../outside"), `Info.plist: CFBundleExecutable "../../../outside" leads out of the bundle`, false},
		{"an absolute executable", executable("/Contents/MacOS/Acme"), `Info.plist: CFBundleExecutable "/Contents/MacOS/Acme" leads out of the bundle`, false},
		{"an executable of dots", executable(".."), "", false},
		{
			"an executable out and back in", executable("../../../Acme.app/Contents/MacOS/Acme"),
			`Info.plist: CFBundleExecutable "../../../Acme.app/Contents/MacOS/Acme" leads out of the bundle`, false,
		},
		{"a very long executable", executable(strings.Repeat("../MacOS/", 1000) + "Acme"), "Info.plist: CFBundleExecutable of 9004 bytes", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, main := bundleOf(t, tt.in)
			message := ""
			if got.Err != nil {
				message = got.Err.Error()
			}
			if !strings.HasPrefix(message, tt.want) || tt.want == "" && message != "" {
				t.Errorf("error %q, want %q", message, tt.want)
			}
			if main != tt.main {
				t.Errorf("main is %v", main)
			}
		})
	}
}

func TestBundleTakesNoInfoPlistThroughALink(t *testing.T) {
	for _, name := range []string{"Acme.app", "Acme"} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, map[string]string{
				name + "/Contents/Info.plist":        "-> Resources/x.plist",
				name + "/Contents/Resources/x.plist": executable("other"),
				name + "/Contents/MacOS/Acme":        machO,
			})
			for item, problem := range Walk(t.Context(), dir) {
				if problem != nil {
					if problem.Err.Error() != "Info.plist: not a regular file" {
						t.Error(problem)
					}
					continue
				}
				item.Close()
				if err := item.Bundle.Err; err == nil || err.Error() != "Info.plist: not a regular file" {
					t.Errorf("got %v", err)
				}
			}
		})
	}
}
