package check

import (
	"fmt"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

// processes finds out which of the files that were looked at run in one process.
type processes struct {
	binaries []Binary
	byPath   map[string][]int // by the folded path
	byLink   map[string][]int // by the folded paths at which links may be that lead to them
	byScope  map[string][]int // libraries and plug-ins by what they may be loaded from
	looked   int              // what [maxLooked] bounds, so far
}

const (
	// maxImages bounds the files of one process. Large apps have some hundred.
	maxImages = 2000

	// maxLooked bounds the images of all processes of a run together, what is found in
	// these, and the paths at which they are sought: some seconds.
	maxLooked = 5_000_000

	// pathsPerLook and itemsPerLook are how many bytes of a path, and how many items of an
	// image, count for as much as one look-up.
	pathsPerLook = 256
	itemsPerLook = 4

	// maxMissing bounds the names of libraries of one process that were not found.
	maxMissing = 4

	// maxRPaths bounds the folders in which one library is looked for.
	maxRPaths = 64

	// maxPath is the longest path that the kernel opens, in bytes: PATH_MAX of
	// <sys/syslimits.h>.
	maxPath = 1024
)

func newProcesses(binaries []Binary) *processes {
	p := &processes{binaries: binaries, byPath: map[string][]int{}, byLink: map[string][]int{}, byScope: map[string][]int{}}
	for i, b := range binaries {
		for _, name := range b.Paths {
			note(p.byPath, name, i)
		}
		if slices.ContainsFunc(b.Slices, isLibrary) {
			p.byScope[scopeOf(b)] = append(p.byScope[scopeOf(b)], i)
		}
	}
	for i, b := range binaries {
		for _, name := range b.Paths {
			p.links(name, b, i)
		}
	}
	return p
}

// links notes where links may be that lead to a binary.
func (p *processes) links(name string, b Binary, i int) {
	if f, ok := frameworkOf(b); ok {
		current := path.Join(f, "Versions/Current", path.Base(name))
		if at := p.byPath[fold(current)]; len(at) == 0 || slices.Contains(at, i) { // else that one is the current version
			note(p.byLink, path.Join(f, path.Base(name)), i)
			note(p.byLink, current, i)
		}
	}
	for _, s := range b.Slices {
		if s.Code != nil && s.Code.ID != "" && len(s.Code.ID) <= maxPath { // a link with the name of the library
			note(p.byLink, path.Join(path.Dir(name), path.Base(s.Code.ID)), i)
		}
	}
}

// note adds a binary to those of a path. The file systems of Macs fold case.
func note(list map[string][]int, name string, i int) {
	name = fold(name)
	if !slices.Contains(list[name], i) {
		list[name] = append(list[name], i)
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

// role is how sure it is that an image is in a process.
type role int

const (
	isLoaded role = iota
	isWeak        // it is loaded where it is there
	isOneOf       // it is one of several, of which one is loaded
)

// loading is one image that is to be loaded, and who says so.
type loading struct {
	binary int
	paths  []string // of its loaders and its own, in which @rpath is looked for
	role   role
}

// process returns the program with what is loaded into it. b is one of the binaries, s a slice
// of it that is a program.
func (p *processes) process(b Binary, s Slice) evidence.Process {
	l := loader{processes: p, cpu: s, main: b.Paths[0], outer: b.Outer, seen: map[int]*loaded{}, missing: map[string]bool{}}
	l.images(b, s)
	return l.process
}

// ofCopies yields a process for each copy of a program, one at a time: what is beside it may
// differ, and one may be large.
func (p *processes) ofCopies(b Binary, s Slice) iter.Seq[evidence.Process] {
	return func(yield func(evidence.Process) bool) {
		for i := range b.Paths {
			c := b
			c.Paths, c.Inside = b.Paths[i:i+1], b.Inside[i:i+1]
			if !yield(p.process(c, s)) {
				return
			}
		}
	}
}

// loader follows what dyld does when a program starts, and collects what it loads.
type loader struct {
	*processes
	cpu     Slice
	main    string          // path of the program
	outer   string          // that of the outermost bundle around it, empty for none
	seen    map[int]*loaded // by their binaries
	missing map[string]bool
	process evidence.Process
}

// loaded is a binary in the process.
type loaded struct {
	loading
	images []int // of its slices, of which one is loaded
}

func (l *loader) images(b Binary, s Slice) {
	l.process.Images = []evidence.Image{{Path: b.Paths[0], Code: s.Code, Signer: signerOf(s)}}
	for _, i := range l.find(b.Paths[0]) {
		if slices.Contains(l.binaries[i].Paths, b.Paths[0]) {
			l.seen[i] = &loaded{}
		}
	}
	queue := l.loads(0, s.Code, nil, isLoaded)
	for len(queue) > 0 && l.room() {
		next := queue[0]
		queue = queue[1:]
		got, ok := l.seen[next.binary]
		switch {
		case !ok:
			got = l.load(next)
		case next.role >= got.role:
			continue
		default: // something else needs it, and with it what it loads
			got.role = next.role
			for _, i := range got.images {
				l.process.Images[i].Weak, l.process.Images[i].May = got.role == isWeak, got.role == isOneOf
			}
		}
		for _, i := range got.images {
			queue = append(queue, l.loads(i, l.process.Images[i].Code, got.paths, got.role)...)
		}
	}
	if n := len(l.missing); n > maxMissing {
		l.gap(fmt.Sprintf("loads %d more libraries that are not part of what was checked", n-maxMissing))
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
		l.load(loading{binary: i, role: isOneOf})
	}
}

// load adds a library.
func (l *loader) load(next loading) *loaded {
	b := l.binaries[next.binary]
	got := &loaded{loading: next}
	l.seen[next.binary] = got
	for _, s := range slicesFor(b, l.cpu) {
		if !l.room() {
			break
		}
		if s.Code != nil {
			l.looked += len(s.Code.Items) / itemsPerLook
		}
		got.images = append(got.images, len(l.process.Images))
		l.process.Images = append(l.process.Images, evidence.Image{
			Path: b.Paths[0], Code: s.Code, Weak: got.role == isWeak, May: got.role == isOneOf, Signer: signerOf(s),
		})
	}
	return got
}

// gap notes what of the process is not known, once.
func (l *loader) gap(text string) {
	if !slices.Contains(l.process.Gaps, text) {
		l.process.Gaps = append(l.process.Gaps, text)
	}
}

// room reports whether one more file may be looked at, and tells where not.
func (l *loader) room() bool {
	l.looked++
	if len(l.process.Images) < maxImages && l.looked < maxLooked {
		return true
	}
	l.gap("more libraries than are looked at")
	return false
}

// loads returns the libraries that an image names, as far as they are among the binaries.
func (l *loader) loads(image int, code *evidence.Code, rpaths []string, by role) []loading {
	if code == nil {
		return nil
	}
	img := &l.process.Images[image]
	name := img.Path
	asked := map[string]bool{} // libraries of which functions are called
	for _, it := range code.Items {
		if it.PassedOn != "" && !slices.Contains(img.PassOn, it.Of) {
			asked[it.Of] = true
		}
	}
	rpaths = slices.Concat(l.rpaths(name, code.RPaths), rpaths)
	if len(rpaths) > maxRPaths {
		rpaths = rpaths[:maxRPaths]
		l.gap("looks for libraries in more folders than are looked in")
	}
	var list []loading
	for _, load := range code.Loads {
		if !l.room() {
			break
		}
		found, role := l.resolve(load.Name, name, rpaths), by
		switch {
		case len(found) > 1:
			role = isOneOf
			l.gap("loads " + shorten(load.Name) + ", which may be one of several files that were checked")
		case load.Weak:
			role = max(by, isWeak)
		case len(found) == 0 && role == isLoaded && !macho.IsSystem(load.Name):
			if l.missing[load.Name] = true; len(l.missing) <= maxMissing {
				l.gap("loads " + shorten(load.Name) + ", which is not part of what was checked")
			}
		}
		if asked[load.Name] && len(found) == 1 && l.passesOn(found[0]) {
			asked[load.Name] = false
			img.PassOn = append(img.PassOn, load.Name)
		}
		for _, i := range found {
			list = append(list, loading{i, rpaths, role})
		}
	}
	return list
}

// passesOn reports whether all that may be loaded of a library re-exports one of macOS's.
func (l *loader) passesOn(binary int) bool {
	list := slicesFor(l.binaries[binary], l.cpu)
	return len(list) > 0 && !slices.ContainsFunc(list, func(s Slice) bool {
		return s.Code == nil || !slices.ContainsFunc(s.Code.Loads, func(o evidence.Load) bool { return o.PassesOn && macho.IsSystem(o.Name) })
	})
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
