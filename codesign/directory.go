package codesign

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
)

// Directory is one CodeDirectory.
type Directory struct {
	Slot          uint32 // 0, or 0x1000 and up for alternates
	Version       uint32
	Flags         Flags
	HashType      HashType
	PageSize      uint32 // bytes; 0: one page for everything
	Identifier    string
	TeamID        string
	Platform      uint8
	CodeLimit     uint64
	CodeSlots     uint32
	ExecSegFlags  uint64
	Runtime       string // version of the hardened runtime, such as 14.5; empty: not told
	CDHash        string // 40 hexadecimal digits
	SpecialHashes []Hash // of slot n at n-1

	codeLimit32 uint64 // the field that the kernel reads, whatever codeLimit64 says
	blob        Blob   // where it stands in the SuperBlob
	cdhash      []byte
}

// Hash is the hash of a special slot; all zero means that nothing is bound.
type Hash []byte

// IsZero reports whether h binds nothing.
func (h Hash) IsZero() bool { return len(bytes.Trim(h, "\x00")) == 0 }

// Special returns the hash of special slot n, nil when the directory has no such
// slot or binds nothing in it.
func (d *Directory) Special(n uint32) Hash {
	if n == 0 || uint64(n) > uint64(len(d.SpecialHashes)) || d.SpecialHashes[n-1].IsZero() {
		return nil
	}
	return d.SpecialHashes[n-1]
}

// Flags are the flags of a CodeDirectory, CS_ADHOC and so on in cs_blobs.h.
type Flags uint32

// The flags that decide something here.
const (
	FlagAdhoc             = Flags(cs.ADHOC)
	FlagRuntime           = Flags(cs.RUNTIME)
	FlagLibraryValidation = Flags(cs.REQUIRE_LV)
	FlagLinkerSigned      = Flags(cs.LINKER_SIGNED)
)

// allowedFlags are those that the kernel takes from a signature, CS_ALLOWED_MACHO,
// and the linker's mark.
const allowedFlags = Flags(cs.ALLOWED_MACHO) | FlagLinkerSigned

// flagNames are codesign(1)'s words for the flags that a signature may carry.
var flagNames = []struct {
	flag Flags
	name string
}{
	{FlagAdhoc, "adhoc"},
	{Flags(cs.GET_TASK_ALLOW), "get-task-allow"},
	{Flags(cs.HARD), "hard"},
	{Flags(cs.KILL), "kill"},
	{Flags(cs.CHECK_EXPIRATION), "expires"},
	{Flags(cs.RESTRICT), "restrict"},
	{Flags(cs.ENFORCEMENT), "enforcement"},
	{FlagLibraryValidation, "library-validation"},
	{FlagRuntime, "runtime"},
	{FlagLinkerSigned, "linker-signed"},
}

// String returns the flags as codesign prints them, such as "0x10000(runtime)".
func (f Flags) String() string {
	if names := f.Names(); len(names) > 0 {
		return fmt.Sprintf("%#x(%s)", uint32(f), strings.Join(names, ","))
	}
	return fmt.Sprintf("%#x(none)", uint32(f))
}

// Names returns the names of the flags that have one, lowest bit first.
func (f Flags) Names() []string {
	var names []string
	for _, n := range flagNames {
		if f&n.flag != 0 {
			names = append(names, n.name)
		}
	}
	return names
}

// minDirectory is the size of CS_CodeDirectory in cs_blobs.h, with the fields of all
// versions. The kernel wants as many bytes of a CodeDirectory of any version.
const minDirectory = 108

// parseDirectory reads one CodeDirectory. The checks are those of
// cs_validate_codedirectory in ubc_subr.c and of CodeDirectory::checkIntegrity in
// libsecurity_codesigning/lib/codedirectory.cpp.
func parseDirectory(b []byte, slot uint32) (Directory, error) {
	if len(b) < minDirectory {
		return Directory{}, fmt.Errorf("%d bytes, where the kernel wants %d at least", len(b), minDirectory)
	}
	d := Directory{
		Slot: slot, Version: be32(b[8:]), Flags: Flags(be32(b[12:])), CodeSlots: be32(b[28:]),
		CodeLimit: uint64(be32(b[32:])), HashType: HashType(b[37]), Platform: b[38],
	}
	if d.Version < uint32(cs.EARLIEST_VERSION) || d.Version > uint32(cs.COMPATIBILITY_LIMIT) {
		return d, fmt.Errorf("version %#x, which is not one of %#x to %#x", d.Version, uint32(cs.EARLIEST_VERSION), uint32(cs.COMPATIBILITY_LIMIT))
	}
	if size := d.HashType.Size(); size == 0 || int(b[36]) != size {
		return d, fmt.Errorf("hash type %d with hashes of %d bytes", b[37], b[36])
	}
	if b[39] > 31 {
		return d, fmt.Errorf("a page size of 2^%d bytes", b[39])
	}
	if b[39] > 0 {
		d.PageSize = 1 << b[39]
	}
	d.codeLimit32 = d.CodeLimit
	if err := d.versioned(b); err != nil {
		return d, err
	}
	var err error
	if d.Identifier, err = str(b, be32(b[20:])); err != nil {
		return d, fmt.Errorf("identifier: %w", err)
	}
	d.cdhash = d.HashType.sum(b)[:cs.CDHASH_LEN]
	d.CDHash = hex.EncodeToString(d.cdhash)
	return d, d.hashes(b, uint64(be32(b[16:])), uint64(be32(b[24:])))
}

