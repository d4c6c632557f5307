package check

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
)

// processes finds out which of the files that were looked at run in one process.
type processes struct {
	binaries []Binary
	byPath   map[string][]int // by the folded path, under each name that the loader may use
	byScope  map[string][]int // libraries and plug-ins by what they may be loaded from
	looked   int              // images so far, and names that were looked up, of all processes
}

const (
	// maxImages bounds the files of one process. Large apps have some hundred.
	maxImages = 2000

	// maxLooked bounds them, and the paths at which they are sought, for all processes of
	// a run together: some seconds.
	maxLooked = 5_000_000

	// maxMissing bounds the names of libraries of one process that were not found.
	maxMissing = 4

	// maxRPaths bounds the folders in which one library is looked for.
	maxRPaths = 64
)

func newProcesses(binaries []Binary) *processes {
	p := &processes{binaries: binaries, byPath: map[string][]int{}, byScope: map[string][]int{}}
	for i, b := range binaries {
		for _, name := range b.Paths {
			p.name(name, i)
			if f, ok := frameworkOf(b); ok {
				p.name(path.Join(f, path.Base(name)), i)
				p.name(path.Join(f, "Versions/Current", path.Base(name)), i)
			}
			for _, s := range b.Slices {
				if s.Code != nil && s.Code.ID != "" { // a link with the name of the library leads to the file
					p.name(path.Join(path.Dir(name), path.Base(s.Code.ID)), i)
				}
			}
		}
		if slices.ContainsFunc(b.Slices, isLibrary) {
			p.byScope[scopeOf(b)] = append(p.byScope[scopeOf(b)], i)
		}
	}
	return p
}

// name notes that a path leads to a binary. The file systems of Macs fold case.
func (p *processes) name(name string, i int) {
	name = fold(name)
	if !slices.Contains(p.byPath[name], i) {
		p.byPath[name] = append(p.byPath[name], i)
	}
}

func fold(s string) string { return strings.ToLower(s) }

// frameworkOf returns the path of the framework whose main executable b is, when it is
// in a version of one.
func frameworkOf(b Binary) (string, bool) {
	if b.Bundle == nil || !b.Main || path.Base(path.Dir(b.Bundle.Path)) != "Versions" {
		return "", false
	}
	return path.Dir(path.Dir(b.Bundle.Path)), true
}

func isLibrary(s Slice) bool { return s.Err == nil && (s.IsLibrary() || s.IsPlugIn()) }

// scopeOf returns what a program and the plug-ins that it may load have in common: the
// outermost bundle, or the artifact.
func scopeOf(b Binary) string {
	if b.Outer != "" {
		return b.Outer
	}
	return strings.TrimSuffix(b.Paths[0], b.Inside[0])
}

// loading is one image that is to be loaded, and who says so.
type loading struct {
	binary int
	paths  []string // of its loaders and its own, in which @rpath is looked for
	weak   bool
}

// process returns the program with what is loaded into it. b is one of the binaries, s a slice
// of it that is a program.
func (p *processes) process(b Binary, s Slice) evidence.Process {
	l := loader{processes: p, cpu: s, main: b.Paths[0], seen: map[int]int{}, missing: map[string]bool{}}
	l.images(b, s)
	return l.process
}

// ofCopies returns a process for each copy of a program: what is beside it may differ.
func (p *processes) ofCopies(b Binary, s Slice) []evidence.Process {
	var list []evidence.Process
	for i := range b.Paths {
		c := b
		c.Paths, c.Inside = b.Paths[i:i+1], b.Inside[i:i+1]
		list = append(list, p.process(c, s))
	}
	return list
}

// loader follows what dyld does when a program starts, and collects what it loads.
type loader struct {
	*processes
	cpu     Slice
	main    string      // path of the program
	seen    map[int]int // images by their binaries
	missing map[string]bool
	process evidence.Process
}

func (l *loader) images(b Binary, s Slice) {
	l.process.Images = []evidence.Image{{Path: b.Paths[0], Code: s.Code, Signer: signerOf(s)}}
	if i, ok := l.find(b.Paths[0]); ok {
		l.seen[i] = 0
	}
	queue := l.loads(b.Paths[0], s.Code, nil, false)
	for len(queue) > 0 && l.room() {
		next := queue[0]
		queue = queue[1:]
		if at, ok := l.seen[next.binary]; ok {
			if at >= 0 && !next.weak { // something else needs it
				l.process.Images[at].Weak = false
			}
			continue
		}
		l.seen[next.binary] = -1
		lib := l.binaries[next.binary]
		slice, ok := sliceFor(lib, l.cpu)
		if !ok {
			continue
		}
		l.seen[next.binary] = len(l.process.Images)
		l.add(lib, slice, false, next.weak)
		queue = append(queue, l.loads(lib.Paths[0], slice.Code, next.paths, next.weak)...)
	}
	if n := len(l.missing); n > maxMissing {
		l.process.Gaps = append(l.process.Gaps, fmt.Sprintf("loads %d more libraries that are not part of what was checked", n-maxMissing))
	}
	if !l.process.Loads() {
		return
	}
	for _, i := range l.byScope[scopeOf(b)] {
		if _, ok := l.seen[i]; ok {
			continue
		}
		if !l.room() {
			break
		}
		if slice, ok := sliceFor(l.binaries[i], l.cpu); ok {
			l.add(l.binaries[i], slice, true, false)
		}
	}
}

