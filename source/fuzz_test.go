package source

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// seeds adds the files of the fixtures with that name or suffix; there have to be some.
func seeds(f *testing.F, add func([]byte), suffix ...string) {
	f.Helper()
	n := 0
	err := filepath.WalkDir("../testdata/sources", func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		for _, s := range suffix {
			if strings.HasSuffix(name, s) {
				b, err := os.ReadFile(name)
				if err != nil {
					return err
				}
				add(b)
				n++
			}
		}
		return nil
	})
	if err != nil || n == 0 {
		f.Fatalf("%d seeds: %v", n, err)
	}
}

// FuzzPlist asserts that what is read of a project comes out of it again when it is written
// as an old-style property list.
func FuzzPlist(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) }, ".pbxproj")
	f.Add([]byte(`{ a = (1, "\U00e9\n\101", <0f>); 'b' = {}; /* c */ }`))
	f.Add([]byte("<plist><dict><key>a</key><array><true/></array></dict></plist>"))
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := parsePlist(b)
		if err != nil {
			return
		}
		var out strings.Builder
		writeOpenStep(&out, n)
		again, err := parseOpenStep([]byte(out.String()))
		if err != nil {
			if strings.Contains(out.String(), "�") || strings.Contains(err.Error(), "twice") {
				return // of JSON, whose keys may be there twice
			}
			t.Fatalf("%v in %q", err, out.String())
		}
		if diff := cmp.Diff(n, again, cmp.AllowUnexported(node{}, pair{}), cmpopts.IgnoreFields(node{}, "offset", "plain"), cmpopts.IgnoreFields(pair{}, "offset"), cmpopts.EquateEmpty()); diff != "" {
			t.Error(diff)
		}
	})
}

// FuzzConfigs asserts that lines of an .xcconfig file stand where they are told to, and
// that settings of any kind come to an end.
func FuzzConfigs(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) }, ".xcconfig")
	f.Add([]byte("A[sdk=macosx*][arch=*] = $(B:default=$(A)) // c\nB = ${A}${A} \\\r\n x;\u2028#include? \"C\""))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := newDocument("a", b)
		all := &settings{map[string][]assignment{}, []string{"Release"}, nil, new(int)}
		*all.work = 100_000
		lines, _ := parseConfig(d)
		for _, l := range lines {
			if l.place.Line < 1 || l.place.Line > len(d.lines) {
				t.Errorf("line %d of %d", l.place.Line, len(d.lines))
			}
			if l.name != "" {
				all.push([]assignment{l.assignment})
			}
		}
		for name := range all.by {
			for _, v := range all.values(name) {
				if len(v.text) > len(b)+maxExpansion {
					t.Errorf("%d bytes of %d", len(v.text), len(b))
				}
			}
		}
	})
}

// FuzzTrees asserts that a tree of whatever is in the files of projects is read without a
// panic, and tells places that there are.
func FuzzTrees(f *testing.F) {
	seeds(f, func(b []byte) { f.Add(b) }, ".json", ".json5", ".yml", ".pbxproj", ".plist")
	f.Add([]byte(`<Workspace><Group location="container:a"><FileRef location="group:../B.xcodeproj" scriptText="codesign --ent"/></Group></Workspace>`))
	f.Add([]byte(`{"scripts": {"a": "electron-builder -m mas -c ./package.json", "b": "a a b"}, "build": {"mac": {"target": [{"target": "mas-dev"}]}}, "dependencies": {"react-scripts": "1"}}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		files := fstest.MapFS{}
		for _, name := range []string{
			"a.entitlements", "A.xcodeproj/project.pbxproj", "package.json", "electron-builder.yml", "electron-builder.json5",
			"tauri.conf.json", "tauri.macos.conf.json", "W.xcworkspace/contents.xcworkspacedata", "A.xcscheme", "project.yml",
		} {
			files[name] = &fstest.MapFile{Data: b}
		}
		tree := Read(files, ".")
		if tree.Empty() {
			t.Error("there is a file of entitlements")
		}
		for _, s := range tree.Signings {
			if s.Place.Line < 1 {
				t.Error(fmt.Sprint(s))
			}
		}
	})
}

// writeOpenStep writes a node as an old-style property list.
func writeOpenStep(out *strings.Builder, n *node) {
	switch n.kind {
	case dictionary:
		out.WriteString("{")
		for _, p := range n.pairs {
			writeText(out, p.key)
			out.WriteString("=")
			writeOpenStep(out, p.value)
			out.WriteString(";")
		}
		out.WriteString("}")
	case sequence:
		out.WriteString("(")
		for _, item := range n.items {
			writeOpenStep(out, item)
			out.WriteString(",")
		}
		out.WriteString(")")
	default:
		writeText(out, n.text)
	}
}

func writeText(out *strings.Builder, s string) {
	out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			fmt.Fprintf(out, `\%c`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteByte('"')
}
