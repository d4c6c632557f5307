package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// walker walks one tree.
type walker struct {
	tree tree
	treeName
	left   *limits
	code   int // Mach-O files so far
	files  int // files and links so far, but for those of AppleDouble
	double int // files so far that are named as those of AppleDouble
	yield  func(*Item, *Problem) bool
}

// treeName is how a tree was given.
type treeName struct {
	path   string // as in Item.Path
	inside string // what Item.Inside begins with; empty: nothing, or the name if the tree is a bundle
	name   string
	part   bool // it is below a folder named Contents or Versions

	packed  bool // it is what an archive or a volume holds, and the name is not its own
	pkg     bool // it is an installer package
	payload bool // it is what the Installer unpacks of one
	scripts bool // of that, it is what it runs
}

// place is a folder in the tree, and what is around it.
type place struct {
	rel          string // relative to the tree
	listed       int    // entries of the folders around it
	bundles      int    // around it
	inner, outer *Bundle
}

// walkTree yields what is in t, as far as the limits reach. It returns false when
// yield did.
func walkTree(t tree, name treeName, left *limits, yield func(*Item, *Problem) bool) bool {
	release := t.Hold()
	defer release()
	more := true
	w := &walker{tree: t, treeName: name, left: left, yield: func(item *Item, p *Problem) bool {
		more = yield(item, p)
		return more
	}}
	w.folder(place{rel: "."})
	return more
}

func (w *walker) problem(rel string, kind Kind, err error) bool {
	return w.yield(nil, &Problem{
		Path:   path.Join(w.path, rel),
		Inside: path.Join(w.inside, rel),
		Kind:   kind,
		Err:    bare(err),
	})
}

// list returns the entries of a folder, and counts them however often it is listed:
// a link may lead to one from many bundles.
func (w *walker) list(rel string) ([]fs.DirEntry, error) {
	if err := w.left.passed(); err != nil {
		return nil, err
	}
	entries, err := w.tree.ReadDir(rel)
	w.left.entries -= len(entries)
	if errors.Is(err, errListing) || errors.Is(err, volume.ErrListing) {
		w.left.entries -= maxListing
	}
	return entries, err
}

// ends reports whether a limit was passed, and tells so: the walk ends here.
func (w *walker) ends(rel string) bool {
	err := w.left.passed()
	if err != nil {
		w.problem(rel, Unreadable, err)
	}
	return err != nil
}

// folder returns false when the walk is to end, for its consumer or for a limit.
func (w *walker) folder(p place) bool {
	entries, err := w.list(p.rel)
	if w.ends(p.rel) || err != nil && !w.problem(p.rel, kindOf(err), err) {
		return false
	}
	if w.isSparseBundle(p.rel, entries) && !w.problem(p.rel, Unsupported, &archive.UnsupportedError{What: "a disk image in parts (a sparse bundle)"}) {
		return false
	}
	b := w.bundle(p, entries)
	if b != nil {
		p.inner = b
		if p.outer == nil {
			p.outer = b
		}
		p.bundles++
	}
	p.listed += len(entries)
	switch {
	case w.ends(p.rel):
		return false
	case p.listed > maxListing:
		return w.problem(p.rel, Unreadable, errListing)
	case p.bundles > maxBundles:
		return w.problem(p.rel, Unreadable, fmt.Errorf("more than %d bundles inside each other", maxBundles))
	}
	data := b != nil && !b.isProgram() && b.isSealed()
	if b != nil && !data && !w.odd(b, entries) {
		return false
	}
	code, files, double := w.code, w.files, w.double
	if b == nil && hasFolder(entries, "_CodeSignature") && !w.foreign(p) {
		return false
	}
	for _, e := range entries {
		if !w.entry(p, path.Join(p.rel, e.Name()), e.Type()) {
			return false
		}
	}
	switch {
	case b == nil:
		return true
	case w.files == files && w.double > double:
		return true // what ditto and Archive Utility keep beside a bundle, in __MACOSX
	case data && w.code > code && !w.odd(b, entries):
		return false // it is no bundle of data
	}
	return w.leave(b, entries, w.code > code)
}

// foreign tells of a folder with a signature that is no bundle of a known kind. In a bundle
// it is a part of it, or else its signature is of that. What Xcode signs of an
// .xcframework is for Xcode: nothing asks for it when the code runs.
func (w *walker) foreign(p place) bool {
	if p.inner != nil {
		p.inner.signed = true
		return true
	}
	kind := Unreadable
	if strings.EqualFold(path.Ext(p.rel), ".xcframework") {
		kind = NoCode
	}
	return w.problem(p.rel, kind, errors.New("a folder with a signature that is no bundle of a known kind, so nothing was held against its seal"))
}

// odd tells what makes no sense about a bundle. It does not matter for data that the
// bundle around it seals file by file.
func (w *walker) odd(b *Bundle, entries []fs.DirEntry) bool {
	if err := oldLayout(entries); err != nil && !w.yield(nil, &Problem{b.Path, b.Inside, OldLayout, err}) {
		return false
	}
	if b.Err == nil {
		return true
	}
	inside := path.Join(b.Inside, strings.TrimPrefix(b.InfoPath, b.Path))
	return w.yield(nil, &Problem{cmp.Or(b.InfoPath, b.Path), inside, Unreadable, bare(b.Err)})
}

