package archive

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"io"
	"iter"
	"slices"
	"sync"
)

type (
	lister   = func(r io.ReaderAt, size int64) iter.Seq2[Entry, error]
	unpacker = func(r io.Reader) (io.ReadCloser, error)
)

// probe is a file whose format is asked for: its beginning, and what is behind it, unless
// only the beginning is at hand.
type probe struct {
	r    io.ReaderAt
	size int64
	head []byte
	cut  bool
}

// bytes returns n bytes at an offset, nil where the file ends before or they are not at
// hand.
func (p *probe) bytes(offset int64, n int) []byte {
	if offset >= 0 && offset+int64(n) <= int64(len(p.head)) {
		return p.head[offset:][:n:n]
	}
	if p.cut || offset < 0 || int64(n) > p.size-offset {
		return nil
	}
	b := make([]byte, n)
	if readAt(p.r, p.size, b, offset) != nil {
		return nil
	}
	return b
}

// begins returns the formats that a file begins as, each once.
func (p *probe) begins() []*Format {
	var all []*Format
	for i := range formats {
		f := &formats[i]
		if b := p.bytes(f.at, len(f.magic)); b == nil || string(b) != f.magic || f.is != nil && !f.is(p) {
			continue
		}
		if !slices.ContainsFunc(all, func(other *Format) bool { return other.Name == f.name }) {
			read := f.read
			read.Name = f.name
			all = append(all, &read)
		}
	}
	return all
}

var heads = sync.Pool{New: func() any { return new([HeadSize]byte) }}

// Recognise returns the format of a file of that size, nil for one that packs nothing.
// A file that is read as one format by those that know that, and as another one by others,
// is an AmbiguousError beside the first of them. What the file was found to be before is
// first, nil for nothing.
//
// The end of a file tells a zip and a disk image, which may begin with anything. It is
// looked at if end says so, and else only where the beginning suggests it.
func Recognise(r io.ReaderAt, size int64, first *Format, end bool) (*Format, error) {
	buf := heads.Get().(*[HeadSize]byte)
	defer heads.Put(buf)
	p := &probe{r: r, size: size, head: buf[:min(HeadSize, size)]}
	if err := readAt(r, size, p.head, 0); err != nil {
		return nil, err
	}
	if !end && first == nil && !MayPack(p.head) {
		return nil, nil
	}
	all := p.begins()
	if first != nil {
		all = append([]*Format{first}, all...)
	}
	all, err := p.ends(all)
	switch {
	case err != nil:
		if len(all) == 0 {
			return nil, err
		}
		return all[0], err
	case len(all) == 0:
		return nil, nil
	case len(all) == 1:
		return all[0], nil
	}
	return all[0], Ambiguous("some readers take it for the format %s, others for %s", all[0].Name, all[1].Name)
}

// MayPack reports whether a file of which that is the beginning may pack others, as far as
// that tells it. What begins as a script or a program for Windows may have a zip behind it.
func MayPack(head []byte) bool {
	p := &probe{size: int64(len(head)), head: head, cut: true}
	return len(p.begins()) > 0 || p.mayFollow() || p.behind() != nil
}

func (p *probe) mayFollow() bool {
	return bytes.HasPrefix(p.head, []byte("#!")) || bytes.HasPrefix(p.head, []byte("MZ"))
}

// behind looks for what packs files behind anything else, and has no end by which it is
// found: a stream in a script that unpacks it, as makeself writes them, what unpacks itself
// on other systems, and a zip or a 7-Zip archive, which 7-Zip looks for in any file.
func (p *probe) behind() *Format {
	const maxScript, maxStub = 64 << 10, 0x60000 // of makeself some 20 KB; SFX_MAX_ADDR of libarchive
	b := p.head
	more := func(most int64) {
		if all := p.bytes(0, int(min(most, p.size))); all != nil {
			b = all
		}
	}
	switch {
	case bytes.HasPrefix(b, []byte("#!")):
		more(maxScript)
		for _, magic := range []string{"\x1f\x8b\x08", xzMagic, "\x28\xb5\x2f\xfd", "BZh"} {
			if hasSound(b, "\n"+magic, func(b []byte) bool { return magic != "BZh" || isBzip2Head(b[1:]) }) {
				return &Format{Name: "a script with an archive behind it", Opaque: true}
			}
		}
	case bytes.HasPrefix(b, []byte("MZ")), bytes.HasPrefix(b, []byte("\x7fELF")):
		more(maxStub)
		if hasSound(b, "MSCF\x00\x00\x00\x00", isCabinet) || hasSound(b, "Rar!\x1a\x07", isRAR) {
			return &Format{Name: "a program with an archive behind it", Opaque: true}
		}
	}
	switch {
	case hasSound(b, sevenZip, isSevenZip):
		return &Format{Name: "7-Zip behind something else", Opaque: true}
	case hasSound(b, zipLocal, isLocalHeader):
		return &Format{Name: "zip behind something else, without its end", Opaque: true}
	}
	return nil
}

