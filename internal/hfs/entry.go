package hfs

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
	"github.com/codewarrant/codewarrant/internal/volume"
)

// Entry is a folder, file or link in a folder. It holds no more than where the rest is. Its name
// is decomposed as it is stored, and its ID that of the node in the catalog: of a hard link, of the
// file that it leads to.
type Entry struct {
	volume.Entry
	// Resources is the size of the resource fork, in bytes, 0 when it holds the contents
	// of a compressed file.
	Resources int64

	at place // of the record of the file
}

// node is that of an entry in the catalog, whose numbers have 32 bits.
func (e Entry) node() uint32 { return uint32(e.ID) }

// Fields of records of folders and files: what they share (HFSPlusBSDInfo, FndrFileInfo),
// and the forks.
const (
	recordFlags = 2
	createDate  = 12
	ownerFlags  = 41
	fileMode    = 42
	special     = 44
	fileType    = 48
	creator     = 52
	dataAt      = 88
	resourcesAt = 168

	compressed = 0x20 // UF_COMPRESSED
	linkChain  = 0x20 // kHFSHasLinkChainMask of the record's flags
)

// Types of files, the highest four bits of their mode. 0 is a file of a system without, which is a
// regular one whatever the Finder takes it for (getbsdattr in hfs_catalog.c).
var types = map[uint16]fs.FileMode{
	0: 0, 0x1: fs.ModeNamedPipe, 0x2: fs.ModeDevice | fs.ModeCharDevice, 0x4: fs.ModeDir, 0x6: fs.ModeDevice,
	0x8: 0, 0xA: fs.ModeSymlink, 0xC: fs.ModeSocket, 0xE: fs.ModeIrregular,
}

// list yields the records of a folder, but for the folders that the system keeps hard links
// in.
func (v *Volume) list(folder uint32) iter.Seq2[record, error] {
	return func(yield func(record, error) bool) {
		for rec, err := range v.records(folder) {
			if err == nil && v.isPrivate(rec) {
				continue
			}
			if !yield(rec, err) {
				return
			}
		}
	}
}

// isPrivate reports whether a record is that of a folder that the system keeps hard links in.
func (v *Volume) isPrivate(rec record) bool {
	return v.private.id != 0 && rec.at == v.private.at || v.privateFolders.id != 0 && rec.at == v.privateFolders.at
}

// entry makes an entry of a record.
func (v *Volume) entry(rec record) Entry {
	e := Entry{Entry: volume.Entry{ID: uint64(rec.id)}, at: rec.at}
	e.Name, e.Err = nameOf(rec.name)
	if rec.kind == recordFolder {
		e.Mode = fs.ModeDir
		return e
	}
	const hardLink, ofHFS, alias, ofSystem = "hlnk", "hfs+", "fdrp", "MACS"
	switch kind, by := string(rec.data[fileType:][:4]), string(rec.data[creator:][:4]); {
	case kind == hardLink && by == ofHFS && !v.dated(rec):
		e.Err = errors.Join(e.Err, archive.Ambiguous("it is marked as a hard link, and does not have the date of one, so macOS takes it for a file of its own"))
	case kind == hardLink && by == ofHFS:
		number := be.Uint32(rec.data[special:])
		file, err := v.inode(number)
		if err != nil {
			e.Err = errors.Join(e.Err, fmt.Errorf("hard link: %w", err))
			return e
		}
		rec = file
		e.ID, e.at, e.Hard = uint64(rec.id), rec.at, true
	case kind == alias && by == ofSystem && be.Uint16(rec.data[recordFlags:])&linkChain != 0 && v.privateFolders.id != 0:
		// Without the flag it is an alias of the Finder, which is a file (cat_lookupbykey).
		e.Mode = fs.ModeIrregular
		e.Err = errors.Join(e.Err, archive.Unsupported("a hard link to the folder dir_%d", be.Uint32(rec.data[special:])))
		return e
	}
	e.describe(v, rec)
	return e
}

// dated reports whether a file was created when the volume was, or its folder of what hard links lead to:
// to macOS no other is a hard link (cat_lookupbykey in hfs_catalog.c; hfs_itime is of the root
// folder), and its dates begin in 1970 (to_bsd_time).
func (v *Volume) dated(rec record) bool {
	const begin = 2082844800 // MAC_GMT_FACTOR, seconds from 1904
	date := max(be.Uint32(rec.data[createDate:]), begin)
	return date == max(v.created, begin) || date == max(v.private.created, begin)
}