// leave tells of a bundle whose main executable was not met in it. A bundle of data is
// held against the seal around it, and a version of a framework is one of several.
func (w *walker) leave(b *Bundle, entries []fs.DirEntry, code bool) bool {
	if b.met {
		return true
	}
	b.signed = b.signed || hasFolder(entries, "_CodeSignature") || w.hasSignature(b.rel, entries)
	f := b.Framework()
	if f != nil {
		f.signed = f.signed || b.signed
	}
	if b.named || b.signed {
		for p := b.Parent; p != nil; p = p.Parent {
			p.holds = true
		}
	}
	switch {
	case b.plain && b.isSealed() && !b.signed && !code:
		return true // a folder that is named like one
	case !b.isProgram() && (!b.signs() && !b.signed || b.isSealed() || f != nil):
		return true
	case !b.isProgram() && !b.named && !b.signed && !b.holds && !code:
		return w.yield(nil, &Problem{b.Path, b.Inside, NoCode, errors.New("a bundle without code: no signature seals what is in it, so nothing of it was looked at")})
	}
	return w.yield(nil, &Problem{b.Path, b.Inside, NoMain, fmt.Errorf(
		"the main executable %.80q was not met as a Mach-O file, so neither a signature nor the seal of the bundle was looked at", b.Executable)})
}

func (w *walker) entry(p place, rel string, mode fs.FileMode) bool {
	if w.spent(rel) {
		return false
	}
	switch {
	case mode.IsDir():
	case mode.IsRegular() && strings.HasPrefix(path.Base(rel), "._"):
		w.double++
	default:
		w.files++
	}
	switch {
	case len(rel) > maxPath:
		return w.problem(rel, Unreadable, fmt.Errorf("a path of more than %d bytes", maxPath))
	case mode.IsDir():
		return w.folder(place{rel, p.listed, p.bundles, p.inner, p.outer})
	case mode.IsRegular():
		return w.file(p, rel)
	case mode&fs.ModeSymlink != 0:
		return w.link(rel)
	}
	return w.problem(rel, NotRegular, errNotRegular)
}

func (w *walker) file(p place, rel string) bool {
	c, size, err := w.tree.Open(rel)
	switch {
	case errors.Is(err, errNotRegular):
		return w.problem(rel, NotRegular, err)
	case err != nil:
		return w.problem(rel, kindOf(err), err)
	}
	if !w.resources(rel) {
		c.Close()
		return false
	}
	if w.scripts && isScript(rel, c) && !w.problem(rel, Script, errors.New("a script that the Installer runs as root")) {
		c.Close()
		return false
	}
	is, format, err := recognise(c, size, rel)
	if err != nil && !w.problem(rel, kindOf(err), err) {
		c.Close()
		return false
	}
	if w.pkg && (err == nil || kindOf(err) == Opaque) {
		unpacks := is || format != nil && (format.List != nil || format.Unpack != nil)
		if more, read := w.packageFile(rel, c, size, unpacks); !more || !read {
			c.Close()
			return more
		}
	}
	switch {
	case format != nil:
		return walkPacked(format, held{c, w.tree.Hold()}, size, w.below(rel), w.left, w.yield)
	case !is && err != nil:
		c.Close()
		return true
	case !is:
		err = misnamed(rel, w.pkg && isPayload(rel), c, size)
		c.Close()
		return err == nil || w.problem(rel, Opaque, err)
	}
	w.code++
	main := p.inner != nil && p.inner.main == rel
	if main {
		p.inner.met = true
		if f := p.inner.Framework(); f != nil {
			f.met = true
		}
	}
	return w.yield(&Item{
		Path:    path.Join(w.path, rel),
		Inside:  path.Join(w.inside, rel),
		Bundle:  p.inner,
		Outer:   p.outer,
		Main:    main,
		Part:    w.part || isPart(rel),
		Size:    size,
		content: held{c, w.tree.Hold()},
	}, nil)
}

// held is an open file that keeps the tree around it open as well.
type held struct {
	content
	release func()
}

func (h held) Close() error {
	defer h.release()
	return h.content.Close()
}

// link tells of a link that leads out. One that leads nowhere here may lead
// somewhere on a Mac, whose names know no case, so it is judged by its text; what
// .. behind a name leads to is not known, for the name may be another link.
func (w *walker) link(rel string) bool {
	target, err := w.tree.Readlink(rel)
	switch {
	case err != nil:
		return w.problem(rel, Unreadable, err)
	case path.Base(rel) == "Applications" && target == "/Applications":
		return true
	case path.IsAbs(target) || filepath.IsAbs(target):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	}
	switch err := w.tree.Reach(rel); {
	case errors.Is(err, errOutside):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	case errors.Is(err, fs.ErrNotExist) && (!filepath.IsLocal(path.Join(path.Dir(rel), target)) || strings.Contains(strings.TrimLeft(target, "./"), "..")):
		return w.problem(rel, LinkOutside, fmt.Errorf("link to %q %w", target, errOutside))
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return w.problem(rel, Unreadable, err)
	}
	return true
}
