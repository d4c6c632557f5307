// Package hfs reads HFS+ and HFSX volumes: their folders, files, links and what is
// compressed, each as it is asked for. Nothing is kept but some nodes of the trees.
//
// The format is that of Apple's Technical Note TN1150, "HFS Plus Volume Format", and of
// core/hfs_format.h in Apple's hfs sources. All integers are big-endian.
package hfs

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/internal/decmpfs"
)

// Volume is a volume. It may be read by several at a time.
type Volume struct {
	// Name is that of the root folder.
	Name string
	// Extended is set for HFSX, and CaseSensitive for one in which case counts.
	Extended, CaseSensitive bool
	// Problems are what does not keep the volume from being read. An
	// [archive.AmbiguousError] among them is why others may read something else.
	Problems []error
	// Allow is asked before files that are compressed are unpacked, and before the extents of files are read
	// that are not in their records.
	Allow decmpfs.Allow

	r      io.ReaderAt // of the volume, without a wrapper
	header header

	catalog, extents *tree
	attributes       *tree // nil for none
	created          uint32
	private          private // of what hard links lead to
	privateFolders   private // and that of folders
	linked           linked
}

// private is a folder that the system keeps hard links in, or none.
type private struct {
	id      uint32
	created uint32
	at      place
}

// Identifiers of nodes of the catalog that are fixed (TN1150, "Catalog Node IDs").
const (
	parentOfRoot   = 1
	Root           = 2
	extentsFile    = 3
	catalogFile    = 4
	attributesFile = 8
	firstUser      = 16
)

var be, le = binary.BigEndian, binary.LittleEndian

// Open reads the header of a volume of the given size and the beginnings of its trees. The
// error may be, or wrap, an [archive.UnsupportedError].
func Open(r io.ReaderAt, size int64) (*Volume, error) {
	v := &Volume{}
	var err error
	if v.r, size, err = v.unwrap(r, size); err != nil {
		return nil, err
	}
	if err := v.readHeader(size); err != nil {
		return nil, fmt.Errorf("volume header: %w", err)
	}
	v.Extended = v.header.signature == signatureX
	// The file of extents has all of its own in the header.
	if v.extents, err = v.openTree("extents", v.header.extents, extentsFile, extentsKey, byExtent); err != nil {
		return nil, err
	}
	if v.catalog, err = v.openTree("catalog", v.header.catalog, catalogFile, catalogKey, byFoldedName); err != nil {
		return nil, err
	}
	const binaryCompare = 0xBC
	v.CaseSensitive = v.Extended && v.catalog.compare == binaryCompare
	if v.CaseSensitive {
		v.catalog.order = byName
	}
	if v.header.attributes.size > 0 {
		if v.attributes, err = v.openTree("attributes", v.header.attributes, attributesFile, attributeKey, byAttribute); err != nil {
			return nil, err
		}
	}
	v.checkJournal()
	return v, v.readRoot()
}

// The names of the folders that the system keeps hard links in, in the root folder (TN1150,
// "Hard Links"; hfs_private_names in hfs_vfsutils.c).
const (
	privateName        = "\x00\x00\x00\x00HFS+ Private Data"
	privateFoldersName = ".HFS+ Private Directory Data\r"
)

// readRoot reads the name of the volume, and finds the folders that the system keeps
// what hard links lead to in.
func (v *Volume) readRoot() error {
	found := false
	for rec, err := range v.records(parentOfRoot) {
		if err != nil {
			return err
		}
		if rec.kind == recordFolder && rec.id == Root {
			v.Name, _ = nameOf(rec.name)
			v.created = be.Uint32(rec.data[createDate:])
			found = true
		}
	}
	if !found {
		return errors.New("catalog: there is no root folder")
	}
	var err error
	if v.private, err = v.readPrivate(privateName); err == nil {
		v.privateFolders, err = v.readPrivate(privateFoldersName)
	}
	return err
}

// readPrivate finds a folder that the system keeps hard links in as macOS does, which is by its key:
// with any case where that does not count (hfs_privatedir_init).
func (v *Volume) readPrivate(name string) (private, error) {
	rec, found, err := v.find(Root, name)
	switch {
	case err != nil || !found:
		return private{}, err
	case rec.kind != recordFolder:
		return private{}, archive.Ambiguous("catalog: %q, which is no folder", name)
	}
	return private{rec.id, be.Uint32(rec.data[createDate:]), rec.at}, nil
}

// readAt fills b from an offset of something of a size.
func readAt(r io.ReaderAt, size int64, b []byte, offset int64) error {
	if offset < 0 || offset > size || int64(len(b)) > size-offset {
		return fmt.Errorf("%d bytes at offset %d are past the end at %d", len(b), offset, size)
	}
	n, err := r.ReadAt(b, offset)
	if n == len(b) {
		return nil
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return fmt.Errorf("read %d bytes at offset %d: %w", len(b), offset, cmp.Or(err, io.ErrUnexpectedEOF))
}
