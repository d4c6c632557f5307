package archive

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"slices"
	"strconv"
	"strings"
)

// The headers of cpio that are text: odc, the one of POSIX.1 (2004), "cpio Interchange
// Format" in the volume on pax, which is what pkgbuild writes, and newc, of SVR4, which
// is like it in hexadecimal and pads to four bytes (cpio(5) of FreeBSD). Where both
// have names and contents is all that counts here.
type cpioForm struct {
	magic      string
	size       int // of the header
	base       int
	align      int64
	mode, link field // link counts names
	name, file field // bytes
	dev, ino   field // which tell a file from others
}

// field is where a number is in a header.
type field struct{ from, to int }

var cpioForms = []cpioForm{
	{magic: "070707", size: 76, base: 8, align: 1, dev: field{6, 12}, ino: field{12, 18}, mode: field{18, 24}, link: field{36, 42}, name: field{59, 65}, file: field{65, 76}},
	{magic: "070701", size: 110, base: 16, align: 4, ino: field{6, 14}, mode: field{14, 22}, link: field{38, 46}, file: field{54, 62}, dev: field{62, 78}, name: field{94, 102}},
	{magic: "070702", size: 110, base: 16, align: 4, ino: field{6, 14}, mode: field{14, 22}, link: field{38, 46}, file: field{54, 62}, dev: field{62, 78}, name: field{94, 102}},
}

// isSound reports whether all of the header that b begins with is digits.
func (f cpioForm) isSound(b []byte) bool {
	digits := "0123456789abcdefABCDEF"
	if f.base == 8 {
		digits = digits[:8]
	}
	return len(bytes.TrimLeft(b[:f.size], digits)) == 0
}

func (f cpioForm) number(b []byte, at field) (int64, error) {
	n, err := strconv.ParseUint(string(b[at.from:at.to]), f.base, 63)
	return int64(n), err
}

// numbers reads the header b: the mode, how many names the file has, and the bytes of
// the name and the contents.
func (f cpioForm) numbers(b []byte) (mode, links, name, size int64, err error) {
	if !f.isSound(b) {
		return 0, 0, 0, 0, errors.New("its header is not all digits")
	}
	var errs [4]error
	mode, errs[0] = f.number(b, f.mode)
	links, errs[1] = f.number(b, f.link)
	name, errs[2] = f.number(b, f.name)
	size, errs[3] = f.number(b, f.file)
	return mode, links, name, size, errors.Join(errs[:]...)
}

// cpioFormOf returns the form of the header that b begins with, nil for none.
func cpioFormOf(b []byte) *cpioForm {
	for i := range cpioForms {
		if f := &cpioForms[i]; len(b) >= f.size && bytes.HasPrefix(b, []byte(f.magic)) {
			return f
		}
	}
	return nil
}

// isCpio takes the magic numbers alone, as readers do: from what is no header they go on to
// the next one (archive_read_support_format_cpio.c of libarchive, find_odc_header), or take its
// numbers as far as they are some (copyin.c of GNU's cpio).
func isCpio(p *probe) bool { return len(p.head) > 5 && strings.IndexByte("127", p.head[5]) >= 0 }

const cpioTrailer = "TRAILER!!!"

// maxName bounds the name of an entry, in bytes: what PATH_MAX of any system is.
const maxName = 4096

func listCpio(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		c := cpioReader{r: r, size: size, files: map[string]*cpioFile{}, yield: yield}
		for at, more := int64(0), true; more; {
			e, file, next, err := readCpio(r, size, at)
			switch {
			case err != nil && at == 0 && !isSound(r, size):
				yield(Entry{}, ambiguous("cpio: it begins with the magic number and no header, and some readers look for the next one"))
				return
			case err != nil:
				yield(Entry{}, fmt.Errorf("cpio: the entry at offset %d: %w", at, err))
				return
			case e.Name == cpioTrailer:
				c.end(next)
				return
			case file == "":
				more = yield(e, nil)
			default:
				more = c.linked(file, e)
			}
			at = next
		}
	}
}

// isSound reports whether a file begins with a header that is digits to its end.
func isSound(r io.ReaderAt, size int64) bool {
	b := make([]byte, min(110, size))
	if readAt(r, size, b, 0) != nil {
		return false
	}
	f := cpioFormOf(b)
	return f != nil && f.isSound(b)
}

// cpioReader brings together the names of one file. In newc its contents are with the
// last name; in odc they are with each one.
type cpioReader struct {
	r     io.ReaderAt
	size  int64
	files map[string]*cpioFile // by what tells a file from others
	names int
	yield func(Entry, error) bool
}

// cpioFile is a file that has several names.
type cpioFile struct {
	first  Entry // with contents
	filled bool
	empty  []Entry // which wait for them
}

// maxLinked bounds the names that are kept of files with several.
const maxLinked = 1 << 18

