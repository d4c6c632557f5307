package archive

import (
	"archive/tar"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strconv"
	"strings"
)

// listTar lists a tar: POSIX.1-2017 pax and ustar, GNU's and the old one, as package
// archive/tar reads them.
func listTar(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		section := io.NewSectionReader(r, 0, size)
		t := tar.NewReader(section)
		raw := &rawTar{r: r, size: size} // nil when it has told of something
		for {
			h, err := t.Next()
			if errors.Is(err, io.EOF) {
				if err = nil; raw != nil {
					err = raw.end()
				}
				if err = cmp.Or(err, onlyZeros("tar", section, size)); err != nil {
					yield(Entry{}, err)
				}
				return
			}
			// ErrInsecurePath is of no concern: nothing is written.
			if err != nil && !errors.Is(err, tar.ErrInsecurePath) {
				yield(Entry{}, fmt.Errorf("tar: %w", err))
				return
			}
			// The reader takes whole blocks, so what comes next is the contents.
			offset, err := section.Seek(0, io.SeekCurrent)
			if err != nil {
				yield(Entry{}, err)
				return
			}
			if raw != nil {
				if err := raw.same(h, offset); err != nil {
					if raw = nil; !yield(Entry{}, fmt.Errorf("tar: %w", err)) {
						return
					}
				}
			}
			isLabel := h.Typeflag == 'V' && h.Size == 0 // of a volume, by GNU's tar
			if !isLabel && h.Typeflag != tar.TypeXGlobalHeader && !yield(tarEntry(h, offset, size), nil) {
				return
			}
		}
	}
}

func tarEntry(h *tar.Header, offset, size int64) Entry {
	e := Entry{Name: h.Name, Size: h.Size, Offset: offset, Packed: h.Size}
	switch h.Typeflag {
	case tar.TypeReg, tar.TypeCont: // the reader makes one of the old kind of file
	case tar.TypeDir:
		e.Mode = fs.ModeDir
	case tar.TypeSymlink:
		e.Mode, e.Link = fs.ModeSymlink, h.Linkname
	case tar.TypeLink:
		e.Hard = h.Linkname
	case tar.TypeChar, tar.TypeBlock, tar.TypeFifo:
		e.Mode = fs.ModeDevice
	case tar.TypeGNUSparse:
	default:
		e.Err = fmt.Errorf("an entry of the unknown type %q", h.Typeflag)
	}
	if h.Typeflag == tar.TypeGNUSparse || isSparse(h) {
		e.Err = errors.New("a sparse file, which is not read")
	}
	if e.Mode != 0 || e.Hard != "" {
		e.Size, e.Packed = 0, 0
	}
	if e.Packed > size-offset {
		e.Err = fmt.Errorf("its %d bytes at offset %d reach past the end at %d", e.Packed, offset, size)
	}
	return e
}

// isSparse reports whether an extended header says so: that of GNU's tar, of star or of
// Solaris (pax_attribute in archive_read_support_format_tar.c of libarchive).
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") || key == "SCHILY.realsize" || key == "SUN.holesdata" {
			return true
		}
	}
	return false
}

// onlyZeros looks at what is behind the end of an archive: zeros, which fill its last
// block. Readers that are told to ignore zeros, or that join archives, go on there.
func onlyZeros(format string, r io.ReadSeeker, size int64) error {
	offset, err := r.Seek(0, io.SeekCurrent)
	if err != nil {
		return err
	}
	b := make([]byte, 64<<10)
	for {
		n, err := r.Read(b)
		if i := bytes.IndexFunc(b[:n], func(c rune) bool { return c != 0 }); i >= 0 {
			return Ambiguous("there are %d bytes behind the end of the %s at offset %d, which some readers take for more of it", size-offset, format, offset)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

// isOldTar reports whether a file begins with the header of a tar from before POSIX, which
// has no magic: its checksum tells. Whoever unpacks one takes one without a name, too,
// anything behind the digits, and white space of any kind before them (list.c of GNU's tar,
// from_header). A number that is none in another field is told by [rawTar].
func isOldTar(p *probe) bool {
	if len(p.head) < tarBlock {
		return false
	}
	head := p.head[:tarBlock]
	field := strings.TrimLeft(string(head[148:156]), " \t\n\v\f\r\x00")
	field = field[:len(field)-len(strings.TrimLeft(field, "01234567"))]
	want, err := strconv.ParseUint(field, 8, 32)
	if err != nil {
		return false
	}
	_, moded := tarNumber(head[100:108])
	_, timed := tarNumber(head[136:148])
	// A sum of characters without a sign has three digits at least; data may have less.
	if len(field) < 3 && !(moded && timed) {
		return false
	}
	var sum, signed uint64
	for i, c := range head {
		if 148 <= i && i < 156 {
			c = ' '
		}
		sum += uint64(c)
		signed += uint64(int64(int8(c)))
	}
	return sum == want || signed == want
}
