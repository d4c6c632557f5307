package archivetest

import (
	"bytes"
	"crypto/sha1" // what xar writes
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

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
	return rawXar(toc.String(), heap.Bytes(), s)
}

// rawXar packs a table of contents and a heap, whose first bytes become the checksum and
// then what s makes of it.
func rawXar(toc string, heap []byte, s *Signatures) []byte {
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

// Package is a component package with that payload, signed unless s is nil.
func Package(payload Files, s *Signatures) []byte {
	return Xar(Files{
		"Bom":         "BOMStore, which is not looked at",
		"PackageInfo": `<pkg-info identifier="com.acme.app" version="1.0" install-location="/Applications"/>`,
		"Payload":     string(Gzip(Cpio(payload, false))),
	}, s)
}
