package hfs

import (
	"errors"
	"fmt"
	"io"
	"math/bits"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// Signatures of volumes.
const (
	signatureHFS  = 0x4244 // "BD"
	signaturePlus = 0x482B // "H+"
	signatureX    = 0x4858 // "HX"
)

const (
	headerAt   = 1024 // from the beginning, and the copy from the end
	headerSize = 512
)

// header is what is used of a volume header.
type header struct {
	signature                    uint16
	attributes1                  uint32
	mounted                      uint32 // by whom the volume was mounted last
	journal                      uint32 // the block of the journal's own header
	blockSize, blocks            uint32
	extents, catalog, attributes fork
}

// unwrap returns the volume inside an HFS volume that is there for systems that know no
// other (TN1150, "HFS Wrapper"), or else the volume itself.
func (v *Volume) unwrap(r io.ReaderAt, size int64) (io.ReaderAt, int64, error) {
	var b [headerSize]byte
	if err := readAt(r, size, b[:], headerAt); err != nil {
		return nil, 0, fmt.Errorf("volume header: %w", err)
	}
	embedded := be.Uint16(b[124:]) == signaturePlus
	if be.Uint16(b[:]) != signatureHFS {
		if embedded {
			// In a header of HFS+ that is the upper half of the blocks of the allocation file. hfs_mountfs in hfs_vfsops.c
			// asks for nothing else, and mounts the volume that would be inside.
			v.Problems = append(v.Problems, archive.Ambiguous("the volume is marked as the wrapper of another one, which macOS takes it for"))
		}
		return r, size, nil
	}
	if !embedded {
		return nil, 0, archive.Unsupported("an HFS volume (not HFS+)")
	}
	block, first := int64(be.Uint32(b[20:])), int64(be.Uint16(b[28:]))*512
	offset, length := first+int64(be.Uint16(b[126:]))*block, int64(be.Uint16(b[128:]))*block
	if block%512 != 0 || offset > size || length > size-offset {
		return nil, 0, fmt.Errorf("HFS wrapper: a volume of %d bytes at offset %d, past the end at %d", length, offset, size)
	}
	v.Problems = append(v.Problems, errors.New("the volume is wrapped in one of HFS, whose own files were not looked at"))
	return io.NewSectionReader(r, offset, length), length, nil
}

// readHeader reads the volume header, or its copy where it is none.
func (v *Volume) readHeader(size int64) error {
	first, err := readHeaderAt(v.r, size, headerAt)
	copied, copyErr := readHeaderAt(v.r, size, size-headerAt)
	switch {
	case err == nil:
		v.header = first
	case copyErr == nil:
		v.header = copied
		v.Problems = append(v.Problems, archive.Ambiguous("the volume header is none (%v), and its copy was read instead", err))
	default:
		return err
	}
	if err == nil && copyErr == nil && (first.signature != copied.signature || first.blockSize != copied.blockSize || first.blocks != copied.blocks) {
		v.Problems = append(v.Problems, archive.Ambiguous("the volume header and its copy describe different volumes"))
	}
	h := v.header
	if capacity := uint64(h.blocks) * uint64(h.blockSize); capacity > uint64(size) {
		v.Problems = append(v.Problems, fmt.Errorf("the volume says that it has %d bytes, and there are %d", capacity, size))
	}
	// Who could not replay the journal leaves "FSK!", for fsck_hfs to repair the volume (hfs_mountfs).
	const inconsistent, needsRepair = 1 << 11, 0x46534b21
	if h.attributes1&inconsistent != 0 || h.mounted == needsRepair {
		v.Problems = append(v.Problems, archive.Ambiguous("the volume is marked as inconsistent"))
	}
	return nil
}

func readHeaderAt(r io.ReaderAt, size, offset int64) (header, error) {
	var b [headerSize]byte
	if err := readAt(r, size, b[:], offset); err != nil {
		return header{}, err
	}
	h := header{
		signature: be.Uint16(b[:]), attributes1: be.Uint32(b[4:]), mounted: be.Uint32(b[8:]), journal: be.Uint32(b[12:]),
		blockSize: be.Uint32(b[40:]), blocks: be.Uint32(b[44:]),
		extents: readFork(b[192:]), catalog: readFork(b[272:]), attributes: readFork(b[352:]),
	}
	version := be.Uint16(b[2:])
	switch {
	case h.signature != signaturePlus && h.signature != signatureX:
		return header{}, fmt.Errorf("the signature %#04x at offset %d, which is not that of HFS+ or HFSX", h.signature, offset)
	case version != 4 && version != 5:
		return header{}, archive.Unsupported("HFS+ of the version %d", version)
	case h.blockSize < 512 || bits.OnesCount32(h.blockSize) != 1 || h.blockSize > 1<<24:
		return header{}, fmt.Errorf("blocks of %d bytes", h.blockSize)
	}
	return h, nil
}

// checkJournal tells of changes that are in the journal and not yet on the volume: who
// mounts it sees another one (TN1150, "Journal"). macOS replays it before it reads the volume where
// that was mounted last with a journal, and else after that (hfs_late_journal_init); others do
// not at all.
func (v *Volume) checkJournal() {
	const journaled, infoSize = 1 << 13, 52
	if v.header.attributes1&journaled == 0 {
		return
	}
	size := int64(v.header.blocks) * int64(v.header.blockSize)
	tell := func(err error) { v.Problems = append(v.Problems, fmt.Errorf("journal: %w", err)) }
	var info [infoSize]byte
	if err := readAt(v.r, size, info[:], int64(v.header.journal)*int64(v.header.blockSize)); err != nil {
		tell(err)
		return
	}
	// Without the first flag macOS looks for the journal on other devices (hfs_early_journal_init).
	const inVolume, onOther, needsInit = 1, 2, 4
	flags := be.Uint32(info[:])
	if flags&inVolume == 0 || flags&onOther != 0 {
		tell(archive.Ambiguous("it is on another device"))
		return
	}
	switch empty, err := v.journalIsEmpty(size, int64(be.Uint64(info[36:]))); {
	case errors.Is(err, errNoJournal) && flags&needsInit != 0: // it was not used yet
	case err != nil:
		tell(err)
	case !empty:
		tell(archive.Ambiguous("there are changes in it that are not on the volume yet"))
	}
}

var errNoJournal = errors.New("it has no header")

// journalIsEmpty reports whether nothing is between the beginning and the end of a journal. Either may be at the end of
// its bytes, which is the beginning of them, behind the header (replay_journal in hfs_journal.c).
func (v *Volume) journalIsEmpty(size, offset int64) (bool, error) {
	const magic, endian, headerSize = 0x4a4e4c78, 0x12345678, 44
	var b [headerSize]byte
	if err := readAt(v.r, size, b[:], offset); err != nil {
		return false, err
	}
	u32, u64 := be.Uint32, be.Uint64
	if u32(b[:]) != magic {
		u32, u64 = le.Uint32, le.Uint64 // as the machine wrote it
	}
	if u32(b[:]) != magic || u32(b[4:]) != endian {
		return false, errNoJournal
	}
	start, end, length, first := u64(b[8:]), u64(b[16:]), u64(b[24:]), uint64(u32(b[40:]))
	if start == length {
		start = first
	}
	if end == length {
		end = first
	}
	return start == end, nil
}
