package archivetest

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// Zip packs files as Info-ZIP does with -y: links are kept, sizes are in local headers.
func Zip(f Files) []byte {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range f.names() {
		content, mode := f.get(name)
		h := &zip.FileHeader{Name: name, Method: zip.Deflate}
		if mode.IsDir() {
			h.Name, h.Method = name+"/", zip.Store
		}
		h.SetMode(mode | 0o755)
		_, err := must(z.CreateHeader(h)).Write([]byte(content))
		check(err)
	}
	check(z.Close())
	return b.Bytes()
}

// ZipEntry is one entry of a zip that is written as it is told, right or wrong.
type ZipEntry struct {
	Name, Content string
	Local         string // the name in the local header; empty: Name
	Flags, Method uint16
	Attributes    uint32 // of Unix, in the upper half
	Hidden        bool   // the central directory leaves it out
	Sum           uint32 // zero: that of Content
	At            int64  // of its local header, plus one, when the directory lies; zero: where it is
	Size          uint32 // what is claimed when it is unpacked; zero: that of Content
	Empty         bool   // nothing is claimed when it is unpacked
	Behind        string // what follows before the next header
}

// RawZip packs entries whose contents are as they are told.
func RawZip(entries ...ZipEntry) []byte {
	var b, dir bytes.Buffer
	le := binary.LittleEndian
	count := 0
	for _, e := range entries {
		local, sum, size := e.Local, e.Sum, e.Size
		if local == "" {
			local = e.Name
		}
		if sum == 0 {
			sum = crc32.ChecksumIEEE([]byte(e.Content))
		}
		if size == 0 {
			size = uint32(len(e.Content))
		}
		if e.Empty {
			sum, size = 0, 0
		}
		at := uint32(b.Len())
		if e.At > 0 {
			at = uint32(e.At - 1)
		}
		head := func(name string) []byte {
			h := le.AppendUint16(nil, 20)
			h = le.AppendUint16(h, e.Flags)
			h = le.AppendUint16(h, e.Method)
			h = le.AppendUint32(h, 0)
			h = le.AppendUint32(h, sum)
			h = le.AppendUint32(h, uint32(len(e.Content)))
			h = le.AppendUint32(h, size)
			return le.AppendUint16(h, uint16(len(name)))
		}
		b.WriteString("PK\x03\x04")
		b.Write(head(local))
		b.Write(le.AppendUint16(nil, 0))
		b.WriteString(local + e.Content + e.Behind)
		if e.Hidden {
			continue
		}
		count++
		dir.WriteString("PK\x01\x02")
		dir.Write([]byte{20, 3})
		dir.Write(head(e.Name))
		c := make([]byte, 8, 16)
		dir.Write(le.AppendUint32(le.AppendUint32(c, e.Attributes), at))
		dir.WriteString(e.Name)
	}
	at := b.Len()
	b.Write(dir.Bytes())
	end := append([]byte("PK\x05\x06"), 0, 0, 0, 0)
	end = le.AppendUint16(end, uint16(count))
	end = le.AppendUint16(end, uint16(count))
	end = le.AppendUint32(end, uint32(dir.Len()))
	end = le.AppendUint32(end, uint32(at))
	b.Write(le.AppendUint16(end, 0))
	return b.Bytes()
}
