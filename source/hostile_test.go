package source_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archivetest"
	"github.com/codewarrant/codewarrant/source"
)

const (
	justInTime = "RUNTIME_EXCEPTION_ALLOW_JIT"
	claimsJIT  = "claims com.apple.security.cs.allow-jit: true"
	mayJIT     = "claims com.apple.security.cs.allow-jit: (unclear)"
)

// safe is a tree with a project whose target has those build settings, in its .xcconfig file
// or in itself, and other files.
func safe(settings, base string, files ...string) fstest.MapFS {
	return tree(append([]string{pbxproj, xcode(settings), "Base.xcconfig", base, "A.entitlements", claims()}, files...)...)
}

// withObjects adds objects to that project.
func withObjects(t fstest.MapFS, objects string) fstest.MapFS {
	t[pbxproj].Data = []byte(strings.Replace(string(t[pbxproj].Data), "objects = {", "objects = {"+objects, 1))
	return t
}

// withText replaces a text of that project.
func withText(t fstest.MapFS, old, text string) fstest.MapFS {
	t[pbxproj].Data = []byte(strings.Replace(string(t[pbxproj].Data), old, text, 1))
	return t
}

// withReference has that project refer to another one.
func withReference(path string) fstest.MapFS {
	t := withText(safe("", ""), "isa = PBXProject;", "isa = PBXProject; mainGroup = G;")
	return withObjects(t, `G = { children = (R, F); sourceTree = "<group>"; }; R = { isa = PBXFileReference; path = "`+path+`"; sourceTree = "<group>"; };`)
}

func withFile(t fstest.MapFS, name, text string) fstest.MapFS {
	t[name] = &fstest.MapFile{Data: []byte(text)}
	return t
}

// crowded is a tree with more files in a folder than are looked at in those that are not looked
// into.
func crowded(dir string) fstest.MapFS {
	t := fstest.MapFS{}
	for i := range 100_001 {
		t[fmt.Sprintf("%s/%d", dir, i)] = &fstest.MapFile{}
	}
	return t
}

