package artifact

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"path"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/macho"
)

// recognise reports whether a file begins with one of the magic numbers of
// <mach-o/loader.h> and <mach-o/fat.h>, in either byte order, and else returns the
// format in which it packs others, nil for none. Disk images are told by their end, which
// is not looked at where that takes unpacking all before it.
func recognise(r io.ReaderAt, size int64) (bool, *archive.Format, error) {
	var magic [4]byte
	switch n, err := r.ReadAt(magic[:], 0); {
	case n < len(magic) && errors.Is(err, io.EOF):
		return false, nil, nil
	case n < len(magic):
		return false, nil, err
	}
	if macho.IsMagic(magic) {
		if list := macho.StaticLibraries(r, size); len(list) > 0 {
			return false, fatLibrary(list), nil
		}
		return true, nil, nil
	}
	f, err := archive.Recognise(r, size)
	if _, unpacks := r.(streamer); f == nil && err == nil && !unpacks {
		f, err = archive.DiskImage(r, size)
	}
	return false, f, err
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
	if errors.Is(err, archive.ErrEncrypted) {
		return Opaque
	}
	return Unreadable
}

// below returns how a tree is named that is packed in a file of this one.
func (w *walker) below(rel string) treeName {
	return treeName{
		path: path.Join(w.path, rel), inside: path.Join(w.inside, rel), name: path.Base(rel),
		scripts: w.pkg && path.Base(rel) == "Scripts",
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
	p := &packedFile{treeName: name, content: c, size: size, left: left, more: true}
	p.yield = func(item *Item, problem *Problem) bool {
		p.more = yield(item, problem)
		return p.more
	}
	switch {
	case left.depth > maxDepth:
		p.Close()
		p.tell(fmt.Errorf("more than %d archives inside each other", maxDepth))
	case f.Unpack != nil:
		p.stream(f)
	case f.List != nil:
		p.archive(f)
	default:
		p.Close()
		p.problem(Opaque, fmt.Errorf("%s, which is not read here", f.Name))
	}
	return p.more
}

func (p *packedFile) problem(kind Kind, err error) bool {
	return p.yield(nil, &Problem{p.path, p.inside, kind, bare(err)})
}

func (p *packedFile) tell(err error) bool { return p.problem(kindOf(err), err) }

// archive yields what is in an archive, and before it, of an installer package, itself.
func (p *packedFile) archive(f *archive.Format) {
	before := p.left.index
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
	p.name = stem(p.name)
	if p.more {
		walkTree(tree, p.treeName, p.left, p.yield)
	}
	if p.left.index >= 0 {
		p.left.index = before
	}
}

// noClose is an open file that is closed by somebody else.
type noClose struct{ io.ReaderAt }

func (noClose) Close() error { return nil }

// stream unpacks a file that is packed alone. Where that is no archive either, it has
// the name without the suffix.
func (p *packedFile) stream(f *archive.Format) {
	whole, size, err := p.left.unpackStream(f, p, p.size)
	p.Close()
	switch {
	case err != nil:
		p.tell(fmt.Errorf("%s: %w", f.Name, err))
		return
	case whole == nil:
		return
	}
	is, inner, err := recognise(whole, size)
	switch {
	case inner != nil:
		name := p.treeName
		name.name = stem(name.name)
		walkPacked(inner, whole, size, name, p.left, p.yield)
	case is:
		name := stem(p.name)
		p.yield(&Item{Path: path.Join(p.path, name), Inside: path.Join(p.inside, name), Size: size, content: whole}, nil)
	default:
		whole.Close()
		if err != nil {
			p.tell(err)
		}
	}
}

// stem returns a name without the suffix of what is packed.
func stem(name string) string {
	if s := strings.TrimSuffix(name, path.Ext(name)); s != "" {
		return s
	}
	return name
}
