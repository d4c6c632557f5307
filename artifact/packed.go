package artifact

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/macho"
)

// recognise reports whether a file begins with one of the magic numbers of
// <mach-o/loader.h> and <mach-o/fat.h>, in either byte order, and else returns the
// format in which it packs others, nil for none. An [archive.AmbiguousError] is beside
// what it is taken for first, and an [archive.OpaqueError] beside what is more in it.
//
// Any file may end as a zip or a disk image. The end of one that is packed itself is
// looked at where it is small, or named like one: see [endsAs].
func recognise(r io.ReaderAt, size int64, name string) (bool, *archive.Format, error) {
	end := true
	if _, is := r.(ofVolume); is {
		end = size <= maxMemory || endsAs(name)
	}
	if p, packs := unpacking(r); packs {
		r = p.peek()
		end = r != io.ReaderAt(p) || size <= maxMemory || endsAs(name)
		if err := p.fill(end && r == io.ReaderAt(p)); err != nil {
			return false, nil, err
		}
	}
	var head [8]byte
	n, err := r.ReadAt(head[:min(size, int64(len(head)))], 0)
	if n < 4 {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return false, nil, err
	}
	var first *archive.Format
	switch {
	case !macho.IsMagic([4]byte(head[:])):
	case isJavaClass(head):
		f, err := archive.Recognise(r, size, nil, end)
		if f == nil {
			return true, nil, err
		}
		return false, f, cmp.Or(err, archive.Ambiguous("some readers take it for a Java class file, others for the format %s", f.Name))
	default:
		first = &archive.Format{Name: "Mach-O"}
		if list := macho.StaticLibraries(r, size); len(list) > 0 {
			first = fatLibrary(list)
		}
	}
	f, err := archive.Recognise(r, size, first, end)
	if f != nil && f == first && f.List == nil {
		return true, nil, err
	}
	return false, f, err
}

// isJavaClass reports whether a file that begins as a fat one does has in the place of the number of
// its slices the version of a class file, which is larger than any.
func isJavaClass(head [8]byte) bool {
	return string(head[:4]) == "\xca\xfe\xba\xbe" && binary.BigEndian.Uint32(head[4:]) > 42
}

// endsAs reports whether a file is named like those that the end tells, whatever they
// begin with.
func endsAs(name string) bool {
	return slices.Contains(endings, strings.ToLower(path.Ext(name)))
}

var endings = []string{
	".dmg", ".img", ".iso", ".cdr", ".toast", ".smi", ".dmgpart", ".dvdr", ".imgpart", // disk images
	".zip", ".jar", ".war", ".ear", ".ipa", ".apk", ".aab", ".aar", ".whl", ".egg", ".pyz", ".pex", ".par",
	".nupkg", ".vsix", ".xpi", ".crx",
}

// fatLibrary is the format of a fat file of static libraries: each is a file that is
// named after its architecture.
func fatLibrary(list []macho.Slice) *archive.Format {
	return &archive.Format{Name: "fat static library", List: func(_ io.ReaderAt, size int64) iter.Seq2[archive.Entry, error] {
		return func(yield func(archive.Entry, error) bool) {
			for _, s := range list {
				e := archive.Entry{Name: s.Arch, Offset: int64(s.Range.Offset), Size: int64(s.Range.Size), Packed: int64(s.Range.Size)}
				if s.Range.Offset > uint64(size) || s.Range.Size > uint64(size)-s.Range.Offset {
					e.Err = fmt.Errorf("its %d bytes at offset %d reach past the end at %d", s.Range.Size, s.Range.Offset, size)
				}
				if !yield(e, nil) {
					return
				}
			}
		}
	}}
}

// kindOf returns the kind of problem that keeps an entry of an archive from being read.
func kindOf(err error) Kind {
	if _, ok := errors.AsType[*archive.AmbiguousError](err); ok {
		return Ambiguous
	}
	if _, ok := errors.AsType[*archive.UnsupportedError](err); ok {
		return Unsupported
	}
	if _, ok := errors.AsType[*archive.OpaqueError](err); ok || errors.Is(err, archive.ErrEncrypted) {
		return Opaque
	}
	return Unreadable
}

