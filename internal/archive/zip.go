package archive

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"math"
	"slices"
	"strings"
)

// A zip is read as PKWARE's APPNOTE.TXT 6.3.10 describes it, whose sections are cited
// here: from the end of central directory record (4.3.16) to the central directory
// (4.3.12), which says where the local headers (4.3.7) with the contents are. Others
// read it from the beginning, from one local header to the next, and so what both say
// has to be one thing, with nothing between.
//
// The package archive/zip of the standard library reads the directory alone, and tells
// neither where an entry begins nor what its local header says.

const (
	zipLocal      = "PK\x03\x04"
	zipCentral    = "PK\x01\x02"
	zipEnd        = "PK\x05\x06"
	zip64End      = "PK\x06\x06"
	zip64Locator  = "PK\x06\x07"
	zipDescriptor = "PK\x07\x08"

	zipLocalSize   = 30
	zipCentralSize = 46
	zipEndSize     = 22
	zip64EndSize   = 56
	locatorSize    = 20
)

// zipMethods are those that are read (4.4.5).
var zipMethods = map[uint16]Method{0: Stored, 8: Deflate, 12: Bzip2, 93: Zstd, 95: XZ}

func listZip(r io.ReaderAt, size int64) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		dir, err := findZipEnd(r, size)
		if err == nil && dir == nil {
			err = errors.New("there is no end of central directory record, so the zip is cut off or something follows it")
		}
		if err != nil {
			yield(Entry{}, fmt.Errorf("zip: %w", err))
			return
		}
		z := zipReader{r: r, size: size}
		z.list(*dir, yield)
	}
}

// zipReader reads the entries of a zip.
type zipReader struct {
	r      io.ReaderAt
	size   int64
	locals []int64 // where local headers are, in order
	used   []zipExtent

	buf      []byte
	searched int64 // how far contents were searched for entries
}

// zipExtent is what an entry takes, from its local header to the end of its contents.
type zipExtent struct{ from, to int64 }

// maxZipEntries bounds the entries of a zip, of which there are numbers in memory before the
// first is told.
const maxZipEntries = 1 << 20

func (z *zipReader) list(d zipDirectory, yield func(Entry, error) bool) {
	if err := z.findLocals(d); err != nil {
		yield(Entry{}, fmt.Errorf("zip: %w", err))
		return
	}
	r := z.directory(d)
	for i := range d.count {
		central, local, err := readZipCentral(r)
		if err != nil {
			yield(Entry{}, fmt.Errorf("zip: entry %d of %d: %w", i+1, d.count, err))
			return
		}
		e, err := z.entry(central, local, int64(d.offset))
		if err != nil {
			e = Entry{Name: central.name, Err: err}
		}
		if !yield(e, nil) {
			return
		}
	}
	if r.read != int64(d.size) {
		yield(Entry{}, Ambiguous("the central directory has %d bytes behind the %d entries that it counts", int64(d.size)-r.read, d.count))
		return
	}
	for _, err := range z.gaps(int64(d.offset)) {
		if !yield(Entry{}, err) {
			return
		}
	}
}

func (z *zipReader) directory(d zipDirectory) *blockReader {
	return newBlockReader(io.NewSectionReader(z.r, int64(d.offset), int64(d.size)))
}

// findLocals finds the local headers, so that of each entry it is known where the next one
// begins. An entry that cannot be read ends it: it is told when its turn comes.
func (z *zipReader) findLocals(d zipDirectory) error {
	if d.count > maxZipEntries {
		return fmt.Errorf("%d entries, of which %d are read", d.count, maxZipEntries)
	}
	r := z.directory(d)
	for range d.count {
		_, local, err := readZipCentral(r)
		if err != nil {
			break
		}
		z.locals = append(z.locals, int64(min(local, math.MaxInt64)))
	}
	slices.Sort(z.locals)
	return nil
}

// overlaps returns why an entry cannot be where it is: another one begins there, or before
// its end. Such entries are not opened, for a bomb has all of them share their contents
// (Fifield, "A better zip bomb").
func (z *zipReader) overlaps(from, to int64) error {
	i, _ := slices.BinarySearch(z.locals, from)
	if i+1 < len(z.locals) && z.locals[i+1] < to {
		return Ambiguous("it overlaps the entry at offset %d", z.locals[i+1])
	}
	return nil
}

