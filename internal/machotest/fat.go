package machotest

import "encoding/binary"

// Fat describes a universal file (mach-o/fat.h). Its zero value is an empty one with FAT_MAGIC.
type Fat struct {
	Slices []Slice
	Wide   bool // FAT_MAGIC_64
	Little bool // header and architectures in the other byte order: FAT_CIGAM

	NFat          *uint32                   // number of architectures that the header claims; less hides the last ones
	Arch          func([]FatArch) []FatArch // edits the architectures once the slices are placed
	TrailingBytes []byte                    // after the last slice
	Patch         func([]byte) []byte       // edits the finished file
}

// Slice is one architecture of a universal file.
type Slice struct {
	Binary Binary
	Raw    []byte // written instead of Binary, which still gives the architecture; nil: Binary
	Align  uint32 // log2; 0: 14, the page size of arm64
}

// FatArch is a fat_arch_64 (mach-o/fat.h). A fat_arch has 32 bits of Offset and Size and no Reserved.
type FatArch struct {
	CPU, SubCPU     uint32
	Offset, Size    uint64
	Align, Reserved uint32
}

// Bytes returns the file. A slice is written where it was placed, whatever the hook Arch makes of its offset.
func (f Fat) Bytes() []byte {
	var archs []FatArch
	var parts [][]byte
	end := uint64(8 + 32*len(f.Slices))
	for _, s := range f.Slices {
		arch, data := s.place(end)
		archs, parts = append(archs, arch), append(parts, data)
		end = arch.Offset + arch.Size
	}
	file := make([]byte, end)
	for i, data := range parts {
		copy(file[archs[i].Offset:], data)
	}
	if f.Arch != nil {
		archs = f.Arch(archs)
	}
	header := f.header(archs)
	file = append(file, make([]byte, max(0, len(header)-len(file)))...)
	copy(file, header)
	file = append(file, f.TrailingBytes...)
	if f.Patch != nil {
		file = f.Patch(file)
	}
	return file
}

// place puts the slice at the first aligned offset from after on.
func (s Slice) place(after uint64) (FatArch, []byte) {
	data := s.Raw
	if data == nil {
		data = s.Binary.Bytes()
	}
	b := s.Binary.withDefaults()
	log2 := orDefault(s.Align, 14)
	return FatArch{
		CPU:    b.CPU,
		SubCPU: b.SubCPU,
		Offset: align(after, 1<<log2),
		Size:   uint64(len(data)),
		Align:  log2,
	}, data
}

func (f Fat) header(archs []FatArch) []byte {
	magic, count := uint32(0xcafebabe), uint32(len(archs))
	if f.Wide {
		magic = 0xcafebabf
	}
	if f.NFat != nil {
		count = *f.NFat
	}
	e := encoder{order: binary.BigEndian, wide: f.Wide}
	if f.Little {
		e.order = binary.LittleEndian
	}
	out := e.fields(magic, count)
	for _, a := range archs {
		out = append(out, e.fields(a.CPU, a.SubCPU, word(a.Offset), word(a.Size), a.Align)...)
		if f.Wide {
			out = append(out, e.fields(a.Reserved)...)
		}
	}
	return out
}
