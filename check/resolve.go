package check

import (
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/macho"
)

// find returns the binaries to one of which a path leads: what is at it, or else what a link
// at it may lead to. dyld opens paths, and does not look for names.
func (l *loader) find(name string) []int {
	l.looked += 1 + len(name)/pathsPerLook
	name = fold(name)
	if list := l.byPath[name]; len(list) > 0 {
		return list
	}
	return l.byLink[name]
}

// rpaths returns the folders that a file names. dyld looks at those of the file itself
// first and at the program's last: rpathStack in Loader.cpp and DyldProcessConfig of dyld
// begin with the image that loads.
func (l *loader) rpaths(by string, names []string) (own []string) {
	for _, r := range names {
		if len(own) > maxRPaths || !l.room() {
			break
		}
		if full, ok := l.expand(r, by); ok {
			own = append(own, full)
		}
	}
	return own
}

// resolve finds a library as dyld does (man dyld; Loader::expandAtPath and
// forEachResolvedAtPathVar in dyld's source): @executable_path is the folder of the
// program, @loader_path that of the file that names it, and @rpath each of the folders
// that this file and its loaders name. Of several files that it returns one is meant.
func (l *loader) resolve(name, by string, rpaths []string) []int {
	if rest, ok := strings.CutPrefix(name, "@rpath/"); ok && len(rest) <= maxPath {
		for _, r := range rpaths {
			if list := l.find(path.Join(r, rest)); len(list) > 0 {
				return list
			}
		}
		return nil
	}
	if full, ok := l.expand(name, by); ok {
		return l.find(full)
	}
	if !path.IsAbs(name) || len(name) > maxPath || macho.IsSystem(name) {
		return nil
	}
	// An absolute path is below the folder that a package or an image stands for, which
	// is one of those around the program, and around the app that it belongs to.
	from := l.main
	if l.outer != "" {
		from = l.outer
	}
	for dir := path.Dir(from); ; dir = path.Dir(dir) {
		if list := l.find(path.Join(dir, name)); len(list) > 0 || dir == "." || dir == "/" {
			return list
		}
	}
}

// expand returns the path that begins at the program or at the file by; others lead out
// of what was checked, and so do those that nobody can open.
func (l *loader) expand(name, by string) (string, bool) {
	if len(name) > maxPath {
		return "", false
	}
	for prefix, from := range map[string]string{"@executable_path": l.main, "@loader_path": by} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] == '/') {
			return path.Join(path.Dir(from), rest), true
		}
	}
	return "", false
}

// archsFor are the slices of a library that dyld takes for a program of an architecture, the
// best first, and whether the best is only so on some Macs: GradedArchs::forCurrentOS in
// MachOFile.cpp of dyld prefers x86_64h from Haswell on and takes x86_64 elsewhere, as in
// Rosetta, and prefers arm64e, which macOS does not load of everybody.
var archsFor = map[string]struct {
	archs []string
	any   bool
}{
	"x86_64":  {[]string{"x86_64h", "x86_64"}, true},
	"x86_64h": {[]string{"x86_64h", "x86_64"}, false},
	"arm64":   {[]string{"arm64e", "arm64"}, true},
	"arm64e":  {[]string{"arm64e", "arm64"}, false},
}

// slicesFor returns the slices of a library one of which a program loads: which one depends
// on the Mac. For an architecture that is not known here it is one of the same processor.
func slicesFor(b Binary, program Slice) []Slice {
	var list []Slice
	want, known := archsFor[program.Arch]
	for _, arch := range want.archs {
		for _, s := range b.Slices {
			if s.Arch == arch && isLibrary(s) && (want.any || len(list) == 0) {
				list = append(list, s)
			}
		}
	}
	if known {
		return list
	}
	if i := slices.IndexFunc(b.Slices, func(s Slice) bool { return s.CPU == program.CPU && isLibrary(s) }); i >= 0 {
		list = b.Slices[i : i+1]
	}
	return list
}