// What a project may claim is told, however it is written.
func TestNothingIsPassedOverInSilence(t *testing.T) {
	const jit = justInTime + " = YES\n"
	const builder = `"devDependencies": {"electron-builder": "26"}`
	inGroup := func(group string) fstest.MapFS {
		files := safe("", jit, "clean/Base.xcconfig", "")
		text := strings.Replace(string(files[pbxproj].Data), "sourceTree = SOURCE_ROOT", `sourceTree = "<group>"`, 1)
		text = strings.Replace(text, "isa = PBXProject;", "isa = PBXProject; mainGroup = G;", 1)
		files[pbxproj].Data = []byte(text)
		return withObjects(files, group)
	}
	builds := func(text string, files ...string) fstest.MapFS {
		return tree(append([]string{"electron-builder.yml", text, "build/entitlements.mac.plist", claims(), "build/entitlements.mac.inherit.plist", claims()}, files...)...)
	}
	unhardened := func(settings string) fstest.MapFS {
		files := safe(settings, "")
		files[pbxproj].Data = []byte(strings.Replace(string(files[pbxproj].Data), "ENABLE_HARDENED_RUNTIME = YES; }; name", "}; name", 1))
		return files
	}
	for _, row := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"a line after more than are read", safe("", strings.Repeat("A=\n", 20_000)+jit), "unreadable: A.xcodeproj/project.pbxproj:9:"},
		{"an .xcconfig file that is larger than is read", safe("", "// "+strings.Repeat("x", 1<<20)+"\n"+jit), "unreadable: A.xcodeproj/project.pbxproj:9:"},
		{"an .xcconfig file in Latin-1", safe("", "// Andr\xe9\n"+jit), claimsJIT},
		{"an .xcconfig file outside of the tree", safe("", "#include \"../evil.xcconfig\"\n"), "unreadable: Base.xcconfig:1:1: what ../evil.xcconfig sets is not known: it is outside"},
		{"an .xcconfig file whose name is in another case", safe("", "#include? \"evil.xcconfig\"\n", "Evil.xcconfig", jit), "unreadable: Base.xcconfig:1:1: what evil.xcconfig sets is not known: it is there as Evil.xcconfig"},
		{"an #include without the extension", safe("", "#include? \"evil\"\n", "evil.xcconfig", jit), claimsJIT},
		{"an #include that is beside an earlier file", safe("", "#include \"a/one.xcconfig\"", "a/one.xcconfig", "#include \"b/two.xcconfig\"", "a/b/two.xcconfig", "#include? \"evil.xcconfig\"", "a/evil.xcconfig", jit), claimsJIT},
		{"a default for what Xcode sets", safe(justInTime+` = "$(CODE_SIGNING_ALLOWED:default=NO)";`, ""), mayJIT},
		{"a default for what the environment may set", safe(justInTime+` = "$(CI:default=NO)";`, ""), mayJIT},
		{"a name of Xcode's own that the project sets, too", safe(justInTime+` = "$(X_$(CONFIGURATION))"; CONFIGURATION = q; X_q = NO; X_Release = YES;`, ""), mayJIT},
		{"a name that Xcode sets for what is done", safe(`ACTION = build; J_build = NO; J_install = YES; `+justInTime+` = "$(J_$(ACTION))";`, ""), mayJIT},
		{"a name that Xcode sets in archives", safe(`DEPLOYMENT_LOCATION = NO; `+justInTime+` = "$(DEPLOYMENT_LOCATION)";`, ""), mayJIT},
		{"another one", safe(`DEPLOYMENT_POSTPROCESSING = NO; `+justInTime+` = "$(DEPLOYMENT_POSTPROCESSING)";`, ""), mayJIT},
		{"the name of an architecture", safe(`arm64 = NO; `+justInTime+` = "$(arm64)";`, ""), mayJIT},
		{"a name that Xcode derives from others", safe(`IS_UNOPTIMIZED_BUILD = YES; J_NO = YES; J_YES = NO; `+justInTime+` = "$(J_$(IS_UNOPTIMIZED_BUILD))";`, ""), mayJIT},
		{"a name that Xcode sets for the target", safe(`PRODUCT_TYPE = x; J_x = NO; `+justInTime+` = "$(J_$(PRODUCT_TYPE:c99extidentifier))";`, ""), mayJIT},
		{"a name of Xcode's own in the path of the entitlements", safe(`DEPLOYMENT_LOCATION = NO; CODE_SIGN_ENTITLEMENTS = "sig/$(DEPLOYMENT_LOCATION).plist";`, "", "sig/NO.plist", claims()), "unresolved: A.xcodeproj/project.pbxproj:10:27: CODE_SIGN_ENTITLEMENTS of target My App (Release) is sig/$(DEPLOYMENT_LOCATION).plist"},
		{"a second configuration of one name", withObjects(withText(safe("", ""), "(TC)", "(TC, TD)"), `TD = { name = Release; buildSettings = { `+justInTime+` = YES; }; };`), "unresolved: A.xcodeproj/project.pbxproj:2:18: a second configuration with the name Release"},
		{"an extension for Messages in an app for Catalyst", withText(safe("SDKROOT = iphoneos; SUPPORTS_MACCATALYST = YES; "+justInTime+" = YES;", ""), "product-type.application", "product-type.app-extension.messages"), claimsJIT},
		{"an .xcconfig file whose path has a variable", withText(safe("", "", "$(TARGET_NAME).xcconfig", ""), "path = Base.xcconfig", `path = "$(TARGET_NAME).xcconfig"`), "unresolved: A.xcodeproj/project.pbxproj:9:38: where the .xcconfig file"},
		{"an .xcconfig file at an absolute path that is in a group", withText(inGroup(`G = { children = (F); sourceTree = "<group>"; };`), "path = Base.xcconfig", "path = /clean/Base.xcconfig"), "unresolved: A.xcodeproj/project.pbxproj:9:38: where the .xcconfig file"},
		{"a folder of the project that is absolute", withText(safe("", "", "ci/A.entitlements", claims()), "isa = PBXProject;", "isa = PBXProject; projectDirPath = /ci;"), "unresolved: A.xcodeproj/project.pbxproj:3:27: the folder of the project is /ci"},
		{"an SDK with a wildcard in front", safe(`"`+justInTime+`[sdk=*x26*]" = YES;`, ""), mayJIT},
		{"an SDK whose first letter is a wildcard", safe(`"`+justInTime+`[sdk=?acosx26*]" = YES;`, ""), mayJIT},
		{"an SDK of a version", safe(`"`+justInTime+`[sdk=*26.?]" = YES;`, ""), mayJIT},
		{"a name with a space after its condition", safe(`"`+justInTime+`[config=Release] " = YES;`, ""), claimsJIT},
		{"a name with = in it", safe(`"`+justInTime+`=x" = YES;`, ""), claimsJIT},
		{"a name on a second line", safe(`"A\n`+justInTime+`" = YES;`, ""), claimsJIT},
		{"a byte order mark in a name", safe(justInTime+" = YES; \"\ufeff"+justInTime+"\" = NO;", ""), claimsJIT},
		{"a byte order mark before an .xcconfig file", safe("", "\ufeff"+justInTime+" = NO\n"), "unresolved: Base.xcconfig:1:1: a line that is an error for Xcode: a byte order mark before it"},
		{"an .xcconfig file in UTF-16", safe("", "\xff\xfeA\x00=\x00B\x00\n\x00"), "unresolved: Base.xcconfig:1:1: a line that is an error for Xcode: UTF-16"},
		{"text after the name of an .xcconfig file", safe("", "#include \"b.xcconfig\" x\n", "b.xcconfig", ""), "unresolved: Base.xcconfig:1:1: a line that is an error for Xcode: text after the name"},
		{"entitlements in a build setting, behind one that may hold", safe(`CODE_SIGN_ENTITLEMENTS_CONTENTS = "<plist/>"; "CODE_SIGN_ENTITLEMENTS_CONTENTS[arch=ppc]" = "";`, ""), "unresolved: A.xcodeproj/project.pbxproj:10:1: CODE_SIGN_ENTITLEMENTS_CONTENTS claims more"},
		{"a group that nothing leads to", inGroup(`G = { children = (F); sourceTree = "<group>"; }; Z = { children = (F); path = clean; sourceTree = "<group>"; };`), claimsJIT},
		{"a file in two groups", inGroup(`G = { children = (Y, Z); sourceTree = "<group>"; }; Y = { children = (F); sourceTree = "<group>"; }; Z = { children = (F); path = clean; sourceTree = "<group>"; };`), "unresolved: A.xcodeproj/project.pbxproj:9:"},
		{"a file in no group", inGroup(`G = { children = (); sourceTree = "<group>"; };`), "unresolved: A.xcodeproj/project.pbxproj:9:"},
		{"codesign with entitlements of its own", safe(`OTHER_CODE_SIGN_FLAGS = "--timestamp --ent\"itlements\" x.plist";`, ""), "unresolved: A.xcodeproj/project.pbxproj:10:1: OTHER_CODE_SIGN_FLAGS"},
		{"codesign with what only a build knows", safe(`OTHER_CODE_SIGN_FLAGS = "$(CI_FLAGS)";`, ""), "unresolved: A.xcodeproj/project.pbxproj:10:1: OTHER_CODE_SIGN_FLAGS"},
		{"a script that signs", withObjects(safe("", ""), `S = { isa = PBXShellScriptBuildPhase; shellScript = "codesign -f -s - --entitlements x.plist a"; };`), "unresolved: A.xcodeproj/project.pbxproj:2:"},
		{"entitlements that a script may change", safe("CODE_SIGN_ALLOW_ENTITLEMENTS_MODIFICATION = YES;", ""), "unresolved: A.xcodeproj/project.pbxproj:10:1: CODE_SIGN_ALLOW_ENTITLEMENTS_MODIFICATION"},
		{"an .xcconfig file at an absolute path", safe("", "#include \"/x.xcconfig\""), "unreadable: Base.xcconfig:1:1: what /x.xcconfig sets"},
		{"an .xcconfig file by way of Xcode's own folder", safe("", "#include? \"<DEVELOPER_DIR>/../../x.xcconfig\""), "unreadable: Base.xcconfig:1:1: what <DEVELOPER_DIR>/../../x.xcconfig sets"},
		{"a project made by XcodeGen", tree("e.entitlements", claims(), "project.yml", "name: A\ntargets:\n  A: {}\n"), "unresolved: project.yml:0:0: a project of Xcode's is made from it"},
		{"a project made by Tuist", tree("e.entitlements", claims(), "Project.swift", "import ProjectDescription\n"), "unresolved: Project.swift:0:0: a project of Xcode's is made from it"},
		{"a project in another case", safe("", "", "B.xcodeproj/Project.PBXPROJ", xcode(justInTime+" = YES;")), claimsJIT},
		{"a project in a folder that is called like an app", safe("", "", "Mac.app/B.xcodeproj/project.pbxproj", xcode(justInTime+" = YES;")), claimsJIT},
		{"entitlements in a folder that is called like a framework", tree("Kit.framework/a.entitlements", claims("a")), "file Kit.framework/a.entitlements: a"},
		{"more files in apps than are looked at", crowded("Mac.app/Contents"), "unresolved: Mac.app:0:0: more than 100000 files in folders that are not looked into"},
		{"more files of npm than are looked at, and a project in an app", withFile(crowded("a/node_modules"), "b.app/Contents/B.xcodeproj/project.pbxproj", ""), "unresolved: b.app/Contents/B.xcodeproj/project.pbxproj:0:0: a project in a folder that is not looked into"},
		{"a project outside that another refers to", withReference("../shared/B.xcodeproj"), "unresolved: A.xcodeproj/project.pbxproj:2:69: refers to a project that is not read: ../shared/B.xcodeproj: it is outside"},
		{"a project that another refers to where only a build knows", withReference("$(X)/B.xcodeproj"), "unresolved: A.xcodeproj/project.pbxproj:2:69: refers to a project that is where only a build knows"},
		{"a project that is not there and another refers to", withReference("Pods/Pods.xcodeproj"), "incomplete: A.xcodeproj/project.pbxproj:2:69: refers to a project that is not there: Pods/Pods.xcodeproj"},
		{"a project in a folder of a tool that another refers to", withFile(withReference("node_modules/b/B.xcodeproj"), "node_modules/b/B.xcodeproj/project.pbxproj", xcode(justInTime+" = YES;")), claimsJIT},
		{"a project that is listed by another one", withText(withObjects(safe("", ""), `R = { isa = PBXFileReference; path = "../B.xcodeproj"; sourceTree = SOURCE_ROOT; }; `), "isa = PBXProject;", "isa = PBXProject; projectReferences = ({ ProjectRef = R; });"), "unresolved: A.xcodeproj/project.pbxproj:2:17: refers to a project that is not read: ../B.xcodeproj"},
		{"a project outside that a workspace refers to", tree("W.xcworkspace/contents.xcworkspacedata", `<Workspace version="1.0"><FileRef location="group:../B.xcodeproj"></FileRef></Workspace>`), "unresolved: W.xcworkspace/contents.xcworkspacedata:1:26: refers to a project that is not read: ../B.xcodeproj"},
		{"a project at an absolute path that a workspace refers to", tree("W.xcworkspace/contents.xcworkspacedata", `<Workspace><FileRef location="absolute:/B.xcodeproj/"/></Workspace>`), "unresolved: W.xcworkspace/contents.xcworkspacedata:1:12: refers to a project that is where only a build knows"},
		{"a project in a folder of a tool that a workspace refers to", tree("m/W.xcworkspace/contents.xcworkspacedata", `<Workspace><Group location="container:.build"><FileRef location="group:x/B.xcodeproj"/></Group></Workspace>`, "m/.build/x/B.xcodeproj/project.pbxproj", xcode(justInTime+" = YES;")), claimsJIT},
		{"a script of a scheme that signs", tree("A.xcodeproj/xcshareddata/xcschemes/A.xcscheme", `<Scheme><ArchiveAction><PostActions><ExecutionAction><ActionContent scriptText="codesign -f --entitlements x.plist&#10;"/></ExecutionAction></PostActions></ArchiveAction></Scheme>`), "unresolved: A.xcodeproj/xcshareddata/xcschemes/A.xcscheme:1:54: a script of the scheme signs with entitlements"},
		{"a scheme that is cut short", tree("A.xcscheme", `<Scheme>`), "unreadable: A.xcscheme:1:9: "},
		{"a project made by XcodeGen out of other files", tree("e.entitlements", claims(), "project.yml", "name: A\ninclude:\n  - targets.yml\n"), "unresolved: project.yml:0:0: a project of Xcode's is made from it"},
		{"a project made by XcodeGen with keys in quotes", tree("e.entitlements", claims(), "project.yml", "\"targets\":\n  A: {}\n"), "unresolved: project.yml:0:0: a project of Xcode's is made from it"},
		{"a project made by XcodeGen in YAML that is not read", tree("e.entitlements", claims(), "project.yml", "a: &a {}\nx:\n  <<: *a\n"), "unresolved: project.yml:0:0: a project of Xcode's is made from it"},
		{"a project made by Tuist with an attribute", tree("e.entitlements", claims(), "Project.swift", "@preconcurrency import ProjectDescription\n"), "unresolved: Project.swift:0:0: a project of Xcode's is made from it"},
		{"a project made by Tuist on a condition", tree("e.entitlements", claims(), "Project.swift", "#if true\n import ProjectDescription\n#endif\n"), "unresolved: Project.swift:0:0: a project of Xcode's is made from it"},
		{"a project in an app", safe("", "", "Mac.app/Contents/Info.plist", "", "Mac.app/B.xcodeproj/project.pbxproj", xcode("")), "unresolved: Mac.app/B.xcodeproj/project.pbxproj:0:0: a project in a folder that is not looked into"},
		{"a project in a folder of a tool", safe("", "", ".build/B.xcodeproj/project.pbxproj", xcode("")), "unread: .build/B.xcodeproj/project.pbxproj:0:0: a project in a folder that is not looked into"},
		{"a project in a folder that says without the signature that it is a cache", safe("", "", "target/CACHEDIR.TAG", "", "target/B.xcodeproj/project.pbxproj", xcode(justInTime+" = YES;")), claimsJIT},

		{"a comment in a project that ends at a carriage return", safe("// note\r"+justInTime+" = YES;\n", ""), claimsJIT},
		{"a comment in a project that ends at a line separator", safe("// note\u2028"+justInTime+" = YES;\n", ""), claimsJIT},
		{"a comment in a project that ends at a paragraph separator", safe("// note\u2029"+justInTime+" = YES;\n", ""), claimsJIT},
		{"a comment in JSON5 that ends at a carriage return", tree("electron-builder.json5", "{ mac: { // note\r entitlements: 'x.plist', // note\n } }", "x.plist", claims("a")), "electron-builder app (mac) at electron-builder.json5:1, by default, execute, app, with x.plist"},
		{"a comment in JSON5 that ends at a line separator", tree("tauri.conf.json5", "{ bundle: { // note\u2028 macOS: { entitlements: 'x.plist' } // note\n } }", "x.plist", claims("a")), "with x.plist"},
		{"a key in JSON5 that goes on after a line separator", tree("electron-builder.json5", "{ 'm\\\u2028ac': { entitlements: 'x.plist' } }", "x.plist", claims("a")), "with x.plist"},
		{"a comment in YAML with a line separator", tree("electron-builder.yml", "mac:\n  target: dmg # see\u2028  identity: null\n"), "unreadable: electron-builder.yml:2:20: a character that ends a line for some parsers"},
		{"a comment in YAML with a next line", tree("electron-builder.yml", "mac:\n  target: dmg # see\u0085  identity: null\n"), "unreadable: electron-builder.yml:2:20: a character that ends a line for some parsers"},
		{"YAML in UTF-16", tree("electron-builder.yml", "\xff\xfem\x00a\x00c\x00:\x00\n\x00"), "unreadable: electron-builder.yml:1:1: the text is not UTF-8"},

		{"the Hardened Runtime off for one architecture", safe(`"ENABLE_HARDENED_RUNTIME[arch=arm64]" = NO;`, ""), "unhardened at A.xcodeproj/project.pbxproj:10 (ENABLE_HARDENED_RUNTIME is NO)"},
		{"the Hardened Runtime on for one architecture", unhardened(`"ENABLE_HARDENED_RUNTIME[arch=arm64]" = YES;`), "unhardened at A.xcodeproj/project.pbxproj:9 (ENABLE_HARDENED_RUNTIME is not set)"},
		{"the Hardened Runtime that nothing turns on", unhardened(""), "unhardened at A.xcodeproj/project.pbxproj:9 (ENABLE_HARDENED_RUNTIME is not set)"},
		{"the Hardened Runtime that the environment decides about", safe(`ENABLE_HARDENED_RUNTIME = "$(CI:default=YES)";`, ""), "unhardened at A.xcodeproj/project.pbxproj:10 (ENABLE_HARDENED_RUNTIME is $(CI:default=YES), which only a build knows)"},
		{"False in YAML", tree("electron-builder.yml", "appId: a.b\nmac:\n  hardenedRuntime: False\n"), "unhardened at electron-builder.yml:3 (hardenedRuntime is false)"},
		{"a boolean in quotes that a tag makes one", tree("electron-builder.yml", "appId: a.b\nmac:\n  hardenedRuntime: !!bool \"false\"\n"), "unhardened at electron-builder.yml:3 (hardenedRuntime is false)"},

		{"an app that a script signs instead", tree("electron-builder.yml", "appId: a.b\nafterSign: ./sign.js\nmac:\n  identity: null\n"), "unresolved: electron-builder.yml:2:1: the app is not signed by electron-builder, and afterSign may"},
		{"a configuration that a command names", tree("package.json", `{`+builder+`, "build": {"mac": {}}, "scripts": {"d": "electron-builder --config cfg/b.yml"}}`), "unresolved: package.json:1:"},
		{"a part of one that a command sets", tree("package.json", `{`+builder+`, "build": {"mac": {}}, "scripts": {"d": "electron-builder -c.mac.entitlements=x"}}`), "unresolved: package.json:1:"},
		{"a store build that is a target", builds("appId: a.b\nmac:\n  target: [dmg, mas]\n"), "electron-builder app (mas) at electron-builder.yml:1, by default, identifier a.b, execute, app, claims com.apple.security.cs.allow-dyld"},
		{"a store build that is the only target", builds("appId: a.b\nmac:\n  target: MAS:arm64\n"), "electron-builder app (mas)"},
		{"a store build that is a target with architectures", builds("appId: a.b\nmac:\n  target:\n    - target: mas-dev\n      arch: arm64\n"), "electron-builder app (mas-dev)"},
		{"a store build that a command makes", builds("appId: a.b\n", "package.json", `{"scripts": {"d": "electron-builder -m dmg mas"}}`), "electron-builder app (mas)"},
		{"a store build of what is not signed otherwise", tree("electron-builder.yml", "appId: a.b\nmac:\n  target: [dmg, mas]\n  identity: null\n"), "electron-builder app (mas)"},
		{"resources of Create React App", tree("package.json", `{"dependencies": {"react-scripts": "5"}, "build": {"appId": "a.b"}}`, "build/entitlements.mac.plist", claims(), "build/entitlements.mac.inherit.plist", claims()), "electron-builder app (mac) at package.json:1, by default, identifier a.b, execute, app, claims com.apple.security.cs.allow-dyld"},
		{"resources of Create React App, for a configuration in a file", builds("appId: a.b\n", "package.json", `{"devDependencies": {"react-scripts": "5"}}`), "for want of assets/entitlements.mac.plist"},
		{"resources of electron-webpack", builds("appId: a.b\n", "package.json", `{"devDependencies": {"electron-webpack": "2"}}`), "unresolved: electron-builder.yml:1:1: extends the configuration of electron-webpack"},
		{"resources at an absolute path", builds("appId: a.b\ndirectories:\n  buildResources: /build\n"), "unresolved: electron-builder.yml:3:3: takes entitlements from /build"},
		{"electron-builder that npx gets, and other keys", tree("package.json", `{"scripts": {"d": "npx electron-builder --mac"}, "build": {"productName": "A"}}`), "electron-builder app (mac)"},
		{"electron-builder that npx gets, without a configuration", tree("package.json", `{"scripts": {"d": "npx electron-builder --mac"}}`), "unresolved: package.json:0:0: uses electron-builder"},
		{"electron-builder that somebody calls, and other keys", tree("package.json", `{"devDependencies": {"electron": "33"}, "build": {"productName": "A"}}`), "electron-builder app (mac)"},
		{"electron-builder by way of a plug-in", tree("package.json", `{"devDependencies": {"vue-cli-plugin-electron-builder": "2"}, "build": {"productName": "A"}}`), "unresolved: package.json:1:22: vue-cli-plugin-electron-builder gives electron-builder a configuration"},
		{"electron-builder's library", tree("package.json", `{"devDependencies": {"app-builder-lib": "2"}}`), "unresolved: package.json:0:0: uses electron-builder"},
		{"a configuration in a folder of its own, whose names are the project's", tree("package.json", `{"scripts": {"d": "electron-builder --config config/electron-builder.yml"}}`, "config/electron-builder.yml", "appId: a.b\n", "build/entitlements.mac.plist", claims("a")), "by default, identifier a.b, execute, app, with build/entitlements.mac.plist"},
		{"arguments of codesign", builds("appId: a.b\nmac:\n  additionalArguments: [--entitlements, x.plist]\n"), "unresolved: electron-builder.yml:3:3: gives codesign entitlements"},
		{"files that Electron Forge passes over", tree("package.json", `{"config": {"forge": {"packagerConfig": {"osxSign": {"entitlements": "a.plist", "entitlements-inherit": "a.plist"}}}}}`, "a.plist", claims()), "Electron Forge app at package.json:1, by default, execute, app, with a.plist, claims com.apple.security.cs.allow-jit: (unclear)"},
		{"and its helpers", tree("package.json", `{"config": {"forge": {"packagerConfig": {"osxSign": {"entitlements": "a.plist", "entitlements-inherit": "a.plist"}}}}}`, "a.plist", claims()), "Electron Forge helpers at package.json:1, by default, with a.plist, claims com.apple.security.cs.allow-jit: (unclear)"},
		{"what Electron Packager signs", tree("package.json", `{"scripts": {"d": "electron-packager . A --platform=darwin --osx-sign"}}`), "unresolved: package.json:1:14: the script d has @electron/packager sign"},
		{"a login helper without entitlements of its own", builds("appId: a.b\nmac:\n  extraFiles: [{from: a, to: Library/LoginItems/A.app}]\n"), "electron-builder login helper (mac) at electron-builder.yml:2, by default, claims com.apple.security.cs.allow-jit: (unclear) (@electron/osx-sign's default)"},
		{"a configuration of Tauri's that a command may name", tree("tauri.conf.json", "{}", "tauri.release.conf.json", `{"bundle": {"macOS": {"entitlements": "x.plist"}}}`, "x.plist", claims("a")), "Tauri app (release) at tauri.release.conf.json:1, execute, app, with x.plist"},
		{"a configuration for both versions of Tauri", tree("tauri.conf.json", `{"bundle": {}, "tauri": {"bundle": {}}}`), "unresolved: tauri.conf.json:1:"},
		{"a configuration of Tauri's in another case", tree("Tauri.Conf.json", `{"bundle": {"macOS": {"entitlements": "x.plist"}}}`, "x.plist", claims("a")), "with x.plist"},
		{"keys with escapes", tree("package.json", `{"build": {"\u006dac": {"entitlements": "x"}}}`), "electron-builder app (mac)"},
		{"an optional dependency", tree("package.json", `{"optionalDependencies": {"electron-builder": "1"}}`), "unresolved: package.json:0:0: uses electron-builder"},
		{"a configuration that extends another one", tree("package.json", `{"build": {"extends": "./base.json"}}`), "unresolved: package.json:1:12: extends another configuration"},
		{"a configuration in another case", tree("Electron-Builder.YML", "mac:\n  entitlements: x\n"), "electron-builder app (mac)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := strings.Join(lines(source.Read(row.files, ".")), "\n"); !strings.Contains(got, row.want) {
				t.Errorf("want %q in\n%.3000s", row.want, got)
			}
		})
	}
}

