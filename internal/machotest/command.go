package machotest

import (
	"encoding/binary"
	"fmt"
)

// Command is one load command (struct load_command, mach-o/loader.h). Size is the cmdsize it claims: the length of the
// command, its 8 bytes of header included, unless a hook says otherwise. Body is written whole whatever Size says.
type Command struct {
	Cmd, Size uint32
	Body      []byte
}

// Load commands, from mach-o/loader.h.
const (
	LCSegment            = 0x1
	LCSymtab             = 0x2
	LCLoadDylib          = 0xc
	LCIDDylib            = 0xd
	LCLoadDylinker       = 0xe
	LCSegment64          = 0x19
	LCUUID               = 0x1b
	LCCodeSignature      = 0x1d
	LCVersionMinMacOSX   = 0x24
	LCVersionMinIPhoneOS = 0x25
	LCBuildVersion       = 0x32
	LCMain               = 0x80000028
)

// header returns the mach_header or mach_header_64 before cmds.
func (b Binary) header(cmds []Command) []byte {
	const flags = 0x00200085 // MH_NOUNDEFS | MH_DYLDLINK | MH_TWOLEVEL | MH_PIE
	e := b.encoder()
	magic, reserved := uint32(0xfeedfacf), []byte{0, 0, 0, 0}
	if b.Bits32 {
		magic, reserved = 0xfeedface, nil
	}
	ncmds, size := uint32(len(cmds)), uint32(len(e.commands(cmds)))
	if b.NCmds != nil {
		ncmds = *b.NCmds
	}
	if b.SizeOfCmds != nil {
		size = *b.SizeOfCmds
	}
	return e.fields(magic, b.CPU, b.SubCPU, b.FileType, ncmds, size, uint32(flags), reserved)
}

func (b Binary) loadCommands(l layout) []Command {
	e := b.encoder()
	cmds := b.segments(l)
	if b.FileType == MHDylib {
		cmds = append(cmds, e.dylib(LCIDDylib, "@rpath/libexample.dylib"))
	}
	cmds = append(cmds, e.command(LCSymtab, uint32(0), uint32(0), uint32(l.linkedit), uint32(stringTableLen)))
	if b.FileType == MHExecute {
		cmds = append(cmds, e.command(LCLoadDylinker, uint32(12), "/usr/lib/dyld"))
	}
	cmds = append(cmds, e.command(LCUUID, []byte("machotest's UUID")))
	if !b.NoBuildVersion {
		cmds = append(cmds, b.version())
	}
	if b.FileType == MHExecute {
		cmds = append(cmds, e.command(LCMain, l.text, uint64(0)))
	}
	for _, name := range b.Dylibs {
		cmds = append(cmds, e.dylib(LCLoadDylib, name))
	}
	cmds = append(cmds, b.signatureCommands(l)...)
	if b.Commands != nil {
		cmds = b.Commands(cmds)
	}
	return cmds
}

func (b Binary) version() Command {
	e := b.encoder()
	if !b.VersionMin {
		return e.command(LCBuildVersion, b.Platform, b.MinOS, b.SDK, uint32(0))
	}
	switch b.Platform {
	case PlatformMacOS:
		return e.command(LCVersionMinMacOSX, b.MinOS, b.SDK)
	case PlatformIOS:
		return e.command(LCVersionMinIPhoneOS, b.MinOS, b.SDK)
	}
	panic(fmt.Sprintf("machotest: no LC_VERSION_MIN command for platform %d", b.Platform))
}

func (b Binary) signatureCommands(l layout) []Command {
	var cmds []Command
	for i, p := range l.signatures {
		offset, size := uint32(p.offset), uint32(p.size)
		if i == 0 && b.SignatureOffset != nil {
			offset = *b.SignatureOffset
		}
		if i == 0 && b.SignatureSize != nil {
			size = *b.SignatureSize
		}
		cmds = append(cmds, b.encoder().command(LCCodeSignature, offset, size))
	}
	return cmds
}

