package imagetest

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"slices"
	"strings"

	"github.com/ulikunitz/xz"
)

const sector = 512

// The types of chunks.
const (
	Zero   uint32 = 0
	Raw    uint32 = 1
	Ignore uint32 = 2
	ADCed  uint32 = 0x80000004
	Zlib   uint32 = 0x80000005
	Bzip2  uint32 = 0x80000006
	Lzfse  uint32 = 0x80000007
	XZ     uint32 = 0x80000008
)

// UDIF is how an image is written. The zero value is one table in a property list, of
// chunks of 1 MiB packed by zlib.
type UDIF struct {
	// Kinds are the types of chunks, one after the other and again from the first.
	Kinds []uint32
	// Size is that of a chunk, in bytes; 0 is 1 MiB.
	Size int
	// Tables are the first sectors of tables after the one at 0.
	Tables []int
	// Resources puts the tables into a resource fork, and NoList leaves the property list
	// out.
	Resources, NoList bool
	// Sign makes the signature of what is before it, and of the trailer as it is signed.
	Sign func(data, trailer []byte) []byte
	// Bzip2 packs what is to be packed by bzip2.
	Bzip2 func([]byte) []byte
	// LZFSE is the kind of blocks, '2' for 0.
	LZFSE byte
	// Trailer changes the trailer before anything is made of it.
	Trailer func([]byte)
	// Same is how many chunks of the same 4 MiB of the file there are behind the disk.
	Same int
	// Table changes a table.
	Table func(n int, table []byte)
}

// Write writes an image of a disk, whose length is filled up to whole sectors.
func (u UDIF) Write(disk []byte) []byte {
	disk = slices.Concat(disk, make([]byte, -len(disk)&(sector-1)))
	if u.Kinds == nil {
		u.Kinds = []uint32{Zlib}
	}
	if u.Size == 0 {
		u.Size = 1 << 20
	}
	if u.LZFSE == 0 {
		u.LZFSE = '2'
	}
	var file []byte
	var tables [][]byte
	starts := append(append([]int{0}, u.Tables...), len(disk)/sector)
	n := 0
	for t := range len(starts) - 1 {
		table := u.table(&file, disk[starts[t]*sector:starts[t+1]*sector], starts[t], &n)
		if u.Table != nil {
			u.Table(t, table)
		}
		tables = append(tables, table)
	}
	be := binary.BigEndian
	k := make([]byte, 512)
	copy(k, "koly")
	be.PutUint32(k[4:], 4)
	be.PutUint32(k[8:], 512)
	be.PutUint32(k[12:], 1)
	be.PutUint64(k[32:], uint64(len(file)))
	be.PutUint32(k[56:], 1)
	be.PutUint32(k[60:], 1)
	putSum(k[80:], crc32.ChecksumIEEE(file))
	master := crc32.NewIEEE()
	for _, t := range tables {
		master.Write(t[72:76])
	}
	putSum(k[352:], master.Sum32())
	be.PutUint32(k[488:], 1)
	be.PutUint64(k[492:], uint64(len(disk)/sector))
	put := func(at int, part []byte) {
		be.PutUint64(k[at:], uint64(len(file)))
		be.PutUint64(k[at+8:], uint64(len(part)))
		file = append(file, part...)
	}
	if !u.NoList {
		put(216, list(tables))
	}
	if u.Resources {
		put(40, resources(tables))
	}
	if u.Trailer != nil {
		u.Trailer(k)
	}
	if u.Sign != nil {
		be.PutUint64(k[296:], uint64(len(file)))
		signature := u.Sign(file, k)
		put(296, signature)
	}
	return append(file, k...)
}

func putSum(b []byte, crc uint32) {
	binary.BigEndian.PutUint32(b, 2)
	binary.BigEndian.PutUint32(b[4:], 32)
	binary.BigEndian.PutUint32(b[8:], crc)
}