// What is usual is no problem.
func TestUsualProjectsAreReadWithoutNoise(t *testing.T) {
	for _, row := range []struct {
		name  string
		files fstest.MapFS
	}{
		{"flags of codesign that claim nothing", safe(`OTHER_CODE_SIGN_FLAGS = "$(inherited) --timestamp";`, "")},
		{"the Hardened Runtime by a flag of codesign", safe(`ENABLE_HARDENED_RUNTIME = NO; OTHER_CODE_SIGN_FLAGS = "--timestamp --options=runtime";`, "")},
		{"a script that signs nothing", withObjects(safe("", ""), `S = { isa = PBXShellScriptBuildPhase; shellScript = "swiftlint"; };`)},
		{"an #include that is optional and not there", safe("", "#include? \"Local.xcconfig\"\n#include? \"Sub/Local\"\n")},
		{"a command that names the configuration that is read", tree("package.json", `{"devDependencies": {"electron-builder": "1"}, "scripts": {"d": "electron-builder --mac --config electron-builder.json -c.extraMetadata.version=1"}}`, "electron-builder.json", `{"appId": "a.b", "mac": {"entitlements": "a.entitlements", "entitlementsInherit": "a.entitlements"}}`, "a.entitlements", claims())},
		{"the root of a workspace that has electron-builder in it", tree("package.json", `{"devDependencies": {"electron": "1"}, "build": {"mac": {"entitlements": "a.plist", "entitlementsInherit": "a.plist"}, "directories": {"buildResources": "assets"}}}`, "a.plist", claims())},
		{"extends that is null", tree("package.json", `{"devDependencies": {"react-scripts": "1", "electron-webpack": "1"}, "build": {"appId": "a.b", "extends": null}}`, "build/entitlements.mac.plist", claims(), "build/entitlements.mac.inherit.plist", claims())},
		{"a preset that is named", tree("package.json", `{"build": {"appId": "a.b", "extends": "react-cra"}}`, "assets/entitlements.mac.plist", claims(), "assets/entitlements.mac.inherit.plist", claims())},
		{"a build that is not electron-builder's", tree("package.json", `{"build": {"productName": "A"}}`)},
		{"configurations of Tauri's for other systems", tree("tauri.conf.json", "{}", "tauri.linux.conf.json", "{", "tauri.windows.conf.json", "{")},
		{"a project.yml of something else", tree("project.yml", "name: site\n")},
		{"a Project.swift of something else", tree("Project.swift", "struct Project {}\n")},
		{"a workspace that is part of a project", safe("", "", "A.xcodeproj/project.xcworkspace/contents.xcworkspacedata", `<?xml version="1.0" encoding="UTF-8"?><Workspace version = "1.0"><FileRef location = "self:"></FileRef></Workspace>`)},
		{"a workspace whose project is read by itself", safe("", "", "W.xcworkspace/contents.xcworkspacedata", `<Workspace><Group location="container:" name="x"><FileRef location="group:A.xcodeproj"/><FileRef location="group:README.md"/></Group></Workspace>`)},
		{"a scheme that signs nothing", safe("", "", "A.xcscheme", `<Scheme><ActionContent scriptText="echo archived"/></Scheme>`)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := source.Read(row.files, ".")
			for _, g := range got.Signings {
				if g.Open != "" || g.Unhardened.File != "" {
					t.Errorf("%q", lines(got))
				}
			}
			if len(got.Problems) > 0 {
				t.Errorf("%q", lines(got))
			}
		})
	}
}