const tooMany = "more libraries than are looked at"

// room reports whether one more file may be looked at, and tells where not.
func (l *loader) room() bool {
	l.looked++
	if len(l.process.Images) < maxImages && l.looked < maxLooked {
		return true
	}
	if !slices.Contains(l.process.Gaps, tooMany) {
		l.process.Gaps = append(l.process.Gaps, tooMany)
	}
	return false
}

func (l *loader) add(b Binary, s Slice, may, weak bool) {
	l.process.Images = append(l.process.Images, evidence.Image{Path: b.Paths[0], Code: s.Code, May: may, Weak: weak, Signer: signerOf(s)})
}

// find returns the binary at a path.
func (l *loader) find(name string) (int, bool) {
	l.looked++
	list := l.byPath[fold(name)]
	if len(list) == 0 {
		return 0, false
	}
	return list[0], true
}

// loads returns the libraries that a file names, as far as they are among the binaries.
func (l *loader) loads(name string, code *evidence.Code, rpaths []string, weak bool) []loading {
	if code == nil {
		return nil
	}
	// dyld looks at those of the file itself first and at the program's last: rpathStack
	// in Loader.cpp and DyldProcessConfig of dyld begin with the image that loads.
	var own []string
	for _, r := range code.RPaths {
		if full, ok := l.expand(r, name); ok {
			own = append(own, full)
		}
	}
	rpaths = slices.Concat(own, rpaths)
	if len(rpaths) > maxRPaths {
		rpaths = rpaths[:maxRPaths]
		l.missing["from more folders than are looked in"] = true
	}
	var list []loading
	for _, load := range code.Loads {
		if !l.room() {
			break
		}
		i, ok := l.resolve(load.Name, name, rpaths)
		switch {
		case ok:
			list = append(list, loading{i, rpaths, weak || load.Weak})
		case !load.Weak && !weak && !isSystem(load.Name):
			if l.missing[load.Name] = true; len(l.missing) <= maxMissing {
				if gap := "loads " + load.Name + ", which is not part of what was checked"; !slices.Contains(l.process.Gaps, gap) {
					l.process.Gaps = append(l.process.Gaps, gap)
				}
			}
		}
	}
	return list
}

// resolve finds a library as dyld does (man dyld; Loader::expandAtPath and
// forEachResolvedAtPathVar in dyld's source): @executable_path is the folder of the
// program, @loader_path that of the file that names it, and @rpath each of the folders
// that this file and its loaders name.
func (l *loader) resolve(name, by string, rpaths []string) (int, bool) {
	if rest, ok := strings.CutPrefix(name, "@rpath/"); ok {
		for _, r := range rpaths {
			if i, ok := l.find(path.Join(r, rest)); ok {
				return i, true
			}
		}
		return 0, false
	}
	full, ok := l.expand(name, by)
	if ok {
		return l.find(full)
	}
	if !path.IsAbs(name) || isSystem(name) {
		return 0, false
	}
	// An absolute path is below the folder that a package or an image stands for, which
	// is one of those around the program.
	for dir := path.Dir(l.main); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if i, ok := l.find(path.Join(dir, name)); ok {
			return i, true
		}
	}
	return 0, false
}

// expand returns the path that begins at the program or at the file by; others lead out
// of what was checked.
func (l *loader) expand(name, by string) (string, bool) {
	for prefix, from := range map[string]string{"@executable_path": l.main, "@loader_path": by} {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest == "" || rest[0] == '/') {
			return path.Join(path.Dir(from), rest), true
		}
	}
	return "", false
}

// isSystem reports whether a library is a part of macOS.
func isSystem(name string) bool {
	return strings.HasPrefix(name, "/usr/lib/") || strings.HasPrefix(name, "/System/")
}

// sliceFor returns the slice of a library that a program loads: of its architecture, or
// else of its processor.
func sliceFor(b Binary, program Slice) (Slice, bool) {
	var best *Slice
	for i := range b.Slices {
		s := &b.Slices[i]
		switch {
		case s.Err != nil || !isLibrary(*s):
		case s.Arch == program.Arch:
			return *s, true
		case s.CPU == program.CPU && best == nil:
			best = s
		}
	}
	if best == nil {
		return Slice{}, false
	}
	return *best, true
}

// signerOf says who signed a slice, as far as library validation asks.
func signerOf(s Slice) evidence.Signer {
	if s.Signature == nil {
		return evidence.Signer{}
	}
	out := evidence.Signer{Team: s.Signature.Directory().TeamID, Valid: s.Signature.Authenticated()}
	if a := s.Signature.Authentication; a != nil {
		out.Apple = a.Kind == codesign.Apple
	}
	return out
}
