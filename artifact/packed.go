package artifact

import (
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
// format in which it packs others, nil for none.
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
	return treeName{path: path.Join(w.path, rel), inside: path.Join(w.inside, rel), name: path.Base(rel)}
}

// walkPacked yields what is packed in c, which it closes. It returns false when yield
// did.
func walkPacked(f *archive.Format, c content, size int64, name treeName, left *limits, yield func(*Item, *Problem) bool) bool {
	more := true
	tell := func(err error) bool {
		more = yield(nil, &Problem{name.path, name.inside, kindOf(err), bare(err)})
		return more
	}
	left.depth++
	defer func() { left.depth-- }()
	switch {
	case left.depth > maxDepth:
		c.Close()
		return tell(fmt.Errorf("more than %d archives inside each other", maxDepth))
	case f.List == nil && f.Unpack == nil:
		c.Close()
		return yield(nil, &Problem{name.path, name.inside, Opaque, fmt.Errorf("%s, which is not read here", f.Name)})
	case f.Unpack != nil:
		return walkStream(f, c, size, name, left, tell, yield)
	}
	before := left.index
	p := newPack(f, c, size, left.unpacker, left, tell)
	release := p.Hold()
	defer release()
	name.name = stem(name.name)
	more = more && walkTree(p, name, left, yield)
	if left.index >= 0 {
		left.index = before
	}
	return more
}

// walkStream unpacks a file that is packed alone. Where that is no archive either, it
// has the name without the suffix.
func walkStream(f *archive.Format, c content, size int64, name treeName, left *limits, tell func(error) bool, yield func(*Item, *Problem) bool) bool {
	whole, length, err := left.unpackStream(f, c, size)
	c.Close()
	switch {
	case err != nil:
		return tell(fmt.Errorf("%s: %w", f.Name, err))
	case whole == nil:
		return true
	}
	is, inner, err := recognise(whole, length)
	switch {
	case err != nil:
		whole.Close()
		return tell(err)
	case inner != nil:
		name.name = stem(name.name)
		return walkPacked(inner, whole, length, name, left, yield)
	case !is:
		whole.Close()
		return true
	}
	return yield(&Item{
		Path: path.Join(name.path, stem(name.name)), Inside: path.Join(name.inside, stem(name.name)),
		Size: length, content: whole,
	}, nil)
}

// stem returns a name without the suffix of what is packed.
func stem(name string) string {
	if s := strings.TrimSuffix(name, path.Ext(name)); s != "" {
		return s
	}
	return name
}
