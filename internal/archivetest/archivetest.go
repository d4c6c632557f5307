// Package archivetest packs files in the formats that package archive reads, for tests.
// It writes what the usual tools write, in the plainest form; tests make it wrong by
// changing the bytes.
package archivetest

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/zlib"
	"crypto/sha1" // what xar writes
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

// Files are contents by name. A name that ends in / is a folder; contents that begin
// with "-> " are a symbolic link.
type Files map[string]string

// Format packs files.
type Format struct {
	Name string
	Pack func(Files) []byte
}

// Formats are the formats that keep folders and links.
var Formats = []Format{
	{"zip", Zip},
	{"tar", Tar},
	{"cpio (odc)", func(f Files) []byte { return Cpio(f, false) }},
	{"cpio (newc)", func(f Files) []byte { return Cpio(f, true) }},
	{"xar", func(f Files) []byte { return Xar(f, nil) }},
	{"asar", Asar},
}

// Stream packs one file.
type Stream struct {
	Name string
	Pack func([]byte) []byte
}

// Streams are the formats of one file that can be written here; bzip2 cannot.
var Streams = []Stream{
	{"gzip", Gzip},
	{"xz", XZ},
	{"zstd", Zstd},
	{"pbzx", Pbzx},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// names are the files and the folders around them, each folder before what is in it.
func (f Files) names() []string {
	all := map[string]bool{}
	for name := range f {
		all[strings.TrimSuffix(name, "/")] = true
		for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "."; dir = path.Dir(dir) {
			all[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// get returns the contents of a file, the target of a link, and what of both it is.
func (f Files) get(name string) (content string, mode fs.FileMode) {
	content, ok := f[name]
	if !ok {
		return "", fs.ModeDir
	}
	if target, is := strings.CutPrefix(content, "-> "); is {
		return target, fs.ModeSymlink
	}
	return content, 0
}

// Write writes the files into a folder, with no right for anyone to run them.
func (f Files) Write(dir string) {
	for _, name := range f.names() {
		content, kind := f.get(name)
		name = filepath.Join(dir, filepath.FromSlash(name))
		switch kind {
		case fs.ModeDir:
			check(os.MkdirAll(name, 0o755))
		case fs.ModeSymlink:
			check(os.Symlink(content, name))
		default:
			check(os.WriteFile(name, []byte(content), 0o644))
		}
	}
}

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

// Tar packs files.
func Tar(f Files) []byte {
	var list []tar.Header
	var contents []string
	for _, name := range f.names() {
		content, mode := f.get(name)
		h := tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(content))}
		switch mode {
		case fs.ModeDir:
			h.Name, h.Typeflag = name+"/", tar.TypeDir
		case fs.ModeSymlink:
			h.Linkname, h.Typeflag, h.Size, content = content, tar.TypeSymlink, 0, ""
		}
		list, contents = append(list, h), append(contents, content)
	}
	return RawTar(list, contents)
}

// RawTar packs entries with these headers.
func RawTar(list []tar.Header, contents []string) []byte {
	var b bytes.Buffer
	t := tar.NewWriter(&b)
	for i := range list {
		check(t.WriteHeader(&list[i]))
		_, err := io.WriteString(t, contents[i])
		check(err)
	}
	check(t.Close())
	return b.Bytes()
}

// Cpio packs files in the form odc, or newc.
func Cpio(f Files, newc bool) []byte {
	var b bytes.Buffer
	pad := func() {
		for newc && b.Len()%4 != 0 {
			b.WriteByte(0)
		}
	}
	put := func(name, content string, mode int) {
		if newc {
			fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x", 1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name)+1, 0)
		} else {
			fmt.Fprintf(&b, "070707%06o%06o%06o%06o%06o%06o%06o%011o%06o%011o", 0, 1, mode, 0, 0, 1, 0, 0, len(name)+1, len(content))
		}
		b.WriteString(name + "\x00")
		pad()
		b.WriteString(content)
		pad()
	}
	for _, name := range f.names() {
		content, mode := f.get(name)
		put("./"+name, content, map[fs.FileMode]int{0: 0o100755, fs.ModeDir: 0o40755, fs.ModeSymlink: 0o120755}[mode])
	}
	put("TRAILER!!!", "", 0)
	return b.Bytes()
}

// Ar packs files as ar of macOS does, in the order of their names.
func Ar(f Files) []byte {
	b := []byte("!<arch>\n")
	for _, name := range slices.Sorted(maps.Keys(f)) {
		content := name + "\x00" + f[name]
		b = fmt.Appendf(b, "%-16s%-12d%-6d%-6d%-8o%-10d`\n%s", "#1/"+strconv.Itoa(len(name)+1), 0, 0, 0, 0o644, len(content), content)
		if len(b)%2 != 0 {
			b = append(b, '\n')
		}
	}
	return b
}

// Asar packs files as @electron/asar does.
func Asar(f Files) []byte {
	root := map[string]any{}
	var contents []byte
	at := func(name string) map[string]any {
		dir := root
		for part := range strings.SplitSeq(name, "/") {
			files, _ := dir["files"].(map[string]any)
			if files == nil {
				files = map[string]any{}
				dir["files"] = files
			}
			next, _ := files[part].(map[string]any)
			if next == nil {
				next = map[string]any{}
				files[part] = next
			}
			dir = next
		}
		return dir
	}
	for _, name := range f.names() {
		content, mode := f.get(name)
		n := at(name)
		switch mode {
		case fs.ModeDir:
			n["files"] = map[string]any{}
		case fs.ModeSymlink: // relative to the asar
			n["link"] = path.Join(path.Dir(name), content)
		default:
			n["offset"], n["size"] = strconv.Itoa(len(contents)), len(content)
			contents = append(contents, content...)
		}
	}
	return append(AsarHeader(string(must(json.Marshal(root)))), contents...)
}

// AsarHeader is a header with that JSON.
func AsarHeader(text string) []byte {
	padded := (len(text) + 3) / 4 * 4
	le := binary.LittleEndian
	b := le.AppendUint32(nil, 4)
	b = le.AppendUint32(b, uint32(padded+8))
	b = le.AppendUint32(b, uint32(padded+4))
	b = le.AppendUint32(b, uint32(len(text)))
	return append(append(b, text...), make([]byte, padded-len(text))...)
}

// Sign returns what signs the checksum of a table of contents.
type Sign func(sum []byte) []byte

// Signatures are what signs a xar.
type Signatures struct {
	RSA, CMS                         Sign     // nil for none
	RSACertificates, CMSCertificates [][]byte // that the table of contents names, in DER
	Padding                          int      // bytes of zero behind the CMS
	SHA256                           bool     // for the checksum of the table, instead of SHA-1
}

// sum is the checksum of a table of contents.
func (s *Signatures) sum(toc []byte) []byte {
	if s != nil && s.SHA256 {
		sum := sha256.Sum256(toc)
		return sum[:]
	}
	sum := sha1.Sum(toc) // what xar writes
	return sum[:]
}

// place sets room aside in the heap and says so in the table of contents.
func (s *Signatures) place(toc, heap *bytes.Buffer) {
	sum := s.sum(nil)
	style := map[int]string{sha1.Size: "sha1", sha256.Size: "sha256"}[len(sum)]
	fmt.Fprintf(toc, `<checksum style="%s"><offset>0</offset><size>%d</size></checksum>`, style, len(sum))
	heap.Write(sum)
	if s == nil {
		return
	}
	put := func(element, style string, size int, certificates [][]byte) {
		fmt.Fprintf(toc, `<%s style="%s"><offset>%d</offset><size>%d</size>`, element, style, heap.Len(), size)
		if certificates != nil {
			toc.WriteString(`<KeyInfo xmlns="http://www.w3.org/2000/09/xmldsig#"><X509Data>`)
			for _, c := range certificates {
				fmt.Fprintf(toc, "<X509Certificate>%s</X509Certificate>", base64.StdEncoding.EncodeToString(c))
			}
			toc.WriteString("</X509Data></KeyInfo>")
		}
		fmt.Fprintf(toc, "</%s>", element)
		heap.Write(make([]byte, size))
	}
	if s.RSA != nil {
		put("signature", "RSA", len(s.RSA(sum)), s.RSACertificates)
	}
	if s.CMS != nil {
		put("x-signature", "CMS", len(s.CMS(sum))+s.Padding, s.CMSCertificates)
	}
}

// fill puts the checksum and what signs it into their places.
func (s *Signatures) fill(heap, sum []byte) {
	heap = heap[copy(heap, sum):]
	if s != nil && s.RSA != nil {
		heap = heap[copy(heap, s.RSA(sum)):]
	}
	if s != nil && s.CMS != nil {
		copy(heap, s.CMS(sum))
	}
}

// Xar packs files as xar does, signed unless s is nil.
func Xar(f Files, s *Signatures) []byte {
	var toc, heap bytes.Buffer
	toc.WriteString(xml.Header + "<xar><toc>")
	s.place(&toc, &heap)
	id := 0
	var put func(dir string)
	put = func(dir string) {
		for _, name := range f.names() {
			if path.Dir(name) != dir {
				continue
			}
			content, mode := f.get(name)
			id++
			fmt.Fprintf(&toc, `<file id="%d"><name>%s</name>`, id, escape(path.Base(name)))
			switch mode {
			case fs.ModeDir:
				toc.WriteString("<type>directory</type>")
				put(name)
			case fs.ModeSymlink:
				fmt.Fprintf(&toc, `<type>symlink</type><link type="file">%s</link>`, escape(content))
			default:
				packed, style := deflated([]byte(content)), "application/x-gzip"
				if strings.HasPrefix(content, "\x1f\x8b") || strings.HasPrefix(content, "pbzx") { // pkgbuild packs no payload twice
					packed, style = []byte(content), "application/octet-stream"
				}
				fmt.Fprintf(&toc, `<type>file</type><data><offset>%d</offset><size>%d</size><length>%d</length>`+
					`<encoding style="%s"/><extracted-checksum style="sha1">%s</extracted-checksum>`+
					`<archived-checksum style="sha1">%s</archived-checksum></data>`,
					heap.Len(), len(content), len(packed), style, hexSum([]byte(content)), hexSum(packed))
				heap.Write(packed)
			}
			toc.WriteString("</file>")
		}
	}
	put(".")
	toc.WriteString("</toc></xar>")
	return RawXar(toc.String(), heap.Bytes(), s)
}

// RawXar packs a table of contents and a heap, whose first bytes become the checksum and
// then what s makes of it.
func RawXar(toc string, heap []byte, s *Signatures) []byte {
	packed := deflated([]byte(toc))
	sum := s.sum(packed)
	s.fill(heap, sum)
	be := binary.BigEndian
	header, number := xarHeader, uint32(1)
	if len(sum) == sha256.Size {
		header, number = xarHeader+8, 3
	}
	b := be.AppendUint16([]byte("xar!"), uint16(header))
	b = be.AppendUint16(b, 1)
	b = be.AppendUint64(b, uint64(len(packed)))
	b = be.AppendUint64(b, uint64(len(toc)))
	b = be.AppendUint32(b, number)
	if number == 3 {
		b = append(b, "sha256\x00\x00"...)
	}
	return append(append(b, packed...), heap...)
}

const xarHeader = 28

func escape(s string) string {
	var b bytes.Buffer
	check(xml.EscapeText(&b, []byte(s)))
	return b.String()
}

func hexSum(b []byte) string {
	sum := sha1.Sum(b) // what xar writes
	return hex.EncodeToString(sum[:])
}

func deflated(content []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	must(w.Write(content))
	check(w.Close())
	return b.Bytes()
}

// Gzip packs a file.
func Gzip(content []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	must(w.Write(content))
	check(w.Close())
	return b.Bytes()
}

// XZ packs a file.
func XZ(content []byte) []byte {
	var b bytes.Buffer
	w := must(xz.NewWriter(&b))
	must(w.Write(content))
	check(w.Close())
	return b.Bytes()
}

// Zstd packs a file.
func Zstd(content []byte) []byte {
	w := must(zstd.NewWriter(nil))
	defer w.Close()
	return w.EncodeAll(content, nil)
}

// Pbzx packs a file in chunks of up to 64 KiB, of which the last one stays as it is.
func Pbzx(content []byte) []byte {
	const chunk = 64 << 10
	be := binary.BigEndian
	b := be.AppendUint64([]byte("pbzx"), chunk)
	for part := range slices.Chunk(content, chunk) {
		packed := XZ(part)
		if len(part) < chunk || len(packed) >= len(part) {
			packed = part
		}
		b = be.AppendUint64(b, uint64(len(part)))
		b = be.AppendUint64(b, uint64(len(packed)))
		b = append(b, packed...)
	}
	return b
}

// Package is a component package with that payload, signed unless s is nil.
func Package(payload Files, s *Signatures) []byte {
	return Xar(Files{
		"Bom":         "BOMStore, which is not looked at",
		"PackageInfo": `<pkg-info identifier="com.acme.app" version="1.0" install-location="/Applications"/>`,
		"Payload":     string(Gzip(Cpio(payload, false))),
	}, s)
}
