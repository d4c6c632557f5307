// Package source finds out of a project's sources what its programs will be signed with:
// the .entitlements files, and who signs with them. It reads Xcode's projects and
// .xcconfig files, and the configurations of electron-builder, Electron Forge and Tauri.
//
// What Xcode does is taken from swift-build (https://github.com/swiftlang/swift-build), its
// build system: which settings become entitlements from ProductPackaging.swift, .xcconfig
// files from MacroConfigFileParser.swift, which of several assignments counts from
// MacroValueAssignmentTable.swift, and which configurations, and what it sets itself, from
// Settings.swift. electron-builder is taken from macPackager.ts and
// util/config/load.ts of app-builder-lib, Electron Forge from @electron/osx-sign, Tauri
// from tauri-utils' config.rs.
//
// Nothing is run and nothing is guessed: what a script computes, what a command line may
// set and what is not in the tree is told as a [Problem]. Everything that is read is
// bounded, see the constants.
package source

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// MaxFiles bounds the entitlements of one tree, in files. Real projects have under 20.
	MaxFiles = 500

	// MaxEntitlements bounds them in bytes: a claim takes some kilobytes of memory until
	// the report is written. Real files have one or two.
	MaxEntitlements = 2 << 20

	// MaxProject bounds one project or configuration file, in bytes. The largest
	// project.pbxproj that is known has some 10 MB.
	MaxProject = 16 << 20

	// MaxRead bounds what is read of one tree, in bytes.
	MaxRead = 64 << 20

	// MaxSignings bounds targets times configurations.
	MaxSignings = 2000

	maxProblems = 200
)

// Tool signs code.
type Tool string

// The tools whose projects are read.
const (
	Xcode           Tool = "Xcode"
	ElectronBuilder Tool = "electron-builder"
	ElectronForge   Tool = "Electron Forge"
	Tauri           Tool = "Tauri"
)

// Expands reports whether the tool replaces $(VARIABLES) in an .entitlements file.
func (t Tool) Expands() bool { return t == Xcode }

// Tree is what was found in a tree of sources.
type Tree struct {
	Files    []File    // by path
	Signings []Signing // by place
	Problems []Problem // by place
}

// File is a file of entitlements.
type File struct {
	Path string
	entitlement.Source
}

// Place is a place in a file.
type Place struct {
	File string
	entitlement.Place
}

// Signing is how a tool will sign one program in one configuration.
type Signing struct {
	Tool          Tool
	Target        string // as the tool names it; of an Electron app "app", "helpers" or "login helper"
	Configuration string // such as Release; of an Electron app mac, mas or mas-dev; empty: there are none
	Default       bool   // what is built when nobody asks for another
	Place         Place  // where that stands

	// What the program will be, empty where it is not known.
	Identifier string
	TeamID     string
	Type       string // of Mach-O file
	BundleKind string

	Prefix string // of the identifiers of an app's helpers; empty for others

	Files    []string  // with which it is signed; several: with one of them, and none: with none
	Settings []Setting // what else it claims
	Open     string    // why this may not be all that it claims; empty: it is

	Unhardened Place  // where the Hardened Runtime is off, or may be; zero: it is on
	Why        string // what there says so

	// Expanded has what texts with variables become that are in the files, where all of
	// them are known.
	Expanded map[string]string
}

// Name names the signing for people.
func (s *Signing) Name() string {
	name := string(s.Tool) + " " + s.Target
	if s.Tool == Xcode {
		name = "target " + s.Target
	}
	if s.Configuration != "" {
		name += " (" + s.Configuration + ")"
	}
	return name
}

// Setting is an entitlement that no file claims: a build setting does, or what a tool signs
// with by default.
type Setting struct {
	Key   string
	Value entitlement.Value // of kind Unknown where it is not certain
	Place Place
	Text  string // what claims it, such as RUNTIME_EXCEPTION_ALLOW_JIT = YES
	Fix   string // what to do to be without it
}

// Kind says what sort of problem there is.
type Kind uint8

const (
	// Unreadable is something that is there, or may be, and could not be read.
	Unreadable Kind = iota
	// Missing is a file that signing needs and that is not there.
	Missing
	// Unresolved is something that decides about entitlements, and that nothing but the
	// build itself knows.
	Unresolved
	// Incomplete is something that could decide about entitlements, and as a rule does not.
	Incomplete
	// Unread is a project that is not read, where others beside it are.
	Unread
)

// Problem is something that is not known.
type Problem struct {
	Kind    Kind
	Place   Place // without a line: the file as a whole
	Message string
	Hint    string
}

