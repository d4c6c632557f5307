package source

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"
)

const (
	// maxEntries bounds the entries of folders that are looked at. The checkout of
	// Chromium has some 400,000.
	maxEntries = 500_000

	// maxDepth bounds the folders inside of one another.
	maxDepth = 64
)

// fileKind is what a file is to this package.
type fileKind uint8

const (
	otherFile fileKind = iota
	entitlementsFile
	xcodeProject
	packageFile
	builderFile
	tauriFile
	scriptFile
	specFile // that a project of Xcode is made from
	workspaceFile
	schemeFile
)

var (
	entitlementsPlist = regexp.MustCompile(`(?i)entitlements.*\.plist$`)
	builderConfig     = regexp.MustCompile(`(?i)^electron-builder(?:[.-][a-z0-9_.-]+)?\.(?:ya?ml|json5?)$`)
	tauriConfig       = regexp.MustCompile(`(?i)^tauri\.conf\.json5?$`)
	script            = regexp.MustCompile(`(?i)^(?:electron-builder(?:[.-][a-z0-9_.-]+)?\.(?:toml|[cm]?[jt]s)|forge\.config\.[cm]?[jt]s|tauri(?:\.macos)?\.toml)$`)
	spec              = regexp.MustCompile(`(?i)^project\.(?:ya?ml|swift)$`)
)

// kindOf goes by the name in any case: most Macs do not tell them apart.
func kindOf(name string) fileKind {
	base := path.Base(name)
	switch {
	case strings.EqualFold(path.Ext(base), ".entitlements"), entitlementsPlist.MatchString(base):
		return entitlementsFile
	case strings.EqualFold(base, "project.pbxproj"):
		return xcodeProject
	case strings.EqualFold(base, "package.json"):
		return packageFile
	case builderConfig.MatchString(base):
		return builderFile
	case tauriConfig.MatchString(base):
		return tauriFile
	case script.MatchString(base):
		return scriptFile
	case spec.MatchString(base):
		return specFile
	case strings.EqualFold(base, "contents.xcworkspacedata"):
		return workspaceFile
	case strings.EqualFold(path.Ext(base), ".xcscheme"):
		return schemeFile
	}
	return otherFile
}

// skipped are folders of tools, by their names. What a project names inside of them is read
// all the same.
var skipped = []string{".git", ".hg", ".svn", "node_modules", "DerivedData", ".build", ".swiftpm", ".dart_tool"}

// results are what builds make; what is in them is not what they are made from.
var results = []string{".app", ".xcarchive", ".dSYM", ".framework", ".xcframework"}

// versioned are those in which no project is.
var versioned = []string{".git", ".hg", ".svn"}

// walk returns the files of the tree that are of a kind, in the order of their names. Links
// to folders are not followed, other than to projects.
func (r *reader) walk() (names []string) {
	entries := 0
	err := fs.WalkDir(r.fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			r.problem(Problem{Unreadable, Place{File: r.told(name)}, reason(err), ""})
			return fs.SkipDir
		case entries == maxEntries:
			return fmt.Errorf("more than %d files and folders", maxEntries)
		}
		entries++
		if !d.IsDir() {
			if d.Type()&fs.ModeSymlink != 0 {
				names = append(names, r.link(name)...)
			}
			if kindOf(name) != otherFile {
				names = append(names, name)
			}
			return nil
		}
		switch {
		case name == ".":
		case slices.Contains(versioned, d.Name()):
			return fs.SkipDir
		case r.isResult(name):
			r.hidden(name, Unresolved)
			return fs.SkipDir
		case d.Name() == "node_modules":
			r.hidden(name, Incomplete)
			return fs.SkipDir
		case slices.Contains(skipped, d.Name()), d.Name() == "target" && r.isCache(name):
			r.hidden(name, Unread)
			return fs.SkipDir
		case strings.Count(name, "/") >= maxDepth:
			r.problem(Problem{Unreadable, Place{File: r.told(name)}, fmt.Sprintf("folders nest deeper than %d", maxDepth), "check the tree in parts"})
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		r.problem(Problem{Unreadable, Place{File: r.dir}, err.Error(), "check the tree in parts"})
	}
	return names
}

// isCache reports whether a folder says of itself that it can be made anew, as Cargo's does
// (https://bford.info/cachedir/). Of any folder that would be a way to hide one.
func (r *reader) isCache(name string) bool {
	b, err := r.read(path.Join(name, "CACHEDIR.TAG"), 1<<10)
	return err == nil && bytes.HasPrefix(b, []byte("Signature: 8a477f597d28d172789f06886806bc55"))
}

// isResult reports whether a folder is what a build makes, by its name and by what is in
// such. One of sources may have a name like that.
func (r *reader) isResult(name string) bool {
	return slices.Contains(results, path.Ext(name)) && slices.ContainsFunc([]string{"Contents", "Versions", "Info.plist"}, func(in string) bool {
		return r.there(path.Join(name, in))
	})
}

// maxHidden bounds what is looked at in folders that are not looked into otherwise, for each
// kind of problem.
const maxHidden = 100_000