// describe fills in what the record of the file says.
func (e *Entry) describe(v *Volume, rec record) {
	mode := be.Uint16(rec.data[fileMode:]) >> 12
	kind, known := types[mode]
	if !known || kind == fs.ModeDir {
		kind = fs.ModeIrregular
		e.Err = errors.Join(e.Err, fmt.Errorf("catalog: a file of the mode %#o", be.Uint16(rec.data[fileMode:])))
	}
	e.Mode = kind
	data, resources := readFork(rec.data[dataAt:]), readFork(rec.data[resourcesAt:])
	most := uint64(v.header.blocks) * uint64(v.header.blockSize)
	if data.size > most || resources.size > most {
		e.Err = errors.Join(e.Err, fmt.Errorf("catalog: forks of %d and %d bytes on a volume of %d", data.size, resources.size, most))
		return
	}
	e.Size, e.Resources = int64(data.size), int64(resources.size)
	if rec.data[ownerFlags]&compressed != 0 && kind.IsRegular() {
		e.decompress(v, data)
	}
}

// decompress replaces the size of a file by that of its contents when it is compressed.
func (e *Entry) decompress(v *Volume, data fork) {
	attribute, err := v.attribute(e.node(), decmpfs.Attribute)
	var h decmpfs.Header
	if err == nil {
		h, err = decmpfs.ReadHeader(attribute)
	}
	switch {
	case err != nil:
	case data.size != 0:
		err = archive.Ambiguous("it is compressed, and has %d bytes in its data fork", data.size)
	default:
		e.Size, e.Compression = h.Size, h.Type
		if h.InFork() {
			e.Resources = 0
		}
		return
	}
	e.Err = errors.Join(e.Err, err)
}

// Open returns the contents of a file, and their size. They are unpacked as they are read
// where the file is compressed.
func (v *Volume) Open(e Entry) (io.ReaderAt, int64, error) {
	if e.Err != nil {
		return nil, 0, e.Err
	}
	if !e.Mode.IsRegular() {
		return nil, 0, volume.ErrNotRegular
	}
	return v.contents(e)
}

// OpenResources returns the resource fork of a file, and its size. That of a file which is
// compressed into it is not one to be read.
func (v *Volume) OpenResources(e Entry) (io.ReaderAt, int64, error) {
	if e.Err != nil || e.Resources == 0 {
		return strings.NewReader(""), 0, e.Err
	}
	rec, err := v.catalog.read(e.at)
	if err != nil {
		return nil, 0, err
	}
	c, err := v.openAt(rec.data, resourcesAt, e.node(), resourceFork)
	if err != nil {
		return nil, 0, fmt.Errorf("resource fork: %w", err)
	}
	return c, c.size, nil
}

func (v *Volume) openAt(record []byte, at int, id uint32, which byte) (*contents, error) {
	if len(record) < fileSize {
		return nil, fmt.Errorf("catalog: a file in %d bytes, where %d belong", len(record), fileSize)
	}
	return v.open(readFork(record[at:]), id, which)
}

func (v *Volume) contents(e Entry) (io.ReaderAt, int64, error) {
	rec, err := v.catalog.read(e.at)
	if err != nil {
		return nil, 0, err
	}
	if e.Compression == 0 {
		c, err := v.openAt(rec.data, dataAt, e.node(), dataFork)
		if err != nil {
			return nil, 0, err
		}
		return c, c.size, nil
	}
	attribute, err := v.attribute(e.node(), decmpfs.Attribute)
	if err != nil {
		return nil, 0, err
	}
	c, err := v.openAt(rec.data, resourcesAt, e.node(), resourceFork)
	if err != nil {
		return nil, 0, fmt.Errorf("resource fork: %w", err)
	}
	return decmpfs.Open(attribute, c, c.size, v.Allow)
}

// Readlink returns where a symbolic link leads to.
func (v *Volume) Readlink(e Entry) (string, error) {
	switch {
	case e.Err != nil:
		return "", e.Err
	case e.Mode != fs.ModeSymlink:
		return "", volume.ErrNoLink
	case e.Size > volume.MaxTarget:
		return "", fmt.Errorf("a link to a path of %d bytes", e.Size)
	}
	r, size, err := v.contents(e)
	if err != nil {
		return "", err
	}
	b := make([]byte, size)
	if err := readAt(r, size, b, 0); err != nil {
		return "", err
	}
	target, _, _ := strings.Cut(string(b), "\x00")
	return target, nil
}
