package macho

import (
	"bytes"
	"encoding/binary"
)

// The addresses and offsets of the images that are built here.
const (
	testBase = 1 << 32
	testText = testBase + 0x1000 // of 0x100 bytes
	testStub = testBase + 0x1100 // of up to 16 stubs of 12 bytes
	testData = testBase + 0x4000
	testGot  = testData          // of up to 16 pointers
	testEnd  = testData + 0x8000 // of the data, of which the file has the first half
)

// image describes an image with code, stubs, data, and what __LINKEDIT is to hold. It
// is written from Apple's headers and shares nothing with what reads it.
type image struct {
	cpu, sub uint32 // 0: arm64
	slots    uint32 // stubs, and pointers of __got behind them, in the indirect symbol table
	data     [0x4000]byte
	commands [][]byte
	linkedit []byte
	sections func(text, data [][]byte) // edits them
	segments func(list [][]byte)
}

func le(values ...any) []byte {
	var b bytes.Buffer
	for _, v := range values {
		switch v := v.(type) {
		case string:
			b.WriteString(v)
		default:
			if err := binary.Write(&b, binary.LittleEndian, v); err != nil {
				panic(err)
			}
		}
	}
	return b.Bytes()
}

func name16(s string) (b [16]byte) {
	copy(b[:], s)
	return b
}

// put adds a part to __LINKEDIT, and returns where it is in the file and how long.
func (m *image) put(b []byte) (offset, size uint32) {
	offset = 0x8000 + uint32(len(m.linkedit))
	m.linkedit = append(m.linkedit, b...)
	for len(m.linkedit)%8 != 0 {
		m.linkedit = append(m.linkedit, 0)
	}
	return offset, uint32(len(b))
}

// command adds a load command.
func (m *image) command(cmd uint32, body []byte) {
	for len(body)%8 != 0 {
		body = append(body, 0)
	}
	m.commands = append(m.commands, append(le(cmd, uint32(8+len(body))), body...))
}

// symbol is an entry of a symbol table.
type symbol struct {
	name string
	kind uint8 // n_type
	addr uint64
}

const (
	undefined = 0x01 // N_UNDF | N_EXT
	local     = 0x0e // N_SECT
	external  = 0x0f // N_SECT | N_EXT
	debugging = 0x24 // N_FUN
)

// symtab adds LC_SYMTAB and LC_DYSYMTAB.
func (m *image) symtab(symbols []symbol, indirect ...uint32) {
	table, names := []byte{}, []byte{0}
	for _, s := range symbols {
		table = append(table, le(uint32(len(names)), s.kind, uint8(1), uint16(0), s.addr)...)
		names = append(append(names, s.name...), 0)
	}
	at, _ := m.put(table)
	to, size := m.put(names)
	m.command(0x2, le(at, uint32(len(symbols)), to, size))
	in, _ := m.put(le(indirect))
	m.command(0xb, le([12]uint32{}, in, uint32(len(indirect)), [4]uint32{}))
}

// chained adds LC_DYLD_CHAINED_FIXUPS with imports of a format and one chain, in the data,
// that begins at start; edit may change it.
func (m *image) chained(importFormat, pointerFormat int, names []string, start uint16, edit func([]byte)) {
	imports, pool := []byte{}, []byte{0}
	for _, n := range names {
		at := uint64(len(pool))
		switch importFormat {
		case 2:
			imports = append(imports, le(uint32(at<<9|1), int32(0))...)
		case 3:
			imports = append(imports, le(at<<32|1, uint64(0))...)
		default:
			imports = append(imports, le(uint32(at<<9|1))...)
		}
		pool = append(append(pool, n...), 0)
	}
	const starts, inSegment = 28, 20 // dyld_chained_starts_in_image has 4 segments
	table := starts + inSegment + 24
	b := le(uint32(0), uint32(starts), uint32(table), uint32(table+len(imports)), uint32(len(names)), uint32(importFormat), uint32(0),
		uint32(4), [4]uint32{0, 0, inSegment, 0},
		uint32(24), uint16(0x4000), uint16(pointerFormat), uint64(testData-testBase), uint32(0), uint16(1), start, imports, pool)
	if edit != nil {
		edit(b)
	}
	at, size := m.put(b)
	m.command(0x80000034, le(at, size))
}

// dyldInfo adds LC_DYLD_INFO_ONLY.
func (m *image) dyldInfo(bind, weak, lazy []byte) {
	body := le(uint64(0))
	for _, b := range [][]byte{bind, weak, lazy} {
		at, size := m.put(b)
		body = append(body, le(at, size)...)
	}
	m.command(0x80000022, append(body, le(uint64(0))...))
}

func (m *image) functions(b ...byte) {
	at, size := m.put(b)
	m.command(0x26, le(at, size))
}

func (m *image) pointer(at int, v uint64) { binary.LittleEndian.PutUint64(m.data[at:], v) }

func (m *image) bytes() []byte {
	section := func(seg, name string, addr, size uint64, offset, flags, first, stub uint32) []byte {
		return le(name16(name), name16(seg), addr, size, offset, [3]uint32{2}, flags, first, stub, uint32(0))
	}
	text := [][]byte{
		section("__TEXT", "__text", testText, 0x100, 0x1000, 0x80000400, 0, 0),
		section("__TEXT", "__stubs", testStub, uint64(m.slots)*12, 0x1100, 0x80000408, 0, 12),
	}
	data := [][]byte{
		section("__DATA", "__got", testGot, uint64(m.slots)*8, 0x4000, 6, m.slots, 0),
		section("__DATA", "__const", testData+0x100, 0x1000, 0x4100, 0, 0, 0),
		section("__DATA", "__bss", testData+0x4000, 0x4000, 0, 1, 0, 0),
	}
	if m.sections != nil {
		m.sections(text, data)
	}
	segment := func(name string, addr, size, offset, length uint64, prot uint32, sections ...[]byte) []byte {
		b := le(name16(name), addr, size, offset, length, prot, prot, uint32(len(sections)), uint32(0), bytes.Join(sections, nil))
		return append(le(uint32(0x19), uint32(8+len(b))), b...)
	}
	end := uint64(len(m.linkedit))
	segments := [][]byte{
		segment("__PAGEZERO", 0, testBase, 0, 0, 0),
		segment("__TEXT", testBase, 0x4000, 0, 0x4000, 5, text...),
		segment("__DATA", testData, 0x8000, 0x4000, 0x4000, 3, data...),
		segment("__LINKEDIT", testEnd, (end+0x3fff)&^0x3fff, 0x8000, end, 1),
	}
	if m.segments != nil {
		m.segments(segments)
	}
	commands := bytes.Join(append(segments, m.commands...), nil)
	cpu := m.cpu
	if cpu == 0 {
		cpu = 0x0100000c
	}
	head := le(uint32(0xfeedfacf), cpu, m.sub, uint32(2), uint32(4+len(m.commands)), uint32(len(commands)), uint32(0x200085), uint32(0), commands)
	file := make([]byte, 0x8000, 0x8000+len(m.linkedit))
	for k := range 0x200 {
		file[0x1000+k] = byte(k)
	}
	for k := range m.slots { // adrp x16, __got; ldr x16, [x16, #8*k]; br x16
		copy(file[0x1100+12*k:], le(uint32(0xf0000010), 0xf9400210|uint32(k)<<10, uint32(0xd61f0200)))
	}
	copy(file[0x4000:], m.data[:])
	file = append(file, m.linkedit...)
	copy(file, head) // last: those of hostile images take more room than there is
	return file
}
