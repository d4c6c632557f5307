package archive

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
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

func (f cpioForm) number(b []byte, at field) (int64, error) {
	n, err := strconv.ParseUint(string(b[at.from:at.to]), f.base, 63)
	return int64(n), err
}

// numbers reads the header b: the mode, how many names the file has, and the bytes of
// the name and the contents.
func (f cpioForm) numbers(b []byte) (mode, links, name, size int64, err error) {
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

// isCpio takes only what is a header to its end: a text may begin with the digits.
func isCpio(head []byte) bool {
	f := cpioFormOf(head)
	if f == nil {
		return false
	}
	_, _, name, _, err := f.numbers(head)
	return err == nil && name > 0
}

const cpioTrailer = "TRAILER!!!"

// maxName bounds the name of an entry, in bytes: what PATH_MAX of any system is.
const maxName = 4096

func listCpio(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		for at := int64(0); ; {
			e, next, err := readCpio(r, size, at)
			switch {
			case err != nil:
				yield(Entry{}, fmt.Errorf("cpio: the entry at offset %d: %w", at, err))
				return
			case e.Name == cpioTrailer:
				section := io.NewSectionReader(r, 0, size)
				if _, err := section.Seek(next, io.SeekStart); err != nil {
					return
				}
				if err := onlyZeros("cpio", section, size); err != nil {
					yield(Entry{}, err)
				}
				return
			case !yield(e, nil):
				return
			}
			at = next
		}
	}
}

// readCpio reads the entry at an offset, and returns where the next one is.
func readCpio(r io.ReaderAt, size, at int64) (e Entry, next int64, err error) {
	b := make([]byte, min(110, max(size-at, 0)))
	if err := readAt(r, size, b, at); err != nil {
		return e, 0, err
	}
	f := cpioFormOf(b)
	if f == nil {
		return e, 0, errors.New("no header is there")
	}
	mode, links, length, file, err := f.numbers(b)
	if err != nil {
		return e, 0, err
	}
	if length < 1 || length > maxName {
		return e, 0, fmt.Errorf("a name of %d bytes", length)
	}
	name := make([]byte, length)
	if err := readAt(r, size, name, at+int64(f.size)); err != nil {
		return e, 0, err
	}
	e.Name = strings.TrimSuffix(string(name), "\x00")
	e.Offset = padded(at+int64(f.size)+length, f.align)
	if file > size-e.Offset {
		return e, 0, fmt.Errorf("%.200q of %d bytes reaches past the end at %d", e.Name, file, size)
	}
	e.Size, e.Packed = file, file
	// Of a file with several names newc has the contents behind the last one.
	if f.base == 16 && links > 1 && file == 0 && mode&0xf000 == 0x8000 {
		e.Err = errors.New("a hard link in a cpio of the form newc, which is not read")
	}
	if e.Name != cpioTrailer {
		e, err = cpioTyped(r, size, e, mode)
	}
	return e, padded(e.Offset+file, f.align), err
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