// A command may give a configuration in many ways.
func TestConfigurationsThatCommandsGiveAreReadOrTold(t *testing.T) {
	const read = "electron-builder app (mac) at release/mac.json:1"
	told := func(given string) string { return "gives the configuration " + given + ", which is not read" }
	for _, row := range []struct{ scripts, want string }{
		{`"d": "electron-builder --config release/mac.json"`, read},
		{`"d": "electron-builder --config=release/mac.json"`, read},
		{`"d": "electron-builder --conf release/mac.json"`, read},
		{`"d": "electron-builder --c release/mac.json"`, read},
		{`"d": "electron-builder -c release/mac.json"`, read},
		{`"d": "electron-builder -c=release/mac.json"`, read},
		{`"d": "electron-builder -crelease/mac.json"`, read},
		{`"d": "electron-builder -c ./release/mac.json"`, read},
		{`"d": "electron-builder -mc release/mac.json"`, read},
		{`"d": "electron-builder -c \"release/mac.json\""`, read},
		{`"d": "electron-builder", "r": "npm run d -- --config release/mac.json"`, read},
		{`"r": "yarn s -c release/mac.json", "s": "npm run d --", "d": "electron-builder"`, read},
		{`"d": "electron-builder --config release/gone.json"`, told("release/gone.json")},
		{`"d": "electron-builder --config ../mac.json"`, told("../mac.json")},
		{`"d": "electron-builder --config $CONFIG.json"`, told("$CONFIG.json")},
		{`"d": "electron-builder --config release/mac.js"`, told("release/mac.js")},
		{`"d": "electron-builder -c.mac.entitlements=x"`, told(".mac.entitlements")},
		{`"d": "electron-builder --c.mac.entitlements=x"`, told(".mac.entitlements")},
		{`"d": "electron-builder --config.mac.entitlements=x"`, told(".mac.entitlements")},
		{`"d": "electron-builder", "r": "npm run d -- -c.directories.buildResources=x"`, told(".directories.buildResources")},
		{`"d": "electron-builder", "r": "npm run d&&npm run d -- -c release/mac.json;true"`, read},
		{`"d": "tauri build --config x.json"`, told("x.json")},
		{`"d": "vite --config vite.tauri.ts"`, ""},
		{`"d": "electron-builder --clean -p never"`, ""},
		{`"d": "webpack --config webpack.js && electron-builder"`, ""},
		{`"d": "electron-builder", "w": "webpack -c webpack.js"`, ""},
		{`"d": "electron-builder -c.extraMetadata.version=1"`, ""},
	} {
		t.Run(row.scripts, func(t *testing.T) {
			const build = `{"appId": "a.b", "mac": {"entitlements": "a.plist", "entitlementsInherit": "a.plist"}}`
			got := source.Read(tree("package.json", `{"build": `+build+`, "scripts": {`+row.scripts+`}}`, "a.plist", claims(), "release/mac.json", build, "release/mac.js", ""), ".")
			text := strings.Join(lines(got), "\n")
			if !strings.Contains(text, row.want) || row.want == "" && (len(got.Problems) > 0 || len(got.Signings) > 2) {
				t.Errorf("want %q in\n%s", row.want, text)
			}
		})
	}
}

