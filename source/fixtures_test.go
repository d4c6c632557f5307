package source_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/codewarrant/codewarrant/source"
)

// lines writes a tree as short lines.
func lines(t *source.Tree) (list []string) {
	for _, f := range t.Files {
		list = append(list, fmt.Sprintf("file %s: %s", f.Path, strings.Join(f.Set.Keys(), " ")))
	}
	for _, g := range t.Signings {
		line := fmt.Sprintf("%s at %s:%d", g.Name(), g.Place.File, g.Place.Line)
		add := func(format, value string) {
			if value != "" {
				line += fmt.Sprintf(format, value)
			}
		}
		if g.Default {
			line += ", by default"
		}
		add(", identifier %s", g.Identifier)
		add(", helpers of %s", g.Prefix)
		add(", team %s", g.TeamID)
		add(", %s", g.Type)
		add(", %s", g.BundleKind)
		add(", with %s", strings.Join(g.Files, " or "))
		for _, s := range g.Settings {
			line += fmt.Sprintf(", claims %s: %s (%s) at %s:%d", s.Key, s.Value.Text(), s.Text, s.Place.File, s.Place.Line)
		}
		if g.Unhardened.File != "" {
			line += fmt.Sprintf(", unhardened at %s:%d", g.Unhardened.File, g.Unhardened.Line)
			add(" (%s)", g.Why)
		}
		add(", open: %s", g.Open)
		list = append(list, line)
	}
	for _, p := range t.Problems {
		list = append(list, fmt.Sprintf("%s: %s:%d:%d: %s", [...]string{"unreadable", "missing", "unresolved", "incomplete", "unread"}[p.Kind], p.Place.File, p.Place.Line, p.Place.Column, p.Message))
	}
	return list
}

const fixtures = "../testdata/sources"

// linesOf reads a folder of the disk, which is called name, and returns what is there as lines.
func linesOf(t *testing.T, folder, name string) []string {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	return lines(source.Read(root.FS(), name))
}

// tree makes a tree of names and texts.
func tree(files ...string) fstest.MapFS {
	t := fstest.MapFS{}
	for i := 0; i < len(files); i += 2 {
		t[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
	}
	return t
}

const head = `<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0">
`

// claims is an .entitlements file.
func claims(keys ...string) string {
	var b strings.Builder
	b.WriteString(head + "<dict>\n")
	for _, key := range keys {
		fmt.Fprintf(&b, "\t<key>%s</key>\n\t<true/>\n", key)
	}
	return b.String() + "</dict>\n</plist>\n"
}

// xcode is a project with one target in one configuration, whose build settings are those.
func xcode(settings string) string {
	return `{
	objects = {
		P = { isa = PBXProject; buildConfigurationList = PL; targets = (T); };
		PL = { isa = XCConfigurationList; buildConfigurations = (PC); };
		PC = { isa = XCBuildConfiguration; buildSettings = { CODE_SIGN_ENTITLEMENTS = "A.entitlements"; SDKROOT = macosx; ENABLE_HARDENED_RUNTIME = YES; }; name = Release; };
		F = { isa = PBXFileReference; path = Base.xcconfig; sourceTree = SOURCE_ROOT; };
		T = { isa = PBXNativeTarget; buildConfigurationList = TL; name = "My App"; productType = "com.apple.product-type.application"; };
		TL = { isa = XCConfigurationList; buildConfigurations = (TC); defaultConfigurationName = Release; };
		TC = { isa = XCBuildConfiguration; baseConfigurationReference = F; name = Release; buildSettings = {
` + settings + `
		}; };
	};
	rootObject = P;
}
`
}

const pbxproj = "A.xcodeproj/project.pbxproj"
