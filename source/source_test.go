package source_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/source"
)

func TestReadFindsWhoSignsWithWhat(t *testing.T) {
	for _, row := range []struct {
		name, dir string
		want      []string
	}{
		{
			"targets of Xcode, with .xcconfig files, conditions and settings that are entitlements", "xcode",
			[]string{
				"file Agent/Agent.entitlements: com.apple.security.inherit",
				"file App/Acme.entitlements: com.apple.security.app-sandbox com.apple.security.network.client",
				"file App/Debug.entitlements: com.apple.security.get-task-allow",
				"target Acme (Debug) at Acme.xcodeproj/project.pbxproj:71, identifier com.acme.app.debug, team A1B2C3D4E5, execute, app, with App/Debug.entitlements, claims com.apple.security.cs.allow-jit: true (RUNTIME_EXCEPTION_ALLOW_JIT = YES) at Acme.xcodeproj/project.pbxproj:78, claims com.apple.security.files.user-selected.read-only: true (ENABLE_USER_SELECTED_FILES = readonly) at Config/App.xcconfig:8, unhardened at Acme.xcodeproj/project.pbxproj:76 (ENABLE_HARDENED_RUNTIME is NO)",
				"target Acme (Release) at Acme.xcodeproj/project.pbxproj:82, by default, identifier com.acme.app, team A1B2C3D4E5, execute, app, with App/Acme.entitlements, claims com.apple.security.cs.allow-jit: (unclear) (RUNTIME_EXCEPTION_ALLOW_JIT = $(ALLOW_JIT:default=NO)) at Config/App.xcconfig:7, claims com.apple.security.app-sandbox: (unclear) (ENABLE_APP_SANDBOX = YES) at Acme.xcodeproj/project.pbxproj:87, claims com.apple.security.files.user-selected.read-only: true (ENABLE_USER_SELECTED_FILES = readonly) at Config/App.xcconfig:8, open: ENABLE_APP_SANDBOX is not known",
				"target Agent (Release) at Acme.xcodeproj/project.pbxproj:104, by default, identifier com.acme.agent, execute, xpc, with Agent/Agent.entitlements, claims com.apple.security.cs.disable-library-validation: (unclear) (RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION = $(FROM_THE_COMMAND_LINE)) at Acme.xcodeproj/project.pbxproj:110, claims com.apple.security.get-task-allow: true (ENTITLEMENTS_DONT_REMOVE_GET_TASK_ALLOW = YES) at Acme.xcodeproj/project.pbxproj:108, unhardened at Acme.xcodeproj/project.pbxproj:104 (ENABLE_HARDENED_RUNTIME is not set), open: RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION is not known",
				"target Agent (Debug) at Acme.xcodeproj/project.pbxproj:104, identifier com.acme.agent, execute, xpc, with Agent/Agent.entitlements, claims com.apple.security.cs.disable-library-validation: (unclear) (RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION = $(FROM_THE_COMMAND_LINE)) at Acme.xcodeproj/project.pbxproj:110, claims com.apple.security.get-task-allow: true (ENTITLEMENTS_DONT_REMOVE_GET_TASK_ALLOW = YES) at Acme.xcodeproj/project.pbxproj:108, unhardened at Acme.xcodeproj/project.pbxproj:104 (ENABLE_HARDENED_RUNTIME is not set), open: RUNTIME_EXCEPTION_DISABLE_LIBRARY_VALIDATION is not known",
				"target Kit (Release) at Acme.xcodeproj/project.pbxproj:149, by default, dylib, framework, open: CODE_SIGN_ENTITLEMENTS is not known",
				"target Kit (Debug) at Acme.xcodeproj/project.pbxproj:149, dylib, framework, open: CODE_SIGN_ENTITLEMENTS is not known",
				"unresolved: Acme.xcodeproj/project.pbxproj:152:5: CODE_SIGN_ENTITLEMENTS of target Kit (Release) is $(KIT_ENTITLEMENTS), which only a build knows",
				"unresolved: Acme.xcodeproj/project.pbxproj:152:5: CODE_SIGN_ENTITLEMENTS of target Kit (Debug) is $(KIT_ENTITLEMENTS), which only a build knows",
			},
		},
		{
			"electron-builder in package.json, with the files that it looks for by itself", "electron",
			[]string{
				"file build/entitlements.mac.plist: com.apple.security.cs.allow-jit",
				"electron-builder app (mac) at package.json:6, by default, identifier com.acme.editor, execute, app, with build/entitlements.mac.plist, unhardened at package.json:8 (hardenedRuntime is false)",
				"electron-builder helpers (mac) at package.json:6, by default, helpers of com.acme.editor.helper, claims com.apple.security.cs.allow-dyld-environment-variables: (unclear) (electron-builder's default, for want of build/entitlements.mac.inherit.plist) at package.json:6, claims com.apple.security.cs.allow-jit: (unclear) (electron-builder's default, for want of build/entitlements.mac.inherit.plist) at package.json:6, claims com.apple.security.cs.allow-unsigned-executable-memory: (unclear) (electron-builder's default, for want of build/entitlements.mac.inherit.plist) at package.json:6, claims com.apple.security.cs.disable-library-validation: (unclear) (electron-builder's default, for want of build/entitlements.mac.inherit.plist) at package.json:6, open: which of them its defaults claim depends on the version of electron-builder",
				"electron-builder login helper (mac) at package.json:9, by default, with build/login.plist",
				"missing: package.json:9:7: names the entitlements build/login.plist, and there is no such file",
			},
		},
		{
			"electron-builder in YAML, and its store builds", "electron-yaml",
			[]string{
				"file resources/entitlements.mas.inherit.plist: com.apple.security.inherit",
				"file resources/entitlements.mas.plist: com.apple.security.app-sandbox",
				"file resources/main.plist: com.apple.security.cs.disable-library-validation",
				"electron-builder app (mac) at electron-builder.yml:5, by default, identifier com.acme.viewer, execute, app, with resources/main.plist",
				"electron-builder app (mas-dev) at electron-builder.yml:5, identifier com.acme.viewer, execute, app, with resources/main.plist",
				"electron-builder helpers (mac) at electron-builder.yml:6, by default, helpers of com.acme.viewer.helper, with resources/main.plist",
				"electron-builder helpers (mas) at electron-builder.yml:6, by default, helpers of com.acme.viewer.helper, with resources/main.plist",
				"electron-builder helpers (mas-dev) at electron-builder.yml:6, helpers of com.acme.viewer.helper, with resources/main.plist",
				"electron-builder app (mas) at electron-builder.yml:7, by default, identifier com.acme.viewer, execute, app, with resources/entitlements.mas.plist",
				"unresolved: electron-builder.yml:9:1: extends another configuration, which is not read",
			},
		},
		{
			"Electron Forge in package.json, and a program that is not read", "forge",
			[]string{
				"Electron Forge app at package.json:6, by default, identifier com.acme.notes, execute, app, claims com.apple.security.cs.allow-jit: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.audio-input: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.bluetooth: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.camera: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.print: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.usb: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.personal-information.location: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.personal-information.photos-library: (unclear) (@electron/osx-sign's default) at package.json:6, open: the defaults depend on the version of @electron/osx-sign",
				"Electron Forge helpers at package.json:6, by default, helpers of com.acme.notes.helper, claims com.apple.security.cs.allow-jit: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.audio-input: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.bluetooth: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.camera: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.print: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.device.usb: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.personal-information.location: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.personal-information.photos-library: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.cs.allow-unsigned-executable-memory: (unclear) (@electron/osx-sign's default) at package.json:6, claims com.apple.security.cs.disable-library-validation: (unclear) (@electron/osx-sign's default) at package.json:6, open: the defaults depend on the version of @electron/osx-sign",
				"unresolved: forge.config.js:0:0: the configuration is a program, and what it names is not read",
			},
		},
		{
			"Tauri, with what the file for macOS changes", "tauri",
			[]string{
				"file src-tauri/Entitlements.plist: com.apple.security.network.client",
				"Tauri app at src-tauri/tauri.macos.conf.json:4, by default, identifier com.acme.tauri, execute, app, with src-tauri/Entitlements.plist, unhardened at src-tauri/tauri.macos.conf.json:5 (hardenedRuntime is false)",
			},
		},
		{
			"Tauri 1 in JSON5, and a TOML that is not read", "tauri-v1",
			[]string{
				"file src-tauri/app.entitlements: com.apple.security.cs.allow-unsigned-executable-memory",
				"Tauri app at src-tauri/tauri.conf.json5:6, by default, identifier com.acme.old, execute, app, with src-tauri/app.entitlements",
				"unresolved: src-tauri/Tauri.toml:0:0: the configuration is not read: TOML is not",
			},
		},
		{
			"Flutter by way of its Xcode project, before the build has made its files", "flutter",
			[]string{
				"file macos/Runner/DebugProfile.entitlements: com.apple.security.app-sandbox com.apple.security.cs.allow-jit",
				"file macos/Runner/Release.entitlements: com.apple.security.app-sandbox",
				"target Runner (Profile) at macos/Runner.xcodeproj/project.pbxproj:12, identifier com.acme.flutter, execute, app, with macos/Runner/DebugProfile.entitlements, unhardened at macos/Runner.xcodeproj/project.pbxproj:12 (ENABLE_HARDENED_RUNTIME is not set)",
				"target Runner (Release) at macos/Runner.xcodeproj/project.pbxproj:18, by default, identifier com.acme.flutter, execute, app, with macos/Runner/Release.entitlements, unhardened at macos/Runner.xcodeproj/project.pbxproj:18 (ENABLE_HARDENED_RUNTIME is not set)",
				"incomplete: macos/Flutter/Flutter-Release.xcconfig:2:1: what macos/Flutter/ephemeral/Flutter-Generated.xcconfig sets is not known: no such file or directory",
			},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			root, err := os.OpenRoot(filepath.Join(fixtures, row.dir))
			if err != nil {
				t.Fatal(err)
			}
			defer root.Close()
			if diff := cmp.Diff(row.want, lines(source.Read(root.FS(), "."))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSettingsAreResolvedAsXcodeDoes(t *testing.T) {
	for _, row := range []struct {
		name, settings, base string
		identifier, with     string
		claims               []string
		open                 string
	}{
		{name: "what the target does not set is the project's", with: "A.entitlements"},
		{name: "the file of a target goes before the project", base: "CODE_SIGN_ENTITLEMENTS = B.entitlements", with: "B.entitlements"},
		{name: "the target goes before its file", settings: "CODE_SIGN_ENTITLEMENTS = C.entitlements;", base: "CODE_SIGN_ENTITLEMENTS = B.entitlements", with: "C.entitlements"},
		{name: "an empty value takes the file away", settings: `CODE_SIGN_ENTITLEMENTS = "";`},
		{name: "of two lines the last counts", base: "CODE_SIGN_ENTITLEMENTS = B.entitlements\nCODE_SIGN_ENTITLEMENTS = C.entitlements", with: "C.entitlements"},
		{name: "a line after a condition that holds counts more, as in swift-build", base: "CODE_SIGN_ENTITLEMENTS[sdk=macosx*] = B.entitlements\nCODE_SIGN_ENTITLEMENTS = C.entitlements", with: "C.entitlements"},
		{name: "in a project a condition counts more than none", settings: `"CODE_SIGN_ENTITLEMENTS[sdk=macosx*]" = B.entitlements; CODE_SIGN_ENTITLEMENTS = C.entitlements;`, with: "B.entitlements"},
		{name: "of two conditions in a project the one counts that is later in the alphabet", settings: `"CODE_SIGN_ENTITLEMENTS[sdk=macosx*]" = B.entitlements; "CODE_SIGN_ENTITLEMENTS[config=Release]" = C.entitlements;`, with: "B.entitlements"},
		{name: "what is included is looked for in the folder of the project, too", base: "#include? \"Deep/Other.xcconfig\"", with: "C.entitlements"},
		{name: "what is for another system does not count", base: "CODE_SIGN_ENTITLEMENTS[sdk=iphoneos*] = B.entitlements", with: "A.entitlements"},
		{name: "a condition on the configuration is known", base: "CODE_SIGN_ENTITLEMENTS[config=Release] = B.entitlements\nCODE_SIGN_ENTITLEMENTS[config=Debug] = C.entitlements", with: "B.entitlements"},
		{name: "of what depends on the architecture, each may be it", base: "CODE_SIGN_ENTITLEMENTS[arch=arm64] = B.entitlements", with: "B.entitlements or A.entitlements", open: "CODE_SIGN_ENTITLEMENTS depends on what is built"},
		{name: "a version of the SDK may be it", base: "CODE_SIGN_ENTITLEMENTS[sdk=macosx26.0] = B.entitlements", with: "B.entitlements or A.entitlements", open: "CODE_SIGN_ENTITLEMENTS depends on what is built"},
		{name: "variables are replaced, also inside of one another", base: "K = ONE\nV_ONE = B\nCODE_SIGN_ENTITLEMENTS = ${V_$(K)}.entitlements", with: "B.entitlements"},
		{name: "a variable that nothing sets is not guessed", base: "CODE_SIGN_ENTITLEMENTS = $(WHICH).entitlements", open: "CODE_SIGN_ENTITLEMENTS is not known"},
		{name: "variables that name one another end", base: "A = $(B)$(B)\nB = $(A)$(A)\nCODE_SIGN_ENTITLEMENTS = $(A)", open: "CODE_SIGN_ENTITLEMENTS is not known"},
		{name: "inherited is what counts less", base: "PRODUCT_BUNDLE_IDENTIFIER = com.acme", settings: `PRODUCT_BUNDLE_IDENTIFIER = "$(inherited).app";`, with: "A.entitlements", identifier: "com.acme.app"},
		{name: "what Xcode leaves to the project is known", settings: `PRODUCT_NAME = App; MARKETING_VERSION = 1; PRODUCT_BUNDLE_IDENTIFIER = "com.acme.$(PRODUCT_NAME).$(MARKETING_VERSION)";`, with: "A.entitlements", identifier: "com.acme.App.1"},
		{name: "what Xcode sets itself is not known, whatever the project says", settings: `SDK_NAME = x; PRODUCT_BUNDLE_IDENTIFIER = "com.acme.$(SDK_NAME)";`, with: "A.entitlements"},
		{name: "an operator makes an identifier", settings: `PRODUCT_BUNDLE_IDENTIFIER = "com.acme.$(TARGET_NAME:rfc1034identifier:lower)";`, with: "A.entitlements", identifier: "com.acme.my-app"},
		{name: "an operator that is not known is not guessed", settings: `PRODUCT_BUNDLE_IDENTIFIER = "com.acme.$(TARGET_NAME:quote)";`, with: "A.entitlements"},
		{name: "a boolean is read as NSString's boolValue does", settings: `RUNTIME_EXCEPTION_ALLOW_JIT = "1x"; RUNTIME_EXCEPTION_DEBUGGING_TOOL = no;`, with: "A.entitlements", claims: []string{"com.apple.security.cs.allow-jit: true"}},
		{name: "a boolean that is not known may be on", base: "RUNTIME_EXCEPTION_ALLOW_JIT = $(JIT)", with: "A.entitlements", claims: []string{"com.apple.security.cs.allow-jit: (unclear)"}, open: "RUNTIME_EXCEPTION_ALLOW_JIT is not known"},
		{name: "a boolean of one architecture may be on", base: "RUNTIME_EXCEPTION_ALLOW_JIT[arch=x86_64] = YES", with: "A.entitlements", claims: []string{"com.apple.security.cs.allow-jit: (unclear)"}, open: "RUNTIME_EXCEPTION_ALLOW_JIT is not known"},
		{name: "access to folders is read-only or read-write", settings: "ENABLE_USER_SELECTED_FILES = readwrite; ENABLE_FILE_ACCESS_MUSIC_FOLDER = readonly; ENABLE_FILE_ACCESS_MOVIES_FOLDER = none;", with: "A.entitlements", claims: []string{"com.apple.security.assets.music.read-only: true", "com.apple.security.files.user-selected.read-write: true"}},
		{name: "a comment ends a value, and a backslash does not", base: "CODE_SIGN_ENTITLEMENTS = B.\\\n  x // no more\nPRODUCT_BUNDLE_IDENTIFIER = com.acme.app;", with: "B. x", identifier: "com.acme.app"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := source.Read(tree(
				pbxproj, xcode(row.settings), "Base.xcconfig", row.base,
				"A.entitlements", claims(), "B.entitlements", claims(), "C.entitlements", claims(), "B. x", claims(),
				"Deep/Other.xcconfig", "#include \"Deep/More.xcconfig\"", "Deep/More.xcconfig", "CODE_SIGN_ENTITLEMENTS = C.entitlements",
			), ".")
			if len(got.Signings) != 1 {
				t.Fatalf("%q", lines(got))
			}
			s := got.Signings[0]
			var settings []string
			for _, c := range s.Settings {
				settings = append(settings, c.Key+": "+c.Value.Text())
			}
			if diff := cmp.Diff([]any{row.identifier, row.with, row.claims, row.open}, []any{s.Identifier, strings.Join(s.Files, " or "), settings, s.Open}); diff != "" {
				t.Errorf("(-want +got):\n%s\n%q", diff, lines(got))
			}
		})
	}
}

// A target and its project may have different configurations. Of each the one of the name that
// is built counts, else the project's default, else the first.
func TestConfigurationsArePairedAsXcodeDoes(t *testing.T) {
	// configurations are NAME or NAME=JIT, of which the last is built by default.
	list := func(id string, configurations ...string) string {
		var ids, objects strings.Builder
		name := ""
		for i, c := range configurations {
			var jit string
			name, jit, _ = strings.Cut(c, "=")
			fmt.Fprintf(&ids, "%s%d, ", id, i)
			fmt.Fprintf(&objects, "%s%d = { name = %s; buildSettings = { %s }; };\n", id, i, name, jit)
		}
		return fmt.Sprintf("%s = { buildConfigurations = (%s); defaultConfigurationName = \"%s\"; };\n%s", id, ids.String(), name, objects.String())
	}
	const jit, off = "=RUNTIME_EXCEPTION_ALLOW_JIT = YES;", "=RUNTIME_EXCEPTION_ALLOW_JIT = NO;"
	const release = `="RUNTIME_EXCEPTION_ALLOW_JIT[config=Release]" = YES;`
	for _, row := range []struct {
		name            string
		project, target []string
		want            string // name, whether it is built by default, and the claim
	}{
		{"both have it", []string{"Debug", "Release" + jit}, []string{"Debug", "Release"}, "Debug, Release by default true"},
		{"the target goes before the project", []string{"Release" + jit}, []string{"Release" + off}, "Release by default"},
		{"the target lacks it, and has its only one", []string{"Debug", "Release" + jit}, []string{"Debug"}, "Debug, Release by default true"},
		{"the target lacks it, and has the project's default", []string{"Beta", "Release"}, []string{"Debug" + off, "Release" + jit}, "Debug, Release by default true, Beta true"},
		{"the target lacks it, and has others", []string{"Release"}, []string{"Beta" + jit, "Debug" + off}, "Beta true, Debug, Release by default true"},
		{"the project lacks it, and has its default", []string{"Debug", "Release" + jit}, []string{"Beta", "Debug", "Release"}, "Beta true, Debug, Release by default true"},
		{"the target has none", []string{"Release" + jit}, nil, "Release by default true"},
		{"the default is the project's, whatever the target says", []string{"Debug", "Release"}, []string{"Release" + jit, "Debug"}, "Release by default true, Debug"},
		{"a condition on one of two names is left open", []string{"Release" + release}, []string{"Debug"}, "Debug (unclear), Release by default (unclear)"},
		{"a condition on the name of both holds", []string{"Release" + release}, []string{"Release"}, "Release by default true"},
	} {
		t.Run(row.name, func(t *testing.T) {
			project := xcode("")
			start, end := strings.Index(project, "PL = {"), strings.Index(project, "F = {")
			project = project[:start] + list("PL", row.project...) + project[end:]
			start, end = strings.Index(project, "TL = {"), strings.Index(project, "rootObject")
			project = project[:start] + list("TL", row.target...) + "}; " + project[end:]
			var got []string
			tree := source.Read(tree(pbxproj, project), ".")
			for _, s := range tree.Signings {
				text := s.Configuration
				if s.Default {
					text += " by default"
				}
				for _, c := range s.Settings {
					text += " " + c.Value.Text()
				}
				got = append(got, text)
			}
			slices.Sort(got)
			want := strings.Split(row.want, ", ")
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" || len(tree.Problems) > 0 {
				t.Errorf("(-want +got):\n%s%q", diff, lines(tree))
			}
		})
	}
}

func TestProjectsThatAreForSomethingElse(t *testing.T) {
	for _, row := range []struct {
		name, settings string
		want           int
	}{
		{"an SDK of the phone is not the Mac's", "SDKROOT = iphoneos;", 0},
		{"unless it is for Catalyst", "SDKROOT = iphoneos; SUPPORTS_MACCATALYST = YES;", 1},
		{"or that is not known", `SDKROOT = iphoneos; SUPPORTS_MACCATALYST = "$(MAYBE)";`, 1},
		{"several platforms may have the Mac among them", `SDKROOT = auto; SUPPORTED_PLATFORMS = "iphoneos macosx";`, 1},
		{"or not", `SDKROOT = auto; SUPPORTED_PLATFORMS = "iphoneos iphonesimulator";`, 0},
		{"or platforms that are not known", `SDKROOT = iphoneos; SUPPORTED_PLATFORMS = "$(ALL)";`, 1},
		{"platforms without the Mac do not outweigh its SDK", `SDKROOT = macosx; SUPPORTED_PLATFORMS = iphoneos;`, 1},
		{"nor do none", `SDKROOT = macosx; SUPPORTED_PLATFORMS = "";`, 1},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := source.Read(tree(pbxproj, xcode(row.settings), "Base.xcconfig", "", "A.entitlements", claims()), ".")
			if len(got.Signings) != row.want {
				t.Errorf("%q", lines(got))
			}
		})
	}
}