// entry returns the entry that a central header describes, whose contents lie before
// limit.
func (z *zipReader) entry(h zipCentralHeader, offset uint64, limit int64) (Entry, error) {
	e := Entry{Name: h.name}
	if offset > uint64(limit) {
		return e, fmt.Errorf("its local header at offset %d is past the central directory at %d", offset, limit)
	}
	local, begin, err := z.local(int64(offset), limit)
	if err != nil {
		return e, fmt.Errorf("its local header at offset %d: %w", offset, err)
	}
	if h.packed > uint64(limit-begin) {
		return e, fmt.Errorf("its %d bytes at offset %d reach past the central directory at %d", h.packed, begin, limit)
	}
	end := begin + int64(h.packed)
	z.used = append(z.used, zipExtent{int64(offset), end})
	if err := cmp.Or(z.overlaps(int64(offset), end), h.differs(local)); err != nil {
		return e, err
	}
	if h.size > math.MaxInt64 {
		return e, fmt.Errorf("it claims %d bytes", h.size)
	}
	method, known := zipMethods[h.method]
	switch {
	case h.flags&zipMasked != 0 && h.flags&zipEncrypted == 0:
		return e, Ambiguous("its flags say that it is masked, and that it is not encrypted")
	case h.flags&(zipEncrypted|zipMasked) != 0:
		return e, ErrEncrypted
	case h.flags&zipPatched != 0 || !known:
		return e, fmt.Errorf("packed by method %d of zip, which is not read", h.method)
	}
	e.Offset, e.Packed, e.Size, e.Method = begin, int64(h.packed), int64(h.size), method
	e.Sum = Sum(fmt.Sprintf("crc32:%08x", h.sum))
	switch streamed := h.flags&zipStreamed != 0; {
	case method == Stored && h.packed != h.size:
		return e, Ambiguous("it is stored in %d bytes and has %d, behind which some readers look for the next entry", h.packed, h.size)
	case streamed && method == Stored && (local.size != h.size && z.mayHide(e) || z.endsEarly(e)):
		return e, Ambiguous("it is stored, some readers look for its end, and in it there are headers of zip")
	case streamed && method != Stored && z.mayHide(e):
		e.Whole = true
	}
	return z.typed(e, h)
}

// typed tells folders and links from files. Attributes are those of Unix where the
// entry was made on Unix or macOS (4.4.2); a name that ends in a slash is a folder.
func (z *zipReader) typed(e Entry, h zipCentralHeader) (Entry, error) {
	const formatMask, folder, link, regular, fifo = 0xf000, 0x4000, 0xa000, 0x8000, 0x1000
	format := uint32(0)
	if h.host == 3 || h.host == 19 {
		format = h.attrs >> 16 & formatMask
	}
	isFolder := strings.HasSuffix(e.Name, "/")
	switch {
	case strings.Contains(e.Name, `\`):
		return e, Ambiguous("its name has a backslash, which some readers take for the end of a folder's")
	case isFolder && format != 0 && format != folder, !isFolder && format == folder:
		return e, Ambiguous("its name and its attributes disagree on whether it is a folder")
	case isFolder && e.Size > 0:
		return e, Ambiguous("a folder with contents of its own")
	case isFolder:
		e.Mode = fs.ModeDir
		return e, z.empty(e)
	case format == link:
		return z.link(e)
	case format == fifo && e.Size > 0: // what zip was given by a pipe
	case format != 0 && format != regular:
		e.Mode = fs.ModeDevice
	}
	return e, nil
}

// empty reads the contents of a folder, which are nothing, but packed: Java's libraries write
// the two bytes of deflate for it. Behind them readers go on that begin at the beginning.
func (z *zipReader) empty(e Entry) error {
	if e.Packed == 0 {
		return nil
	}
	c, err := e.Open(z.r)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.Copy(io.Discard, c)
	return err
}

// maxLink bounds where a link leads to, in bytes: PATH_MAX of macOS.
const maxLink = 1024

// link reads where a link leads to, which is its contents.
func (z *zipReader) link(e Entry) (Entry, error) {
	if e.Size > maxLink {
		return e, fmt.Errorf("a link to a path of %d bytes", e.Size)
	}
	c, err := e.Open(z.r)
	if err != nil {
		return e, err
	}
	defer c.Close()
	target, err := io.ReadAll(c)
	if err != nil {
		return e, fmt.Errorf("where the link leads to: %w", err)
	}
	e.Mode, e.Link = fs.ModeSymlink, string(target)
	return e, nil
}

// gaps tells of local headers that lie between the entries of the directory, which ends at
// end, or begin or end in one: readers that begin at the beginning see them.
func (z *zipReader) gaps(end int64) []error {
	const most = 20
	var errs []error
	slices.SortFunc(z.used, func(a, b zipExtent) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	at := int64(0)
	for _, u := range append(z.used, zipExtent{from: end, to: end}) {
		if at < u.from {
			if err := z.gap(at, u.from); err != nil {
				errs = append(errs, err)
			}
		}
		at = max(at, u.to)
		if len(errs) > most {
			break
		}
	}
	return errs
}

func (z *zipReader) gap(from, to int64) error {
	begin := max(0, from-zipStraddle)
	i, err := Index(io.NewSectionReader(z.r, begin, min(to+zipStraddle, z.size)-begin), []byte(zipLocal))
	switch {
	case err != nil:
		return err
	case i >= 0:
		return Ambiguous("at offset %d there is an entry that the central directory does not list", begin+i)
	}
	return nil
}
