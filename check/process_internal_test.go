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
	second := file(frameworks+"F.framework/Versions/B/F", types.MH_DYLIB, loads())
	second.Main, second.Bundle = true, &Bundle{Path: frameworks + "F.framework/Versions/B", Kind: "framework"}
	current := file(frameworks+"F.framework/Versions/Current/F", types.MH_DYLIB, loads())
	current.Main, current.Bundle = true, &Bundle{Path: frameworks + "F.framework/Versions/Current", Kind: "framework"}
	decoy := file(frameworks+"decoy.dylib", types.MH_DYLIB, coded{loads()}.id("@rpath/x.dylib").Code)
	twin := file(frameworks+"libx.1.3.dylib", types.MH_DYLIB, coded{loads("/opt/lib/z.dylib")}.id("@rpath/libx.1.dylib").Code)
	beside := program(coded{loads("@executable_path/../Frameworks/x.dylib")})
	tool := func(names ...string) Binary {
		return file("A.pkg/Payload/Applications/A.app/Contents/MacOS/A", types.MH_EXECUTE, loads(names...))
	}
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
		{"below the current folder as well", []Binary{
			file("Applications/A.app/Contents/MacOS/A", types.MH_EXECUTE, loads("/Library/x.dylib")), library("Library/x.dylib"),
		}, []string{"Library/x.dylib"}},
		{"below the root as well", []Binary{
			file("/Applications/A.app/Contents/MacOS/A", types.MH_EXECUTE, loads("/Library/x.dylib")), library("/Library/x.dylib"),
		}, []string{"/Library/x.dylib"}},
		{"an absolute path does not lead into the app", []Binary{program(coded{loads("/usr/local/lib/x.dylib")}), library("A.app/Contents/usr/local/lib/x.dylib")}, []string{
			"gap: loads /usr/local/lib/x.dylib, which is not part of what was checked",
		}},
		{"an absolute path with a detour out of macOS's folders", []Binary{tool("/usr/lib/../../Library/Acme/x.dylib"), library("A.pkg/Payload/Library/Acme/x.dylib")}, []string{
			"A.pkg/Payload/Library/Acme/x.dylib",
		}},
		{"the same of what is missing is told", []Binary{tool("/usr/lib/../local/lib/x.dylib", "/System/Volumes/Data/x.dylib")}, []string{
			"gap: loads /usr/lib/../local/lib/x.dylib, which is not part of what was checked", "gap: loads /System/Volumes/Data/x.dylib, which is not part of what was checked",
		}},
		{"a path that is longer than any is not followed", []Binary{program(coded{loads("@rpath/x.dylib")}.rpaths("@executable_path/" + strings.Repeat("./", 600) + "../Frameworks")), library(frameworks + "x.dylib")}, []string{
			"gap: loads @rpath/x.dylib, which is not part of what was checked",
		}},
		{"case does not count", []Binary{program(coded{loads("@executable_path/../frameworks/X.dylib")}), library(frameworks + "x.dylib")}, []string{"x.dylib"}},
		{"through the links of a framework", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/F")}), framework}, []string{"F.framework/Versions/A/F"}},
		{"through the link to the current version", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/Versions/Current/F")}), framework}, []string{"F.framework/Versions/A/F"}},
		{"through a link with the library's own name", []Binary{program(coded{loads("@executable_path/../Frameworks/libx.1.dylib")}), identified}, []string{"libx.1.2.dylib"}},
		{"a file at the path goes before one that has its name for it", []Binary{beside, decoy, library(frameworks + "x.dylib")}, []string{"x.dylib"}},
		{"of two that have the name one may be meant", []Binary{program(coded{loads("@executable_path/../Frameworks/libx.1.dylib")}), identified, twin}, []string{
			"libx.1.2.dylib may", "libx.1.3.dylib may", "gap: loads @executable_path/../Frameworks/libx.1.dylib, which may be one of several files that were checked",
		}},
		{"of two versions of a framework one may be meant", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/F")}), framework, second}, []string{
			"F.framework/Versions/A/F may", "F.framework/Versions/B/F may", "gap: loads @executable_path/../Frameworks/F.framework/F, which may be one of several files that were checked",
		}},
		{"a version that is named is meant", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/Versions/B/F")}), framework, second}, []string{"F.framework/Versions/B/F"}},
		{"so is the current one where it is a folder", []Binary{program(coded{loads("@executable_path/../Frameworks/F.framework/F")}), framework, second, current}, []string{"F.framework/Versions/Current/F"}},
		{"what macOS has is no gap", []Binary{program(coded{loads("/usr/lib/libSystem.B.dylib", "/System/Library/Frameworks/AppKit.framework/Versions/C/AppKit")})}, nil},
		{"what is missing is one", []Binary{program(coded{loads("@rpath/x.dylib", "/opt/lib/y.dylib")})}, []string{
			"gap: loads @rpath/x.dylib, which is not part of what was checked", "gap: loads /opt/lib/y.dylib, which is not part of what was checked",
		}},
		{"unless it may be missing", []Binary{program(coded{loads("?@rpath/x.dylib")})}, nil},
		{"a weak library is weak", []Binary{program(coded{loads("?@executable_path/../Frameworks/x.dylib")}), library(frameworks + "x.dylib")}, []string{"x.dylib weak"}},
		{"and so is what it loads, which is needed where it is", []Binary{
			program(coded{loads("?@loader_path/../Frameworks/x.dylib", "@loader_path/../Frameworks/y.dylib")}),
			library(frameworks+"x.dylib", "@loader_path/z.dylib", "/opt/lib/gone.dylib"), library(frameworks + "y.dylib"), library(frameworks + "z.dylib"),
		}, []string{"x.dylib weak", "y.dylib", "z.dylib weak"}},
		{"unless something needs the weak one after all", []Binary{
			program(coded{loads("?@loader_path/../Frameworks/x.dylib", "@loader_path/../Frameworks/y.dylib")}),
			library(frameworks+"x.dylib", "@loader_path/z.dylib", "/opt/lib/gone.dylib"), library(frameworks+"y.dylib", "@loader_path/x.dylib"), library(frameworks + "z.dylib"),
		}, []string{"x.dylib", "y.dylib", "z.dylib", "gap: loads /opt/lib/gone.dylib, which is not part of what was checked"}},
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
		if got := p.process(b, b.Slices[0]); len(got.Gaps) == 0 || len(got.Gaps) > maxMissing+3 {
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

// Which slice of a library is loaded depends on the Mac.
func TestAProcessHasTheSlicesThatDyldTakes(t *testing.T) {
	const main, at = "A.app/Contents/MacOS/A", "@loader_path/x.dylib"
	for _, row := range []struct {
		name    string
		program string
		library []string
		want    []string
	}{
		{"the one of its architecture", "arm64", []string{"x86_64", "arm64"}, []string{"arm64"}},
		{"that of later processors, and the other one, which runs elsewhere", "x86_64", []string{"x86_64", "x86_64h", "arm64"}, []string{"x86_64h", "x86_64"}},
		{"that of later processors alone for a program for these", "x86_64h", []string{"x86_64", "x86_64h"}, []string{"x86_64h"}},
		{"the common one where there is no other", "x86_64h", []string{"x86_64"}, []string{"x86_64"}},
		{"one with pointer authentication, or without", "arm64", []string{"arm64", "arm64e"}, []string{"arm64e", "arm64"}},
		{"none", "arm64", []string{"x86_64"}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			cpu := map[string]types.CPU{"arm64": types.CPUArm64, "arm64e": types.CPUArm64, "x86_64": types.CPUAmd64, "x86_64h": types.CPUAmd64}
			program := file(main, types.MH_EXECUTE, loads(at))
			program.Slices[0].Arch, program.Slices[0].CPU = row.program, cpu[row.program]
			lib := file(path.Join(path.Dir(main), "x.dylib"), types.MH_DYLIB, loads())
			lib.Slices = nil
			for _, arch := range row.library {
				code := loads()
				code.Items = []evidence.Item{{Need: evidence.MapJIT, Strength: evidence.Proves, Text: arch}}
				lib.Slices = append(lib.Slices, Slice{Slice: macho.Slice{Arch: arch, CPU: cpu[arch], Type: types.MH_DYLIB}, Code: &code})
			}
			var got []string
			for _, img := range newProcesses([]Binary{program, lib}).process(program, program.Slices[0]).Images[1:] {
				got = append(got, img.Code.Items[0].Text)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Long names cost more than short ones.
func TestProcessesAreBoundedByTheBytesOfPaths(t *testing.T) {
	looked := func(rpath string) int {
		b := file("A.app/A", types.MH_EXECUTE, coded{loads("@rpath/x.dylib")}.rpaths(rpath).Code)
		p := newProcesses([]Binary{b})
		p.process(b, b.Slices[0])
		return p.looked
	}
	if short, long := looked("@loader_path/x"), looked("@loader_path/"+strings.Repeat("x", 1000)); long < short+1000/pathsPerLook {
		t.Errorf("%d look-ups for a long path, %d for a short one", long, short)
	}
}

// What is found in images costs as they are weighed.
func TestProcessesAreBoundedByWhatIsFound(t *testing.T) {
	looked := func(items int) int {
		program, lib := file("A.app/A", types.MH_EXECUTE, loads("@loader_path/x.dylib")), file("A.app/x.dylib", types.MH_DYLIB, loads())
		lib.Slices[0].Code.Items = make([]evidence.Item, items)
		p := newProcesses([]Binary{program, lib})
		p.process(program, program.Slices[0])
		return p.looked
	}
	if few, many := looked(0), looked(400); many != few+400/itemsPerLook {
		t.Errorf("%d look-ups with items, %d without", many, few)
	}
}

// A library that re-exports that of the system has what that one has.
func TestAFunctionThatIsPassedOnIsThatOfMacOS(t *testing.T) {
	const jit = "com.apple.security.cs.allow-jit"
	for _, row := range []struct {
		name string
		load evidence.Load // of the library whose function is called
		want evidence.Strength
	}{
		{"the library re-exports that of the system", evidence.Load{Name: "/usr/lib/libSystem.B.dylib", PassesOn: true}, evidence.Proves},
		{"the library uses that of the system", evidence.Load{Name: "/usr/lib/libSystem.B.dylib"}, evidence.Consistent},
		{"the library re-exports another one", evidence.Load{Name: "@rpath/y.dylib", PassesOn: true}, evidence.Consistent},
	} {
		t.Run(row.name, func(t *testing.T) {
			program, lib := file("A.app/A", types.MH_EXECUTE, loads("@loader_path/x.dylib")), file("A.app/x.dylib", types.MH_DYLIB, loads())
			program.Slices[0].Code.Items = []evidence.Item{{
				Need: evidence.MapJIT, Strength: evidence.Consistent, Of: "@loader_path/x.dylib", PassedOn: evidence.Proves, Text: "maps",
			}}
			lib.Slices[0].Code.Loads = []evidence.Load{row.load}
			a, _ := evidence.Weigh(newProcesses([]Binary{program, lib}).process(program, program.Slices[0]), jit)
			if a.Strength != row.want {
				t.Errorf("%s, want %s", a.Strength, row.want)
			}
		})
	}
}