// hidden tells of projects of Xcode's in a folder that is not looked into, and, once, that
// there is more than is looked at.
func (r *reader) hidden(top string, kind Kind) {
	first, n := "", 0
	_ = fs.WalkDir(r.fsys, top, func(name string, d fs.DirEntry, err error) error {
		if r.hid[kind]++; r.hid[kind] > maxHidden {
			if r.hid[kind] == maxHidden+1 {
				r.problem(Problem{kind, Place{File: r.told(top)}, fmt.Sprintf("more than %d files in folders that are not looked into, of which there may be projects", maxHidden), "move them, or name the folders that something is built from with --sources"})
			}
			return fs.SkipAll
		}
		if err == nil && kindOf(name) == xcodeProject {
			if n++; n == 1 {
				first = name
			}
		}
		return nil // what cannot be read of it is passed over, too
	})
	if n > 0 {
		what := "a project in a folder that is not looked into"
		if n > 1 {
			what = fmt.Sprintf("one of %d projects in a folder that is not looked into, %s", n, r.told(top))
		}
		r.problem(Problem{kind, Place{File: r.told(first)}, what, "move it, or name its folder with --sources, if something is built from it"})
	}
}

// link returns the project that a link leads to, and tells of what is out of sight.
func (r *reader) link(name string) []string {
	info, err := fs.Stat(r.fsys, name)
	switch {
	case isProject(name) && err != nil:
		r.problem(Problem{Unresolved, Place{File: r.told(name)}, "a link to a project that is not in the folder that is looked at: " + reason(err), "have the project in its place"})
	case isProject(name) && info.IsDir():
		if file, _ := r.projectIn(name); file != "" {
			return []string{file}
		}
	case err != nil && !isMissing(err) && kindOf(name) == otherFile: // others are told when they are read
		r.problem(Problem{Unresolved, Place{File: r.told(name)}, "a link to what is not looked at, and may be a folder: " + reason(err), "name a folder that holds both with --sources, or have what it leads to in its place"})
	case err == nil && info.IsDir() && !r.inSight(name):
		r.hidden(name, Unread)
	}
	return nil
}

// inSight reports whether a link leads to a folder that is looked into.
func (r *reader) inSight(name string) bool {
	to, err := fs.ReadLink(r.fsys, name)
	if err != nil || path.IsAbs(to) {
		return false
	}
	to = path.Join(path.Dir(name), to)
	if !fs.ValidPath(to) {
		return false
	}
	for at := to; at != "."; at = path.Dir(at) {
		if slices.Contains(skipped, path.Base(at)) || r.isResult(at) || path.Base(at) == "target" {
			return false
		}
	}
	return true
}

// read returns the bytes of a regular file, and one more than the limit at most.
func (r *reader) read(name string, limit int) ([]byte, error) {
	if !fs.ValidPath(name) {
		return nil, errOutside
	}
	info, err := fs.Stat(r.fsys, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	f, err := r.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(limit)+1))
	if err != nil {
		return nil, err
	}
	if r.left -= len(b); r.left < 0 {
		return nil, fmt.Errorf("the projects of one tree are more than %d bytes; check them in parts", MaxRead)
	}
	return b, nil
}

// errOutside is told of what a project names outside of the tree.
var errOutside = errors.New("it is outside of the folder that is looked at")

// reason is an error without the name of the file, which is told beside it.
func reason(err error) string {
	if failed, ok := errors.AsType[*fs.PathError](err); ok {
		return failed.Err.Error()
	}
	return err.Error()
}

// open reads a project or a configuration, and tells when that fails.
func (r *reader) open(name string, parse func([]byte) (*node, error)) *document {
	b, err := r.read(name, MaxProject)
	return r.parse(name, b, err, parse)
}

func (r *reader) parse(name string, b []byte, err error, parse func([]byte) (*node, error)) *document {
	if err == nil && len(b) > MaxProject {
		err = fmt.Errorf("it is larger than %d bytes", MaxProject)
	}
	d := newDocument(r.told(name), b)
	if err == nil {
		d.root, err = parse(b)
	}
	if err == nil {
		return d
	}
	p := Problem{Unreadable, Place{File: d.path}, reason(err), ""}
	if bad, ok := errors.AsType[*syntaxError](err); ok {
		p.Place, p.Message = d.at(bad.offset), bad.text
	}
	r.problem(p)
	return nil
}

// missing tells of entitlements that could not be read. What a project names and is not
// there makes signing fail.
func (r *reader) missing(name string, named Place, err error) {
	p := Problem{Unreadable, named, reason(err), ""}
	switch {
	case named.File == "":
		p.Place.File = r.told(name)
	case errors.Is(err, errOutside):
		p.Kind, p.Message, p.Hint = Unresolved, fmt.Sprintf("names the entitlements %s, and %s", name, errOutside), "check the folder that holds both"
	case errors.Is(err, fs.ErrNotExist):
		p.Kind, p.Message, p.Hint = Missing, fmt.Sprintf("names the entitlements %s, and there is no such file", r.told(name)), "signing fails without it, unless the build makes it; add the file, or name the right one"
	default:
		p.Message = fmt.Sprintf("names the entitlements %s: %s", r.told(name), p.Message)
	}
	r.problem(p)
}