// below returns how a tree is named that is packed in a file of this one.
func (w *walker) below(rel string) treeName {
	return treeName{
		path: path.Join(w.path, rel), inside: path.Join(w.inside, rel), name: path.Base(rel),
		payload: w.pkg && isPayload(rel), scripts: w.pkg && path.Base(rel) == "Scripts",
	}
}

// packedFile is a file that packs others.
type packedFile struct {
	treeName
	content
	size  int64
	left  *limits
	yield func(*Item, *Problem) bool
	more  bool // what yield returned last
}

// walkPacked yields what a file packs in a format, and closes it. It returns false when
// yield did.
func walkPacked(f *archive.Format, c content, size int64, name treeName, left *limits, yield func(*Item, *Problem) bool) bool {
	left.depth++
	defer func() { left.depth-- }()
	if f.Name == "zip" {
		left.meet(c, size)
	}
	p := &packedFile{treeName: name, content: c, size: size, left: left, more: true}
	p.yield = func(item *Item, problem *Problem) bool {
		p.more = yield(item, problem)
		return p.more
	}
	switch {
	case f.Opaque && left.depth <= maxDepth && !p.problem(Opaque, fmt.Errorf("%s, which is not read here", f.Name)):
		p.Close()
	case left.depth > maxDepth:
		p.Close()
		p.tell(fmt.Errorf("more than %d archives inside each other", maxDepth))
	case f.Image:
		p.image(f)
	case f.Unpack != nil:
		p.stream(f)
	case f.List != nil:
		p.archive(f)
	default:
		p.Close()
	}
	return p.more
}

func (p *packedFile) problem(kind Kind, err error) bool {
	return p.yield(nil, &Problem{p.path, p.inside, kind, bare(err)})
}

func (p *packedFile) tell(err error) bool { return p.problem(kindOf(err), err) }

// archive yields what is in an archive, and before it, of an installer package, itself.
func (p *packedFile) archive(f *archive.Format) {
	defer p.left.keep(0)()
	tree := newPack(f, p.content, p.size, p.left, p.tell)
	release := tree.Hold()
	defer release()
	if f.Name == "xar" && p.more {
		pkg, err := openPackage(p, p.size)
		switch {
		case err != nil:
			p.tell(err)
		case pkg != nil:
			p.pkg = true
			p.yield(&Item{Path: p.path, Inside: cmp.Or(p.inside, p.name), Size: p.size, Package: pkg, content: held{noClose{p}, tree.Hold()}}, nil)
		}
	}
	p.name, p.packed = stem(p.name), true
	if p.more {
		walkTree(tree, p.treeName, p.left, p.yield)
	}
}

// noClose is an open file that is closed by somebody else.
type noClose struct{ io.ReaderAt }

func (noClose) Close() error { return nil }

// stream unpacks a file that is packed alone. Where that is no archive either, it has
// the name without the suffix.
func (p *packedFile) stream(f *archive.Format) {
	whole, size, err := p.left.unpackStream(f, p, p.size, stem(p.name))
	p.Close()
	switch {
	case err != nil:
		p.tell(fmt.Errorf("%s: %w", f.Name, err))
		return
	case whole == nil:
		p.misnamed(bytes.NewReader(nil), maxMemory+1) // no less, and nothing of it is at hand
		return
	}
	is, inner, err := recognise(whole, size, stem(p.name))
	if err != nil && !p.tell(err) {
		whole.Close()
		return
	}
	switch {
	case inner != nil:
		name := p.treeName
		name.name = stem(name.name)
		walkPacked(inner, whole, size, name, p.left, p.yield)
	case is:
		name := stem(p.name)
		p.yield(&Item{Path: path.Join(p.path, name), Inside: path.Join(p.inside, name), Size: size, content: whole}, nil)
	case err == nil:
		p.misnamed(whole, size)
		whole.Close()
	default:
		whole.Close()
	}
}

// stem returns a name without the suffix of what is packed.
func stem(name string) string {
	if s := strings.TrimSuffix(name, path.Ext(name)); s != "" {
		return s
	}
	return name
}