// Read looks through a tree. Paths are told with dir before them. The tree must not lead
// out of itself, as that of an os.Root does not.
func Read(fsys fs.FS, dir string) *Tree {
	r := &reader{
		fsys: fsys, dir: dir, files: map[string]bool{}, left: MaxRead, leftFiles: MaxEntitlements, work: maxWork,
		hid: map[Kind]int{}, packages: map[string]*npmPackage{}, configs: map[string][]string{},
	}
	names := r.walk()
	r.walked = make(map[string]bool, len(names))
	for _, name := range names {
		r.walked[name] = true
	}
	for _, name := range names { // which tell how others are used
		if kindOf(name) == packageFile {
			r.packageJSON(name)
		}
	}
	for _, name := range names {
		switch kindOf(name) {
		case entitlementsFile:
			r.file(name, Place{})
		case xcodeProject:
			r.xcode(name)
		case workspaceFile:
			r.workspace(name)
		case schemeFile:
			r.scheme(name)
		case builderFile:
			if len(r.configs[name]) == 0 || r.packages[path.Dir(name)] != nil && !slices.Contains(r.configs[name], path.Dir(name)) {
				r.configs[name] = append(r.configs[name], path.Dir(name))
			}
		case tauriFile:
			r.tauri(name)
		case scriptFile:
			r.script(name)
		case specFile:
			r.specs = append(r.specs, name)
		}
	}
	for len(r.referred) > 0 {
		name := r.referred[0]
		r.referred = r.referred[1:]
		r.xcode(name)
	}
	for _, name := range slices.Sorted(maps.Keys(r.configs)) {
		r.builderFile(name)
	}
	r.bareBuilders()
	for _, name := range r.specs {
		r.spec(name, names)
	}
	t := &r.tree
	inorder.By(t.Files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	inorder.By(t.Signings, func(a, b Signing) int { return a.Place.compare(b.Place) })
	inorder.By(t.Problems, func(a, b Problem) int { return a.Place.compare(b.Place) })
	t.Problems = slices.Compact(t.Problems)
	return t
}

// Empty reports whether nothing was found that says anything.
func (t *Tree) Empty() bool { return len(t.Files)+len(t.Signings)+len(t.Problems) == 0 }

func (p Place) compare(q Place) int {
	if c := strings.Compare(p.File, q.File); c != 0 {
		return c
	}
	if p.Line != q.Line {
		return p.Line - q.Line
	}
	return p.Column - q.Column
}

// reader reads one tree.
type reader struct {
	fsys      fs.FS
	dir       string // before the paths that are told
	tree      Tree
	files     map[string]bool // entitlements that were looked at, by their names in the tree
	left      int             // bytes that may still be read
	leftFiles int             // bytes of entitlements
	work      int             // see maxWork
	full      bool            // too much was told of
	walked    map[string]bool // what is looked at, by its name in the tree
	hid       map[Kind]int    // see maxHidden
	specs     []string        // what projects are made from

	packages map[string]*npmPackage // by their folders
	configs  map[string][]string    // of electron-builder's: folders of projects that are built with each
	builds   bool                   // one of them was read
	bare     []Problem              // packages without one

	referred []string // projects that others refer to, and that were not found by themselves
}

// told returns the path under which a name in the tree is told.
func (r *reader) told(name string) string {
	if path.IsAbs(name) {
		return name
	}
	return path.Join(r.dir, name)
}

func (r *reader) problem(p Problem) {
	if n := len(r.tree.Problems); n == maxProblems {
		p = Problem{Unreadable, Place{File: r.dir}, "more than 200 things are not known", "check the tree in parts"}
	} else if n > maxProblems {
		return
	}
	r.tree.Problems = append(r.tree.Problems, p)
}

func (r *reader) add(s Signing) {
	if len(r.tree.Signings) < MaxSignings {
		r.tree.Signings = append(r.tree.Signings, s)
	} else {
		r.tooMuch(s.Place)
	}
}

// tooMuch tells, once, that not all targets were read.
func (r *reader) tooMuch(at Place) {
	if !r.full {
		r.full = true
		r.problem(Problem{Unreadable, at, "more targets, configurations and settings than are read", "check the tree in parts"})
	}
}

// file reads entitlements, once. Of a file that a project names, named is where.
func (r *reader) file(name string, named Place) {
	if r.files[name] {
		return
	}
	r.files[name] = true
	at := named
	if at.File == "" {
		at.File = r.told(name)
	}
	if len(r.tree.Files) == MaxFiles {
		r.problem(Problem{Unreadable, at, "more than 500 files of entitlements", "check the tree in parts"})
		return
	}
	b, err := r.read(name, entitlement.MaxSize)
	if r.leftFiles -= len(b); err == nil && r.leftFiles < 0 {
		r.problem(Problem{Unreadable, at, "the entitlements of one run are more than 2097152 bytes", "check them in parts"})
		return
	}
	if err != nil {
		r.missing(name, named, err)
		return
	}
	r.tree.Files = append(r.tree.Files, File{r.told(name), entitlement.ReadSource(b)})
}