func TestReadTellsWhatIsNotKnown(t *testing.T) {
	for _, row := range []struct {
		name  string
		files fstest.MapFS
		want  []string
	}{
		{"a project that is cut short", tree(pbxproj, "{ objects = {"), []string{"unreadable: A.xcodeproj/project.pbxproj:1:14: something other than a string"}},
		{"a project with a key twice", tree(pbxproj, "{\n a = 1;\n a = 2; }"), []string{`unreadable: A.xcodeproj/project.pbxproj:3:2: the key "a" twice in one dictionary`}},
		{"a project without one", tree(pbxproj, "{ objects = {}; rootObject = A; }"), []string{"unreadable: A.xcodeproj/project.pbxproj:0:0: it has no project in it"}},
		{"a binary project", tree(pbxproj, "bplist00"), []string{"unreadable: A.xcodeproj/project.pbxproj:1:1: a binary property list, which is not read as a project; convert it with plutil -convert xml1"}},
		{"entitlements that are not there", tree(pbxproj, xcode(""), "Base.xcconfig", ""), []string{
			"target My App (Release) at A.xcodeproj/project.pbxproj:9, by default, execute, app, with A.entitlements",
			"missing: A.xcodeproj/project.pbxproj:5:56: names the entitlements A.entitlements, and there is no such file",
		}},
		{"entitlements outside of the tree", tree(pbxproj, xcode(`CODE_SIGN_ENTITLEMENTS = "../A.entitlements";`), "Base.xcconfig", ""), []string{
			"target My App (Release) at A.xcodeproj/project.pbxproj:9, by default, execute, app, with ../A.entitlements",
			"unresolved: A.xcodeproj/project.pbxproj:10:1: names the entitlements ../A.entitlements, and it is outside of the folder that is looked at",
		}},
		{"a file that includes itself, and one that is not there", tree(pbxproj, xcode(""), "A.entitlements", claims(), "Base.xcconfig", "#include \"Base.xcconfig\"\n#include \"Gone.xcconfig\"\n#include? \"Also.xcconfig\"\n# include\nnonsense\n"), []string{
			"file A.entitlements: ",
			"target My App (Release) at A.xcodeproj/project.pbxproj:9, by default, execute, app, with A.entitlements",
			"incomplete: Base.xcconfig:1:1: Base.xcconfig includes itself",
			"incomplete: Base.xcconfig:2:1: what Gone.xcconfig sets is not known: file does not exist",
			"unresolved: Base.xcconfig:4:1: a line that is an error for Xcode: #include without a name in quotes",
			"unresolved: Base.xcconfig:5:1: a line that is an error for Xcode: no =",
		}},
		{"a package.json that is wrong, of no Electron app", tree("package.json", "{{name}}"), nil},
		{"and of one", tree("package.json", `{ "name": "electron-app", `), []string{"unreadable: package.json:1:27: something other than a value"}},
		{"electron-builder without a configuration", tree("package.json", `{ "devDependencies": { "electron-builder": "1" } }`), []string{"unresolved: package.json:0:0: uses electron-builder, and its configuration is not beside it"}},
		{"electron-builder at the root of a workspace", tree("package.json", `{ "devDependencies": { "electron-builder": "1" } }`, "apps/a/package.json", `{ "build": { "mac": { "entitlements": "a.plist", "entitlementsInherit": "a.plist" } } }`, "apps/a/a.plist", claims()), []string{
			"file apps/a/a.plist: ",
			"electron-builder app (mac) at apps/a/package.json:1, by default, execute, app, with apps/a/a.plist",
			"electron-builder helpers (mac) at apps/a/package.json:1, by default, with apps/a/a.plist",
			"unread: package.json:0:0: uses electron-builder, and its configuration is not beside it",
		}},
		{"electron-builder with one that is a program", tree("package.json", `{ "devDependencies": { "electron-builder": "1" } }`, "electron-builder.config.mjs", ""), []string{"unresolved: electron-builder.config.mjs:0:0: the configuration is a program, and what it names is not read"}},
		{"YAML with a merge key", tree("electron-builder.yml", "mac: &a\n  identity: x\nmas:\n  <<: *a\n"), []string{"unreadable: electron-builder.yml:4:3: a key that is merged, or no string"}},
		{"folders of tools and of results are not looked into", tree(
			"node_modules/a/a.entitlements", claims(), ".git/b.entitlements", claims(), "A.app/Contents/c.entitlements", claims(),
			"target/CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55", "target/d.entitlements", claims(),
		), nil},
		{"but a folder is not passed over because it says so", tree("mac/CACHEDIR.TAG", "", "mac/a.entitlements", claims(), "target/b.entitlements", claims()), []string{
			"file mac/a.entitlements: ", "file target/b.entitlements: ",
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if diff := cmp.Diff(row.want, lines(source.Read(row.files, "."))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// The same project says the same in each format.
func TestProjectsAreReadInEachFormat(t *testing.T) {
	const json = `{"objects": {
		"P": {"isa": "PBXProject", "targets": ["T"]},
		"T": {"isa": "PBXNativeTarget", "buildConfigurationList": "L", "name": "App", "productType": "com.apple.product-type.tool"},
		"L": {"isa": "XCConfigurationList", "buildConfigurations": ["C"], "defaultConfigurationName": "Release"},
		"C": {"isa": "XCBuildConfiguration", "name": "Release", "buildSettings": {"RUNTIME_EXCEPTION_ALLOW_JIT": "YES", "CODE_SIGN_ENTITLEMENTS": "a.entitlements"}}
	}, "rootObject": "P"}`
	const list = head + `<dict><key>objects</key><dict>
		<key>P</key><dict><key>isa</key><string>PBXProject</string><key>targets</key><array><string>T</string></array></dict>
		<key>T</key><dict><key>isa</key><string>PBXNativeTarget</string><key>buildConfigurationList</key><string>L</string><key>name</key><string>App</string><key>productType</key><string>com.apple.product-type.tool</string></dict>
		<key>L</key><dict><key>isa</key><string>XCConfigurationList</string><key>buildConfigurations</key><array><string>C</string></array><key>defaultConfigurationName</key><string>Release</string></dict>
		<key>C</key><dict><key>isa</key><string>XCBuildConfiguration</string><key>name</key><string>Release</string><key>buildSettings</key><dict><key>RUNTIME_EXCEPTION_ALLOW_JIT</key><true/><key>CODE_SIGN_ENTITLEMENTS</key><string>a.entitlements</string></dict></dict>
	</dict><key>rootObject</key><string>P</string></dict></plist>`
	for name, project := range map[string]string{"JSON": json, "XML": list} {
		t.Run(name, func(t *testing.T) {
			got := source.Read(tree(pbxproj, project, "a.entitlements", claims()), "")
			if len(got.Signings) != 1 || len(got.Problems) > 0 {
				t.Fatalf("%q", lines(got))
			}
			s := got.Signings[0]
			if len(s.Settings) != 1 || s.Settings[0].Key != "com.apple.security.cs.allow-jit" || !s.Default || len(s.Files) != 1 {
				t.Errorf("%q", lines(got))
			}
		})
	}
}

func TestReadIsBounded(t *testing.T) {
	many := fstest.MapFS{}
	for i := range source.MaxFiles + 1 {
		many[fmt.Sprintf("%04d.entitlements", i)] = &fstest.MapFile{Data: []byte(claims())}
	}
	var ids, targets strings.Builder
	for i := range source.MaxSignings + 1 {
		fmt.Fprintf(&ids, "T%d,", i)
		fmt.Fprintf(&targets, "T%d = { isa = PBXNativeTarget; buildConfigurationList = L; };\n", i)
	}
	wide := "{ objects = { P = { targets = (" + ids.String() + "); };\n " + targets.String() + " L = { buildConfigurations = (C); };\n C = { buildSettings = { X = 1; }; };\n }; rootObject = P; }"
	includes := fstest.MapFS{pbxproj: {Data: []byte(xcode(""))}, "A.entitlements": {Data: []byte(claims())}}
	for i := range 40 { // each includes the next one twice
		name := fmt.Sprintf("%d.xcconfig", i)
		if i == 0 {
			name = "Base.xcconfig"
		}
		next := fmt.Sprintf("#include \"%d.xcconfig\"\n", i+1)
		includes[name] = &fstest.MapFile{Data: []byte(next + next)}
	}
	for _, row := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"files of entitlements", many, "more than 500 files of entitlements"},
		{"bytes of entitlements", tree("a.entitlements", strings.Repeat(" ", 1<<20), "b.entitlements", strings.Repeat(" ", 1<<20), "c.entitlements", "  "), "the entitlements of one run are more than 2097152 bytes"},
		{"nesting of a project", tree(pbxproj, strings.Repeat("{a=", 100_000)), "values nest deeper than 64"},
		{"nesting of JSON", tree("tauri.conf.json", strings.Repeat("[", 100_000)), "values nest deeper than 64"},
		{"nesting of XML", tree(pbxproj, head+strings.Repeat("<dict><key>a</key>", 10_000)), "values nest deeper than 64"},
		{"values of a project", tree(pbxproj, "{a=("+strings.Repeat("1,", 1<<20)+");}"), "more than 1048576 values"},
		{"targets and configurations", tree(pbxproj, wide), "more targets, configurations and settings than are read"},
		{"what includes one another", includes, "more files, or assignments, are included than are read"},
		{"the size of a project", tree(pbxproj, strings.Repeat(" ", source.MaxProject+1)), "it is larger than 16777216 bytes"},
		{"aliases that double", tree("electron-builder.yml", "a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"), "more, or deeper, values than are read"},
		{"folders inside of one another", tree(strings.Repeat("a/", 70)+"b.entitlements", claims()), "folders nest deeper than 64"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := lines(source.Read(row.files, "."))
			if !strings.Contains(strings.Join(got, "\n"), ": "+row.want) {
				t.Errorf("want %q in\n%.2000s", row.want, strings.Join(got, "\n"))
			}
		})
	}
}

// A link that leads out of the tree is not followed, and told.
func TestReadStaysInTheTree(t *testing.T) {
	outer := t.TempDir()
	archivetest.Files{
		"secret":                 claims("com.acme.secret"),
		"project/real.plist":     claims("com.acme.real"),
		"project/a.entitlements": "-> real.plist",
		"project/b.entitlements": "-> ../secret",
	}.Write(outer)
	want := []string{"file p/a.entitlements: com.acme.real", "unreadable: p/b.entitlements:0:0: path escapes from parent"}
	if diff := cmp.Diff(want, linesOf(t, filepath.Join(outer, "project"), "p")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
