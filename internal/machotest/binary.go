// Package machotest builds signed Mach-O files in memory for tests: well formed by default, wrong on demand.
//
// A file is described by plain structs whose zero value is sane, and is written from Apple's headers alone: nothing
// here shares code with the packages that read such files, so that a mistake of theirs is not repeated. What a struct
// cannot say is said by its hooks, which edit the finished parts. Hooks must be pure: some run more than once.
//
// The functions panic when a description cannot be built; they are for tests, not for input.
package machotest

import (
	"bytes"
	"encoding/binary"
)

// CPU types and subtypes, from mach/machine.h.
const (
	CPUI386   = 7
	CPUPPC    = 18
	CPUPPC64  = 0x01000012
	CPUX86_64 = 0x01000007
	CPUArm64  = 0x0100000c

	SubX86All = 3
	SubArm64e = 2
)

// File types, from mach-o/loader.h.
const (
	MHObject  = 1
	MHExecute = 2
	MHCore    = 4
	MHDylib   = 6
	MHBundle  = 8
	MHDsym    = 10
)

// Platforms, from mach-o/loader.h.
const (
	PlatformMacOS = 1
	PlatformIOS   = 2
)

// Binary describes one thin Mach-O file (mach-o/loader.h). Its zero value is an unsigned arm64 main executable for
// macOS 13.0, built with SDK 14.0.
type Binary struct {
	CPU, SubCPU uint32 // 0: arm64, or the PowerPC and Intel types that go with BigEndian and Bits32
	FileType    uint32 // 0: MHExecute
	BigEndian   bool   // byte order of the header and load commands
	Bits32      bool   // a 32-bit header and LC_SEGMENT

	Platform       uint32 // PLATFORM_*; 0: macOS
	MinOS, SDK     uint32 // versions as xxxx.yy.zz; 0: 13.0 and 14.0
	VersionMin     bool   // LC_VERSION_MIN_* instead of LC_BUILD_VERSION
	NoBuildVersion bool   // neither

	InfoPlist []byte   // __TEXT,__info_plist; nil: no such section
	Dylibs    []string // install names, one LC_LOAD_DYLIB each
	TextSize  int      // bytes of __TEXT,__text; 0: 4096. No two pages of it are alike

	Signature      *Signature // nil: unsigned, without LC_CODE_SIGNATURE
	ExtraSignature *Signature // a second LC_CODE_SIGNATURE

	Commands          func([]Command) []Command // edits the load commands
	NCmds, SizeOfCmds *uint32                   // what the header claims of them
	SignatureOffset   *uint32                   // dataoff that the first LC_CODE_SIGNATURE claims
	SignatureSize     *uint32                   // datasize that it claims
	TrailingBytes     []byte                    // after the last segment
	Patch             func([]byte) []byte       // edits the finished file, its hashes long computed
}

// Bytes returns the file.
func (b Binary) Bytes() []byte {
	b = b.withDefaults()
	l := b.layout()
	cmds := b.loadCommands(l)
	header := append(b.header(cmds), b.encoder().commands(cmds)...)

	file := make([]byte, l.end)
	copy(file, header)
	copy(file[l.plist:], b.InfoPlist)
	fillCode(file[l.text : l.text+uint64(b.TextSize)])
	code := file[:l.codeLimit]
	for _, p := range l.signatures {
		copy(file[p.offset:], p.blob.bytes(code))
	}
	file = append(file, b.TrailingBytes...)
	if b.Patch != nil {
		file = b.Patch(file)
	}
	return file
}

func (b Binary) withDefaults() Binary {
	b.CPU = orDefault(b.CPU, b.defaultCPU())
	if b.CPU == CPUX86_64 || b.CPU == CPUI386 {
		b.SubCPU = orDefault(b.SubCPU, SubX86All)
	}
	b.FileType = orDefault(b.FileType, MHExecute)
	b.Platform = orDefault(b.Platform, PlatformMacOS)
	b.MinOS = orDefault(b.MinOS, 13<<16)
	b.SDK = orDefault(b.SDK, 14<<16)
	b.TextSize = orDefault(b.TextSize, 4096)
	return b
}

func (b Binary) defaultCPU() uint32 {
	switch {
	case b.BigEndian && b.Bits32:
		return CPUPPC
	case b.BigEndian:
		return CPUPPC64
	case b.Bits32:
		return CPUI386
	}
	return CPUArm64
}

// layout is where the parts of a file are, in bytes from its beginning. __TEXT begins the file and __LINKEDIT, which
// holds an empty string table and the signatures, ends it.
type layout struct {
	plist, text, linkedit, codeLimit, end uint64
	signatures                            []placedSignature
}

type placedSignature struct {
	offset, size uint64
	blob         *superBlob
}

const (
	codePage       = 0x1000
	segmentAlign   = 0x4000 // the page size of arm64
	stringTableLen = 16
)

func (b Binary) layout() layout {
	var l layout
	l.signatures = make([]placedSignature, len(b.signatures()))
	headers := len(b.header(nil)) + len(b.encoder().commands(b.loadCommands(l)))
	l.plist = align(uint64(headers), codePage)
	l.text = align(l.plist+uint64(len(b.InfoPlist)), codePage)
	l.linkedit = align(l.text+uint64(b.TextSize), segmentAlign)
	l.codeLimit = l.linkedit + stringTableLen
	l.end = l.codeLimit
	for i, s := range b.signatures() {
		blob := s.prepare(site{
			codeLimit: l.codeLimit,
			textSize:  l.linkedit,
			main:      b.FileType == MHExecute,
			sdk:       b.SDK,
			infoPlist: b.InfoPlist,
		})
		size := align(uint64(blob.size()), 16)
		l.signatures[i] = placedSignature{l.end, size, blob}
		l.end += size
	}
	return l
}

func (b Binary) signatures() []*Signature {
	var all []*Signature
	for _, s := range []*Signature{b.Signature, b.ExtraSignature} {
		if s != nil {
			all = append(all, s)
		}
	}
	return all
}

// fillCode writes arm64 no-ops, each page beginning with its number.
func fillCode(text []byte) {
	copy(text, bytes.Repeat([]byte{0x1f, 0x20, 0x03, 0xd5}, codePage/4))
	for n := codePage; n < len(text); n *= 2 {
		copy(text[n:], text[:n])
	}
	for n := 0; n+4 <= len(text); n += codePage {
		binary.LittleEndian.PutUint32(text[n:], uint32(n/codePage))
	}
}

func align(n, to uint64) uint64 { return (n + to - 1) / to * to }

func orDefault[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}