func (b Binary) segments(l layout) []Command {
	const read, readExecute = uint32(1), uint32(5)
	e := b.encoder()
	var cmds []Command
	var base uint64
	if b.FileType == MHExecute {
		base = 1 << 32
		if b.Bits32 {
			base = 0x4000
		}
		cmds = append(cmds, e.segment("__PAGEZERO", 0, base, 0, 0, 0))
	}
	var sections [][]byte
	if b.InfoPlist != nil {
		sections = append(sections, e.section("__info_plist", base+l.plist, uint64(len(b.InfoPlist)), l.plist, 0))
	}
	const pureInstructions = 0x80000400 // S_ATTR_PURE_INSTRUCTIONS | S_ATTR_SOME_INSTRUCTIONS
	sections = append(sections, e.section("__text", base+l.text, uint64(b.TextSize), l.text, pureInstructions))
	size := l.end - l.linkedit
	return append(cmds,
		e.segment("__TEXT", base, l.linkedit, 0, l.linkedit, readExecute, sections...),
		e.segment("__LINKEDIT", base+l.linkedit, align(size, segmentAlign), l.linkedit, size, read))
}

func (b Binary) encoder() encoder {
	e := encoder{order: binary.LittleEndian, wide: !b.Bits32}
	if b.BigEndian {
		e.order = binary.BigEndian
	}
	return e
}

// encoder writes the C structures of one file: its byte order and the size of its words.
type encoder struct {
	order binary.AppendByteOrder
	wide  bool
}

type (
	word    uint64 // 8 bytes in a 64-bit file, 4 in a 32-bit one
	fixed16 string // 16 bytes, padded with zeros
)

// fields writes values one after the other; a string ends with a zero byte.
func (e encoder) fields(values ...any) []byte {
	var out []byte
	for _, v := range values {
		switch v := v.(type) {
		case uint32:
			out = e.order.AppendUint32(out, v)
		case uint64:
			out = e.order.AppendUint64(out, v)
		case word:
			if e.wide {
				out = e.order.AppendUint64(out, uint64(v))
			} else {
				out = e.order.AppendUint32(out, uint32(v))
			}
		case fixed16:
			var name [16]byte
			copy(name[:], v)
			out = append(out, name[:]...)
		case string:
			out = append(append(out, v...), 0)
		case []byte:
			out = append(out, v...)
		default:
			panic(fmt.Sprintf("machotest: no encoding for %T", v))
		}
	}
	return out
}

func (e encoder) command(cmd uint32, values ...any) Command {
	body := e.fields(values...)
	to := 4
	if e.wide {
		to = 8
	}
	for len(body)%to != 0 {
		body = append(body, 0)
	}
	return Command{Cmd: cmd, Size: uint32(8 + len(body)), Body: body}
}

func (e encoder) commands(cmds []Command) []byte {
	var out []byte
	for _, c := range cmds {
		out = append(out, e.fields(c.Cmd, c.Size, c.Body)...)
	}
	return out
}

func (e encoder) dylib(cmd uint32, name string) Command {
	const nameOffset, timestamp, version = uint32(24), uint32(2), uint32(1 << 16)
	return e.command(cmd, nameOffset, timestamp, version, version, name)
}

func (e encoder) segment(name fixed16, addr, size, offset, fileSize uint64, prot uint32, sections ...[]byte) Command {
	cmd := uint32(LCSegment)
	if e.wide {
		cmd = LCSegment64
	}
	values := []any{
		name, word(addr), word(align(size, codePage)), word(offset), word(fileSize),
		prot, prot, uint32(len(sections)), uint32(0),
	}
	for _, s := range sections {
		values = append(values, s)
	}
	return e.command(cmd, values...)
}

func (e encoder) section(name fixed16, addr, size, offset uint64, flags uint32) []byte {
	const align, none = uint32(2), uint32(0)
	values := []any{
		name, fixed16("__TEXT"), word(addr), word(size), uint32(offset), align, none, none, flags, none, none,
	}
	if e.wide {
		values = append(values, none)
	}
	return e.fields(values...)
}