// Projects that are made to take long do not.
func TestReadingEnds(t *testing.T) {
	many := strings.Repeat("ENABLE_USER_SELECTED_FILES[arch=a] = $(Q)\n", 19_000)
	// same are n targets that are the same but for their ids.
	same := func(n int, project string) string {
		start := strings.Index(project, "T = {")
		one := project[start+len("T = ") : start+strings.Index(project[start:], "};")+2]
		var ids, all strings.Builder
		for i := range n {
			fmt.Fprintf(&ids, "T%d,", i)
			fmt.Fprintf(&all, "T%d = %s\n", i, one)
		}
		return strings.NewReplacer("(T)", "("+ids.String()+")", "T = "+one, all.String()).Replace(project)
	}
	var ids strings.Builder // of configurations, each with a name of its own
	var configurations strings.Builder
	for i := range 50_000 {
		fmt.Fprintf(&ids, "C%d,", i)
		fmt.Fprintf(&configurations, "C%d = { name = n%d; buildSettings = {}; };\n", i, i)
	}
	wide := strings.Replace(strings.Replace(xcode(""), "(TC)", "("+ids.String()+")", 1), "objects = {", "objects = {"+configurations.String(), 1)
	again := strings.NewReplacer("(T)", "("+strings.Repeat("T,", 4_000)+")", "(TC)", "("+strings.Repeat("TC,", 4_000)+")").Replace(xcode(""))
	for name, files := range map[string]fstest.MapFS{
		"conditions that may hold":                     tree(pbxproj, same(100, xcode("")), "Base.xcconfig", many, "A.entitlements", claims()),
		"targets with as many configurations":          tree(pbxproj, same(50_000, wide), "Base.xcconfig", "", "A.entitlements", claims()),
		"targets that are for something else":          tree(pbxproj, same(50_000, strings.ReplaceAll(wide, "macosx", "iphoneos")), "Base.xcconfig", "", "A.entitlements", claims()),
		"one target and configuration again and again": tree(pbxproj, again),
		"files that include one another": safe("", "#include \"b.xcconfig\"\n", "b.xcconfig", strings.Repeat("#include \"c.xcconfig\"\n", 15_000),
			"c.xcconfig", strings.Repeat("#include \"b.xcconfig\"\n", 15_000)),
	} {
		t.Run(name, func(t *testing.T) {
			start := time.Now()
			got := strings.Join(lines(source.Read(files, ".")), "\n")
			if took := time.Since(start); took > 20*time.Second { // it takes one or two
				t.Errorf("%s", took)
			}
			if !strings.Contains(got, "unreadable: ") && !strings.Contains(name, "again and again") {
				t.Errorf("%.1000s", got)
			}
		})
	}
}