// versioned reads the fields that came with later versions.
func (d *Directory) versioned(b []byte) (err error) {
	since := func(v uint32) bool { return d.Version >= v }
	if since(uint32(cs.SUPPORTS_SCATTER)) && be32(b[44:]) != 0 {
		return errors.New("a scatter vector, of which codesign writes none and which is not read here")
	}
	if team := be32(b[48:]); since(uint32(cs.SUPPORTS_TEAMID)) && team != 0 {
		if d.TeamID, err = str(b, team); err != nil {
			return fmt.Errorf("team id: %w", err)
		}
	}
	if limit := binary.BigEndian.Uint64(b[56:]); since(uint32(cs.SUPPORTS_CODELIMIT64)) && limit != 0 {
		d.CodeLimit = limit
	}
	if since(uint32(cs.SUPPORTS_EXECSEG)) {
		d.ExecSegFlags = binary.BigEndian.Uint64(b[80:])
	}
	if v := be32(b[88:]); since(uint32(cs.SUPPORTS_RUNTIME)) && v != 0 {
		d.Runtime = fmt.Sprintf("%d.%d.%d", v>>16, v>>8&0xff, v&0xff)
		d.Runtime = strings.TrimSuffix(d.Runtime, ".0")
	}
	if offset := be32(b[92:]); since(uint32(cs.SUPPORTS_RUNTIME)) && offset != 0 {
		size := uint64(d.CodeSlots) * uint64(d.HashType.Size())
		if offset < blobHeader || uint64(offset)+size > uint64(len(b)) {
			return fmt.Errorf("%d bytes of hashes from before encryption do not fit at offset %d of %d", size, offset, len(b))
		}
	}
	if since(uint32(cs.SUPPORTS_LINKAGE)) && b[96] != 0 {
		if offset, size := be32(b[100:]), be32(b[104:]); uint64(offset)+uint64(size) > uint64(len(b)) {
			return fmt.Errorf("%d bytes of linkage do not fit at offset %d of %d", size, offset, len(b))
		}
	}
	return nil
}

// blobHeader is the length of a blob's magic and length, where no content can be.
const blobHeader = 8

// str returns the NUL-terminated string at an offset.
func str(b []byte, offset uint32) (string, error) {
	if offset < blobHeader || uint64(offset) >= uint64(len(b)) {
		return "", fmt.Errorf("offset %d is not inside, from %d to %d", offset, blobHeader, len(b))
	}
	s, _, ok := bytes.Cut(b[offset:], []byte{0})
	if !ok {
		return "", fmt.Errorf("no NUL ends the string at offset %d", offset)
	}
	if len(s) > maxString {
		return "", fmt.Errorf("a string of %d bytes; the limit is %d", len(s), maxString)
	}
	return string(s), nil
}

// maxString bounds identifiers and team ids, in bytes; PATH_MAX of macOS, since
// identifiers may be made of a file's name.
const maxString = 1024

// hashes checks where the hashes lie and keeps those of the special slots, which
// stand in front of the hash offset, slot 1 last.
func (d *Directory) hashes(b []byte, offset, special uint64) error {
	size := uint64(d.HashType.Size())
	if offset > uint64(len(b)) || special*size > offset || uint64(d.CodeSlots)*size > uint64(len(b))-offset {
		return fmt.Errorf("%d special and %d code hashes of %d bytes do not fit around offset %d of %d", special, d.CodeSlots, size, offset, len(b))
	}
	if special > maxSpecial {
		return fmt.Errorf("%d special slots; the limit is %d", special, maxSpecial)
	}
	for n := uint64(1); n <= special; n++ {
		start := offset - n*size
		d.SpecialHashes = append(d.SpecialHashes, Hash(bytes.Clone(b[start:start+size])))
	}
	return nil
}

// maxSpecial bounds the special slots; Apple has defined 11.
const maxSpecial = 64
