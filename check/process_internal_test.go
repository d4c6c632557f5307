package check

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/blacktop/go-macho/types"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// file is a binary of one slice, in the app that its path begins with.
func file(name string, kind types.HeaderFileType, code evidence.Code) Binary {
	b := Binary{
		Paths: []string{name}, Inside: []string{name},
		Slices: []Slice{{Slice: macho.Slice{Arch: "arm64", CPU: types.CPUArm64, Type: kind}, Code: &code}},
	}
	if app, _, ok := strings.Cut(name, ".app/"); ok {
		b.Outer = app + ".app"
	}
	return b
}

// loads is code that loads libraries by their names; weak ones begin with a question mark.
func loads(names ...string) evidence.Code {
	var c evidence.Code
	for _, n := range names {
		weak, ok := strings.CutPrefix(n, "?")
		c.Loads = append(c.Loads, evidence.Load{Name: weak, Weak: ok})
	}
	return c
}

func (c coded) rpaths(list ...string) coded { c.Code.RPaths = list; return c }
func (c coded) id(id string) coded          { c.Code.ID = id; return c }
func (c coded) dlopen() coded {
	c.Code.Items = []evidence.Item{{Need: evidence.ForeignCode, Strength: evidence.Consistent}}
	return c
}

// coded is code to which something is added.
type coded struct{ evidence.Code }