// hasSound reports whether there is a magic number in b with what makes it one.
func hasSound(b []byte, magic string, sound func([]byte) bool) bool {
	for {
		i := bytes.Index(b, []byte(magic))
		if i < 0 {
			return false
		}
		if sound(b[i:]) {
			return true
		}
		b = b[i+1:]
	}
}

// isSevenZip reports whether b begins with a header of 7-Zip, by its checksum (7zFormat.txt).
func isSevenZip(b []byte) bool {
	const sum, next, size = 8, 12, 32
	return len(b) >= size && binary.LittleEndian.Uint32(b[sum:]) == crc32.ChecksumIEEE(b[next:size])
}

// isCabinet asks for the version that there is, 1.3 (CabIn.cpp of 7-Zip).
func isCabinet(b []byte) bool { return len(b) >= 26 && b[24] == 3 && b[25] == 1 }

// isRAR asks for the first header of version 4, or the end of the magic number of version 5
// (RAR 5.0 archive format).
func isRAR(b []byte) bool {
	return len(b) >= 10 && (b[6] == 0 && b[9] == 0x73 || b[6] == 1 && b[7] == 0)
}

// isLocalHeader reports whether b begins with a local header of a zip, by what there is of
// versions, methods and names (4.4.3, 4.4.5).
func isLocalHeader(b []byte) bool {
	if len(b) < zipLocalSize {
		return false
	}
	le := binary.LittleEndian
	version, method, name := b[4], le.Uint16(b[8:]), int(le.Uint16(b[26:]))
	if version > 63 || method > 20 && (method < 93 || method > 99) || name == 0 || name > maxName {
		return false
	}
	return bytes.IndexFunc(b[zipLocalSize:min(zipLocalSize+name, len(b))], func(c rune) bool { return c < ' ' }) < 0
}

// ends adds the formats that the end of a file tells to those that its beginning does.
func (p *probe) ends(all []*Format) ([]*Format, error) {
	t, err := readTail(p.r, p.size)
	if err != nil {
		return all, err
	}
	defer t.release()
	switch image := t.image(len(all) > 0); {
	case image == nil:
	case len(all) == 0:
		all = []*Format{image}
	case all[0].Image:
		image.Begins = Disk
		all[0] = image
	case all[0].Unpack != nil || all[0].Name == "LZFSE": // which has packed the first chunk of an image
		image.Begins = all[0].Name
		all = append([]*Format{image}, all[1:]...)
	default:
		all = append(all, image)
	}
	zips := t.directories(p.r)
	switch {
	case len(zips) == 0 && len(all) == 0:
		if f := p.behind(); f != nil {
			all = append(all, f)
		}
		return all, nil
	case len(all) == 0:
		return []*Format{{Name: "zip", List: listZip}}, nil
	case len(zips) == 0 || all[0].Name == "zip":
		return all, nil
	}
	f := *all[0]
	switch {
	case f.Image:
		f.List = listZips(zips)
		for _, d := range zips {
			f.Zips = append(f.Zips, d.end)
			f.ZipsApart = f.ZipsApart || d.apart
		}
	case f.List != nil:
		f.List = withoutZip(f.List, zips)
	case f.Opaque && f.Unpack == nil:
		f.List = listZips(zips)
	case f.Unpack != nil && !f.Opaque:
		f.Unpack, f.Whole = withZip(f.Unpack, p.r, p.size, zips), true
	case f.Unpack == nil && !t.isExact(zips):
		return all, &OpaqueError{"a zip in it, which is not read here"}
	default:
		return append(all, &Format{Name: "zip", List: listZip}), nil
	}
	all[0] = &f
	return all, nil
}