func (u UDIF) table(file *[]byte, part []byte, first int, n *int) []byte {
	be := binary.BigEndian
	b := make([]byte, 204)
	copy(b, "mish")
	be.PutUint32(b[4:], 1)
	be.PutUint64(b[8:], uint64(first))
	be.PutUint64(b[16:], uint64(len(part)/sector))
	be.PutUint32(b[32:], uint32(u.Size/sector+8))
	sum := crc32.NewIEEE()
	count := 0
	entry := func(kind uint32, at, sectors, offset, length int) {
		b = be.AppendUint32(b, kind)
		b = be.AppendUint32(b, 0)
		for _, v := range []int{at, sectors, offset, length} {
			b = be.AppendUint64(b, uint64(v))
		}
		count++
	}
	for at := 0; at < len(part); at += u.Size {
		c := part[at:min(at+u.Size, len(part))]
		kind := u.Kinds[*n%len(u.Kinds)]
		*n++
		packed := u.pack(c, kind)
		entry(kind, at/sector, len(c)/sector, len(*file), len(packed))
		*file = append(*file, packed...)
		if kind != Ignore {
			sum.Write(c)
		}
	}
	at := len(part)
	if u.Same > 0 {
		*file = append(*file, make([]byte, 4<<20)...)
	}
	for range u.Same {
		entry(Raw, at/sector, 4<<20/sector, len(*file)-4<<20, 4<<20)
		at += 4 << 20
	}
	binary.BigEndian.PutUint64(b[16:], uint64(at/sector))
	entry(0xffffffff, at/sector, 0, len(*file), 0)
	putSum(b[64:], sum.Sum32())
	be.PutUint32(b[200:], uint32(count))
	return b
}

// pack packs a chunk. One of zeros has to be of zeros.
func (u UDIF) pack(c []byte, kind uint32) []byte {
	switch kind {
	case Zero, Ignore:
		if len(bytes.Trim(c, "\x00")) > 0 {
			panic("imagetest: a chunk of zeros that is none")
		}
		return nil
	case ADCed:
		return ADC(c)
	case Zlib:
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		w.Write(c)
		w.Close()
		return b.Bytes()
	case Bzip2:
		return u.Bzip2(c)
	case Lzfse:
		return LZFSE(c, u.LZFSE)
	case XZ:
		var b bytes.Buffer
		w, err := xz.WriterConfig{DictCap: 1 << 20}.NewWriter(&b)
		if err != nil {
			panic(err)
		}
		w.Write(c)
		w.Close()
		return b.Bytes()
	}
	return c
}

// list is the property list of tables.
func list(tables [][]byte) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>resource-fork</key>
	<dict>
		<key>blkx</key>
		<array>
`)
	for i, t := range tables {
		fmt.Fprintf(&b, `			<dict>
				<key>Attributes</key>
				<string>0x0050</string>
				<key>CFName</key>
				<string>table %[1]d</string>
				<key>Data</key>
				<data>
				%[2]s
				</data>
				<key>ID</key>
				<string>%[1]d</string>
				<key>Name</key>
				<string>table %[1]d</string>
			</dict>
`, i, base64.StdEncoding.EncodeToString(t))
	}
	b.WriteString("\t\t</array>\n\t</dict>\n</dict>\n</plist>\n")
	return []byte(b.String())
}

// resources is a resource fork of tables, and of one resource of another type.
func resources(tables [][]byte) []byte {
	be := binary.BigEndian
	var data, refs []byte
	add := func(id int, b []byte) {
		refs = be.AppendUint16(refs, uint16(id))
		refs = append(refs, 0xff, 0xff)
		refs = be.AppendUint32(refs, uint32(len(data)))
		refs = append(refs, 0, 0, 0, 0)
		data = append(be.AppendUint32(data, uint32(len(b))), b...)
	}
	add(0, []byte("a licence"))
	for i, t := range tables {
		add(i-1, t)
	}
	const types, mapHeader = 28, 28
	m := make([]byte, mapHeader)
	be.PutUint16(m[24:], types)
	m = be.AppendUint16(m, 2-1)
	m = append(m, "TEXT"...)
	m = be.AppendUint16(m, 0)
	m = be.AppendUint16(m, 2+2*8)
	m = append(m, "blkx"...)
	m = be.AppendUint16(m, uint16(len(tables)-1))
	m = be.AppendUint16(m, 2+2*8+12)
	m = append(m, refs...)
	be.PutUint16(m[26:], uint16(len(m)))
	b := make([]byte, 256)
	for i, v := range []int{len(b), len(b) + len(data), len(data), len(m)} {
		be.PutUint32(b[4*i:], uint32(v))
	}
	return slices.Concat(b, data, m)
}