func TestAProcessIsTheProgramWithWhatItLoads(t *testing.T) {
	const main, frameworks = "A.app/Contents/MacOS/A", "A.app/Contents/Frameworks/"
	program := func(c coded) Binary { return file(main, types.MH_EXECUTE, c.Code) }
	library := func(name string, names ...string) Binary { return file(name, types.MH_DYLIB, loads(names...)) }
	framework := file(frameworks+"F.framework/Versions/A/F", types.MH_DYLIB, loads())
	framework.Main, framework.Bundle = true, &Bundle{Path: frameworks + "F.framework/Versions/A", Kind: "framework"}
	intel := library(frameworks + "x.dylib")
	intel.Slices[0].Arch, intel.Slices[0].CPU = "x86_64", types.CPUAmd64
	enhanced := library(frameworks + "x.dylib")
	enhanced.Slices[0].Arch = "arm64e"
	identified := file(frameworks+"libx.1.2.dylib", types.MH_DYLIB, coded{loads()}.id("@rpath/libx.1.dylib").Code)
	for _, row := range []struct {
		name     string
		binaries []Binary
		want     []string // what is in the process after the program, or a gap
	}{
		{"by a path from the program", []Binary{program(coded{loads("@executable_path/../Frameworks/x.dylib")}), library(frameworks + "x.dylib")}, []string{"x.dylib"}},
		{"by a path from the file that names it", []Binary{
			program(coded{loads("@loader_path/../Frameworks/x.dylib")}), library(frameworks+"x.dylib", "@loader_path/y.dylib"), library(frameworks + "y.dylib"),
		}, []string{"x.dylib", "y.dylib"}},
		{"by a run path of the program", []Binary{program(coded{loads("@rpath/x.dylib")}.rpaths("@executable_path/../Frameworks")), library(frameworks + "x.dylib")}, []string{"x.dylib"}},
		{"by a run path of the program, for a library of a library", []Binary{
			program(coded{loads("@rpath/x.dylib")}.rpaths("@executable_path/../Frameworks")), library(frameworks+"x.dylib", "@rpath/y.dylib"), library(frameworks + "y.dylib"),
		}, []string{"x.dylib", "y.dylib"}},
		{"not by a run path of a library beside", []Binary{
			program(coded{loads("@loader_path/../Frameworks/x.dylib", "@rpath/y.dylib")}),
			file(frameworks+"x.dylib", types.MH_DYLIB, coded{loads()}.rpaths("@loader_path").Code), library(frameworks + "y.dylib"),
		}, []string{"x.dylib", "gap: loads @rpath/y.dylib, which is not part of what was checked"}},
		{"by its own run path before those of its loaders", []Binary{
			program(coded{loads("@loader_path/../Frameworks/x.dylib")}.rpaths("@executable_path/wrong")),
			file(frameworks+"x.dylib", types.MH_DYLIB, coded{loads("@rpath/y.dylib")}.rpaths("@loader_path/right").Code),
			library("A.app/Contents/MacOS/wrong/y.dylib"), library(frameworks + "right/y.dylib"),
		}, []string{"x.dylib", "right/y.dylib"}},
		{"weak for one and needed by another is needed", []Binary{
			program(coded{loads("?@loader_path/../Frameworks/y.dylib", "@loader_path/../Frameworks/x.dylib")}), library(frameworks+"x.dylib", "@loader_path/y.dylib"), library(frameworks + "y.dylib"),
		}, []string{"y.dylib", "x.dylib"}},
		{"by an absolute path below a folder that stands for the disk", []Binary{
			file("A.pkg/Payload/usr/local/bin/a", types.MH_EXECUTE, loads("/usr/local/lib/x.dylib")), library("A.pkg/Payload/usr/local/lib/x.dylib"),
		}, []string{"A.pkg/Payload/usr/local/lib/x.dylib"}},
		{"case does not count", []Binary{program(coded{loads("@executable_path/../frameworks/X.dylib")}), library(frameworks + "x.dylib")}, []string{"x.dylib"}},
		{"through the links of a framework", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/F")}), framework}, []string{"F.framework/Versions/A/F"}},
		{"through the link to the current version", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/Versions/Current/F")}), framework}, []string{"F.framework/Versions/A/F"}},
		{"through a link with the library's own name", []Binary{program(coded{loads("@executable_path/../Frameworks/libx.1.dylib")}), identified}, []string{"libx.1.2.dylib"}},
		{"what macOS has is no gap", []Binary{program(coded{loads("/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/AppKit.framework/Versions/C/AppKit")})}, nil},
		{"what is missing is one", []Binary{program(coded{loads("@rpath/x.dylib", "/opt/lib/y.dylib")})}, []string{
			"gap: loads @rpath/x.dylib, which is not part of what was checked", "gap: loads /opt/lib/y.dylib, which is not part of what was checked",
		}},
		{"unless it may be missing", []Binary{program(coded{loads("?@rpath/x.dylib")})}, nil},
		{"a weak library is weak", []Binary{program(coded{loads("?@executable_path/../Frameworks/x.dylib")}), library(frameworks + "x.dylib")}, []string{"x.dylib weak"}},
		{"libraries in a circle", []Binary{
			program(coded{loads("@loader_path/../Frameworks/x.dylib")}), library(frameworks+"x.dylib", "@loader_path/y.dylib"), library(frameworks+"y.dylib", "@loader_path/x.dylib", "@loader_path/y.dylib"),
		}, []string{"x.dylib", "y.dylib"}},
		{"run paths that name themselves lead nowhere", []Binary{
			program(coded{loads("@rpath/x.dylib")}.rpaths("@rpath", "@rpath/../x", "@rpath/@rpath")), library(frameworks + "x.dylib"),
		}, []string{"gap: loads @rpath/x.dylib, which is not part of what was checked"}},
		{"a library without the architecture is not loaded", []Binary{program(coded{loads("@executable_path/../Frameworks/x.dylib")}), intel}, nil},
		{"one for the same processor is", []Binary{program(coded{loads("@executable_path/../Frameworks/x.dylib")}), enhanced}, []string{"x.dylib"}},
		{"plug-ins may be loaded by a program that loads code", []Binary{
			program(coded{loads()}.dlopen()), file("A.app/Contents/PlugIns/p.bundle", types.MH_BUNDLE, loads()), library("B.app/Contents/Frameworks/other.dylib"),
		}, []string{"p.bundle may"}},
		{"and not by another", []Binary{program(coded{loads()}), file("A.app/Contents/PlugIns/p.bundle", types.MH_BUNDLE, loads())}, nil},
		{"helpers are processes of their own", []Binary{program(coded{loads()}.dlopen()), file("A.app/Contents/MacOS/helper", types.MH_EXECUTE, loads())}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			p := newProcesses(row.binaries).process(row.binaries[0], row.binaries[0].Slices[0])
			var got []string
			for _, img := range p.Images[1:] {
				name := strings.TrimPrefix(strings.TrimPrefix(img.Path, frameworks), "A.app/Contents/PlugIns/")
				for word, is := range map[string]bool{" may": img.May, " weak": img.Weak} {
					if is {
						name += word
					}
				}
				got = append(got, name)
			}
			for _, g := range p.Gaps {
				got = append(got, "gap: "+g)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Many programs that each name many libraries that are not there, and many folders to look
// in, take some seconds, and little memory.
func TestProcessesAreBounded(t *testing.T) {
	var names, folders []string
	for i := range 4000 {
		names = append(names, fmt.Sprintf("@rpath/missing%d.dylib", i))
	}
	for i := range maxRPaths + 10 {
		folders = append(folders, fmt.Sprintf("@loader_path/%d", i))
	}
	var binaries []Binary
	for i := range 100 {
		binaries = append(binaries, file(fmt.Sprintf("A.app/p%d", i), types.MH_EXECUTE, coded{loads(names...)}.rpaths(folders...).Code))
	}
	p := newProcesses(binaries)
	for _, b := range binaries {
		if got := p.process(b, b.Slices[0]); len(got.Gaps) == 0 || len(got.Gaps) > maxMissing+2 {
			t.Fatalf("%s has the gaps %q", b.Paths[0], got.Gaps)
		}
	}
	if p.looked > maxLooked+len(binaries)*(maxRPaths+10) {
		t.Errorf("%d look-ups", p.looked)
	}
}

// A program with more libraries than are looked at has a gap.
func TestAProcessIsBounded(t *testing.T) {
	var names []string
	binaries := make([]Binary, 1, maxImages+100)
	for i := range maxImages + 99 {
		name := fmt.Sprintf("lib%d.dylib", i)
		names = append(names, "@loader_path/"+name)
		binaries = append(binaries, file(path.Join("A.app", name), types.MH_DYLIB, loads()))
	}
	binaries[0] = file("A.app/A", types.MH_EXECUTE, loads(names...))
	p := newProcesses(binaries).process(binaries[0], binaries[0].Slices[0])
	if len(p.Images) != maxImages || len(p.Gaps) != 1 {
		t.Errorf("%d files, and the gaps %q", len(p.Images), p.Gaps)
	}
}
