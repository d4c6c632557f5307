package archive

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/internal/inorder"
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
			e, file, next, err := c.entry(at)
			switch {
			case err != nil && at == 0 && !isSound(r, size):
				yield(Entry{}, Ambiguous("cpio: it begins with the magic number and no header, and some readers look for the next one"))
				return
			case err != nil:
				yield(Entry{}, fmt.Errorf("cpio: the entry at offset %d: %w", at, err))
				return
			case e.Name == cpioTrailer:
				c.end(e, next)
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
	form  *cpioForm            // of the first header, and of all: see [cpioReader.header]
	files map[string]*cpioFile // by what tells a file from others
	kept  int                  // bytes of memory that files and their names take
	yield func(Entry, error) bool
}

// cpioFile is a file that has several names.
type cpioFile struct {
	name         string // of the entry with contents
	offset, size int64
	filled       bool
	empty        []Entry // which wait for them
}

// maxLinked bounds the memory for files with several names, in bytes, of which a file takes
// ofLinked, and a name that waits as much beside itself.
const (
	maxLinked = 32 << 20
	ofLinked  = 256
)

// linked yields a name of a file with several, or keeps it until it has contents.
func (c *cpioReader) linked(file string, e Entry) bool {
	f := c.files[file]
	if f == nil {
		f = &cpioFile{}
		c.files[file] = f
		c.kept += ofLinked
	}
	waits := e.Size == 0 && !f.filled
	if waits {
		c.kept += ofLinked + len(e.Name)
	}
	switch {
	case c.kept > maxLinked:
		c.yield(Entry{}, fmt.Errorf("cpio: more hard links than fit in %d MiB", maxLinked>>20))
		return false
	case waits:
		f.empty = append(f.empty, e)
		return true
	case e.Size == 0:
		return c.yield(f.with(e), nil)
	case f.filled:
		if same, err := c.same(f, e); err != nil {
			e.Err = err
		} else if !same {
			e.Err = Ambiguous("it is another name of %.200q by its inode, and has other contents", f.name)
		}
		return c.yield(e, nil)
	}
	f.name, f.offset, f.size, f.filled = e.Name, e.Offset, e.Size, true
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
	e.Offset, e.Size, e.Packed = f.offset, f.size, f.size
	return e
}

func (c *cpioReader) same(a *cpioFile, b Entry) (bool, error) {
	if a.size != b.Size {
		return false, nil
	}
	x := newBlockReader(io.NewSectionReader(c.r, a.offset, a.size))
	y := newBlockReader(io.NewSectionReader(c.r, b.Offset, b.Size))
	for left := a.size; left > 0; {
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
// trailer, and in it.
func (c *cpioReader) end(trailer Entry, at int64) {
	var empty []Entry
	for _, f := range c.files {
		empty = append(empty, f.empty...)
	}
	inorder.By(empty, func(a, b Entry) int { return cmp.Compare(a.Offset, b.Offset) })
	for _, e := range empty {
		if !c.yield(e, nil) {
			return
		}
	}
	if trailer.Size > 0 {
		c.yield(Entry{}, Ambiguous("cpio: the trailer has contents, of %d bytes, which some readers take for more of it", trailer.Size))
		return
	}
	section := io.NewSectionReader(c.r, 0, c.size)
	if _, err := section.Seek(at, io.SeekStart); err != nil {
		return
	}
	if err := onlyZeros("cpio", section, c.size); err != nil {
		c.yield(Entry{}, err)
	}
}

// header reads the header at an offset. All have to be of the form of the first: readers go
// by that one, and pass by what is none of it (copyin.c of GNU's cpio, read_in_header;
// archive_read_support_format_cpio.c of libarchive, find_newc_header).
func (c *cpioReader) header(at int64) ([]byte, error) {
	b := make([]byte, min(110, max(c.size-at, 0)))
	if err := readAt(c.r, c.size, b, at); err != nil {
		return nil, err
	}
	f := cpioFormOf(b)
	switch {
	case f == nil:
		return nil, errors.New("no header is there")
	case c.form == nil:
		c.form = f
	case c.form != f:
		return nil, Ambiguous("a header of the form %s, and the first one is of %s, by which some readers go", f.magic, c.form.magic)
	}
	return b, nil
}

// entry reads the entry at an offset, and returns where the next one is, and of a file
// with several names what tells it from others.
func (c *cpioReader) entry(at int64) (e Entry, inode string, next int64, err error) {
	b, err := c.header(at)
	if err != nil {
		return e, "", 0, err
	}
	r, size, f := c.r, c.size, c.form
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
	next = padded(e.Offset+file, f.align)
	if e.Name != cpioTrailer {
		e, err = cpioTyped(r, size, e, mode)
	}
	return e, inode, next, err
}

func padded(n, align int64) int64 { return (n + align - 1) / align * align }

func cpioTyped(r io.ReaderAt, size int64, e Entry, mode int64) (Entry, error) {
	switch kind := mode & 0xf000; {
	case kind == 0x8000:
	case kind != 0xa000 && e.Size > 0: // which GNU's cpio does not pass by
		return Entry{Name: e.Name, Err: Ambiguous("it is neither a file nor a link, and has contents, which some readers take for entries")}, nil
	case kind == 0x4000:
		e.Mode = fs.ModeDir
	case kind == 0xa000:
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
