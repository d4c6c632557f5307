package machotest

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"slices"
)

// Hash types of a CodeDirectory, from osfmk/kern/cs_blobs.h.
const (
	HashSHA1            = 1
	HashSHA256          = 2
	HashSHA256Truncated = 3
	HashSHA384          = 4
)

// Directory is what one CodeDirectory holds. Everything that follows from it (offsets, counts, page hashes) is computed
// after the hook Signature.Directory has edited it; claims that contradict the content are made by Signature.Header.
type Directory struct {
	Version, Flags uint32 // the version decides how long the header is
	Identifier     string
	TeamID         string // "": none
	Platform       uint8
	PageSize       uint8  // log2; 0: one page for everything
	CodeLimit      uint64 // bytes of code that are hashed
	ExecSegBase    uint64
	ExecSegLimit   uint64
	ExecSegFlags   uint64
	Runtime        uint32
	Special        [][]byte // Special[n-1] is the hash of special slot n

	hashType uint8
}

// DirectoryHeader is the fixed part of a CodeDirectory, field for field as struct __CodeDirectory in
// osfmk/kern/cs_blobs.h has it. All offsets are from the beginning of the CodeDirectory.
type DirectoryHeader struct {
	Magic, Length, Version, Flags           uint32
	HashOffset, IdentOffset                 uint32
	NSpecialSlots, NCodeSlots, CodeLimit    uint32
	HashSize, HashType, Platform, PageSize  uint8
	Spare2                                  uint32
	ScatterOffset                           uint32 // from version 0x20100
	TeamOffset                              uint32 // 0x20200
	Spare3                                  uint32 // 0x20300
	CodeLimit64                             uint64
	ExecSegBase, ExecSegLimit, ExecSegFlags uint64 // 0x20400
	Runtime, PreEncryptOffset               uint32 // 0x20500
	LinkageHashType, LinkageApplicationType uint8  // 0x20600
	LinkageApplicationSubType               uint16
	LinkageOffset, LinkageSize              uint32
}

// headerSize returns how long the fixed part of a CodeDirectory of this version is.
func headerSize(version uint32) int {
	switch {
	case version >= 0x20600:
		return 108
	case version >= 0x20500:
		return 96
	case version >= 0x20400:
		return 88
	case version >= 0x20300:
		return 64
	case version >= 0x20200:
		return 52
	case version >= 0x20100:
		return 48
	}
	return 44
}

// header lays the content out as codesign does: header, identifier, team identifier, hashes.
func (d *Directory) header() DirectoryHeader {
	hashSize := uint32(len(digest(d.hashType, nil)))
	h := DirectoryHeader{
		Magic:         magicDirectory,
		Version:       d.Version,
		Flags:         d.Flags,
		IdentOffset:   uint32(headerSize(d.Version)),
		NSpecialSlots: uint32(len(d.Special)),
		NCodeSlots:    d.codeSlots(),
		CodeLimit:     uint32(d.CodeLimit),
		HashSize:      uint8(hashSize),
		HashType:      d.hashType,
		Platform:      d.Platform,
		PageSize:      d.PageSize,
		ExecSegBase:   d.ExecSegBase,
		ExecSegLimit:  d.ExecSegLimit,
		ExecSegFlags:  d.ExecSegFlags,
		Runtime:       d.Runtime,
	}
	end := h.IdentOffset + uint32(len(d.Identifier)) + 1
	if d.hasTeam() {
		h.TeamOffset = end
		end += uint32(len(d.TeamID)) + 1
	}
	h.HashOffset = end + h.NSpecialSlots*hashSize
	h.Length = h.HashOffset + h.NCodeSlots*hashSize
	return h
}

func (d *Directory) hasTeam() bool { return d.TeamID != "" && d.Version >= 0x20200 }

func (d *Directory) codeSlots() uint32 {
	if d.PageSize == 0 {
		return 1
	}
	return uint32(align(d.CodeLimit, 1<<d.PageSize) >> d.PageSize)
}

// bytes returns the blob over code. edit, when not nil, gets the header last.
func (d *Directory) bytes(code []byte, edit func(*DirectoryHeader)) []byte {
	h := d.header()
	body := append([]byte(d.Identifier), 0)
	if d.hasTeam() {
		body = append(append(body, d.TeamID...), 0)
	}
	for _, hash := range slices.Backward(d.Special) {
		body = append(body, hash...)
	}
	code = code[:min(d.CodeLimit, uint64(len(code)))]
	page := len(code)
	if d.PageSize != 0 {
		page = 1 << d.PageSize
	}
	for range h.NCodeSlots {
		n := min(page, len(code))
		body = append(body, digest(d.hashType, code[:n])...)
		code = code[n:]
	}
	if edit != nil {
		edit(&h)
	}
	fixed, err := binary.Append(nil, binary.BigEndian, h)
	if err != nil {
		panic(err)
	}
	return append(fixed[:headerSize(d.Version)], body...)
}

// digest hashes data; its length is the hash size of the type.
func digest(hashType uint8, data []byte) []byte {
	switch hashType {
	case HashSHA1:
		sum := sha1.Sum(data)
		return sum[:]
	case HashSHA256:
		sum := sha256.Sum256(data)
		return sum[:]
	case HashSHA256Truncated:
		sum := sha256.Sum256(data)
		return sum[:20]
	case HashSHA384:
		sum := sha512.Sum384(data)
		return sum[:]
	}
	panic(fmt.Sprintf("machotest: no hash type %d; claim one with Signature.Header", hashType))
}