// A link to a project is read, and one that leads nowhere is told.
func TestLinksToProjectsAreFollowed(t *testing.T) {
	dir := t.TempDir()
	archivetest.Files{
		".build/p/project.pbxproj":             xcode(justInTime + " = YES;"),
		".build/q/B.xcodeproj/project.pbxproj": xcode(""),
		"Base.xcconfig":                        "",
		"A.entitlements":                       claims(),
		"A.xcodeproj":                          "-> .build/p",
		"B.xcodeproj":                          "-> /nowhere",
		"mac":                                  "-> .build/q",
	}.Write(dir)
	got := strings.Join(linesOf(t, dir, "."), "\n")
	for _, want := range []string{claimsJIT, "unresolved: B.xcodeproj:0:0: a link to a project", fmt.Sprintf("unread: %s:0:0: a project in a folder", "mac/B.xcodeproj/project.pbxproj")} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
}

// A link to what is not in the tree is told: it may be a folder with a project.
func TestLinksOutOfTheTreeAreTold(t *testing.T) {
	outer := t.TempDir()
	archivetest.Files{
		"shared/":           "",
		"project/macos":     "-> ../shared",
		"project/elsewhere": "-> " + outer,
		"project/gone":      "-> nowhere",
	}.Write(outer)
	const why = ":0:0: a link to what is not looked at, and may be a folder: path escapes from parent"
	if diff := cmp.Diff([]string{"unresolved: elsewhere" + why, "unresolved: macos" + why}, linesOf(t, filepath.Join(outer, "project"), ".")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What a project sets is known of the variables in entitlements, and nothing else.
func TestVariablesInEntitlementsBecomeWhatTheProjectSets(t *testing.T) {
	for _, row := range []struct{ name, settings, text, want string }{
		{"a setting", "APP_GROUP = group.acme;", "$(APP_GROUP)", "group.acme"},
		{"one of several in a text", "A = a; B = b;", "x.${A}.$(B)", "x.a.b"},
		{"what the profile says stays as it is", "A = a;", "$(TeamIdentifierPrefix)$(A)", "$(TeamIdentifierPrefix)a"},
		{"the identifier", "PRODUCT_BUNDLE_IDENTIFIER = com.acme;", "$(CFBundleIdentifier).x", "com.acme.x"},
		{"what nothing sets", "", "$(APP_GROUP)", ""},
		{"what depends on what is built", `"APP_GROUP[arch=arm64]" = a;`, "$(APP_GROUP)", ""},
		{"a prefix that the project sets, too", "AppIdentifierPrefix = a; B = b;", "$(AppIdentifierPrefix)$(B)", ""},
		{"a path that is another one on each Mac", "", "$(SRCROOT)/data", ""},
		{"such a path by way of a setting", `DATA = "$(PROJECT_DIR)/data";`, "$(DATA)", ""},
		{"a dollar that may be more", "A = a;", "$$(A)", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			files := safe(row.settings, "")
			files["A.entitlements"].Data = []byte(head + "<dict><key>com.apple.security.application-groups</key><array><string>" + row.text + "</string></array></dict></plist>")
			got := source.Read(files, ".")
			if len(got.Signings) != 1 || got.Signings[0].Expanded[row.text] != row.want {
				t.Errorf("%q, %q", got.Signings[0].Expanded, lines(got))
			}
		})
	}
}