// linked yields a name of a file with several, or keeps it until it has contents.
func (c *cpioReader) linked(file string, e Entry) bool {
	if c.names++; c.names > maxLinked {
		c.yield(Entry{}, fmt.Errorf("cpio: more than %d hard links", maxLinked))
		return false
	}
	f := c.files[file]
	if f == nil {
		f = &cpioFile{}
		c.files[file] = f
	}
	switch {
	case e.Size == 0 && !f.filled:
		f.empty = append(f.empty, e)
		return true
	case e.Size == 0:
		return c.yield(f.with(e), nil)
	case f.filled:
		if same, err := c.same(f.first, e); err != nil {
			e.Err = err
		} else if !same {
			e.Err = ambiguous("it is another name of %.200q by its inode, and has other contents", f.first.Name)
		}
		return c.yield(e, nil)
	}
	f.first, f.filled = e, true
	for _, empty := range f.empty {
		if !c.yield(f.with(empty), nil) {
			return false
		}
	}
	f.empty = nil
	return c.yield(e, nil)
}

// with returns an empty entry with the contents of the file.
func (f *cpioFile) with(e Entry) Entry {
	e.Offset, e.Size, e.Packed = f.first.Offset, f.first.Size, f.first.Packed
	return e
}

func (c *cpioReader) same(a, b Entry) (bool, error) {
	if a.Size != b.Size {
		return false, nil
	}
	x := newBlockReader(io.NewSectionReader(c.r, a.Offset, a.Size))
	y := newBlockReader(io.NewSectionReader(c.r, b.Offset, b.Size))
	for left := a.Size; left > 0; {
		n := int(min(left, 64<<10))
		p, err := x.next(n)
		if err != nil {
			return false, err
		}
		q, err := y.next(n)
		if err != nil || !bytes.Equal(p, q) {
			return false, err
		}
		left -= int64(n)
	}
	return true, nil
}

// end yields the files that are empty, in their order, and looks at what is behind the
// trailer.
func (c *cpioReader) end(at int64) {
	var empty []Entry
	for _, f := range c.files {
		empty = append(empty, f.empty...)
	}
	slices.SortFunc(empty, func(a, b Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, e := range empty {
		if !c.yield(e, nil) {
			return
		}
	}
	section := io.NewSectionReader(c.r, 0, c.size)
	if _, err := section.Seek(at, io.SeekStart); err != nil {
		return
	}
	if err := onlyZeros("cpio", section, c.size); err != nil {
		c.yield(Entry{}, err)
	}
}

// readCpio reads the entry at an offset, and returns where the next one is, and of a file
// with several names what tells it from others.
func readCpio(r io.ReaderAt, size, at int64) (e Entry, inode string, next int64, err error) {
	b := make([]byte, min(110, max(size-at, 0)))
	if err := readAt(r, size, b, at); err != nil {
		return e, "", 0, err
	}
	f := cpioFormOf(b)
	if f == nil {
		return e, "", 0, errors.New("no header is there")
	}
	mode, links, length, file, err := f.numbers(b)
	if err != nil {
		return e, "", 0, err
	}
	if length < 1 || length > maxName {
		return e, "", 0, fmt.Errorf("a name of %d bytes", length)
	}
	name := make([]byte, length)
	if err := readAt(r, size, name, at+int64(f.size)); err != nil {
		return e, "", 0, err
	}
	e.Name = strings.TrimSuffix(string(name), "\x00")
	e.Offset = padded(at+int64(f.size)+length, f.align)
	if file > size-e.Offset {
		return e, "", 0, fmt.Errorf("%.200q of %d bytes reaches past the end at %d", e.Name, file, size)
	}
	e.Size, e.Packed = file, file
	if links > 1 && mode&0xf000 == 0x8000 {
		inode = strings.ToLower(string(b[f.dev.from:f.dev.to]) + " " + string(b[f.ino.from:f.ino.to]))
	}
	if e.Name != cpioTrailer {
		e, err = cpioTyped(r, size, e, mode)
	}
	return e, inode, padded(e.Offset+file, f.align), err
}

func padded(n, align int64) int64 { return (n + align - 1) / align * align }

func cpioTyped(r io.ReaderAt, size int64, e Entry, mode int64) (Entry, error) {
	switch mode & 0xf000 {
	case 0x8000:
	case 0x4000:
		e.Mode = fs.ModeDir
	case 0xa000:
		if e.Size > maxLink {
			return e, fmt.Errorf("a link to a path of %d bytes", e.Size)
		}
		target := make([]byte, e.Size)
		if err := readAt(r, size, target, e.Offset); err != nil {
			return e, err
		}
		e.Mode, e.Link = fs.ModeSymlink, strings.TrimSuffix(string(target), "\x00")
	default:
		e.Mode = fs.ModeDevice
	}
	return e, nil
}
