package scan

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/archive"
	"github.com/codewarrant/codewarrant/macho"
)

// payloads tells what a program carries in a form that its own code unpacks when it
// runs, other code perhaps. It is in the file and not in a format of archives.
func payloads(item *artifact.Item, slices []check.Slice) []check.Remark {
	told := map[string]bool{}
	var remarks []check.Remark
	for i := range slices {
		s := &slices[i].Slice
		if s.Err != nil || !s.IsProgram() {
			continue
		}
		for _, find := range []func(io.ReaderAt, *macho.Slice) string{dotNet, pyInstaller} {
			if what := find(item, s); what != "" && !told[what] {
				told[what] = true
				remarks = append(remarks, check.Remark{Rule: check.RuleOpaquePayload, Path: item.Path, Message: what})
			}
		}
	}
	return remarks
}

// dotNetMarker is what the host of .NET searches itself for: the SHA-256 of ".net core
// bundle", and before it eight bytes that say where the bundle is in the file, zero for
// none (dotnet/runtime, src/native/corehost/bundle_marker.cpp).
var dotNetMarker = []byte{
	0x8b, 0x12, 0x02, 0xb9, 0x6a, 0x61, 0x20, 0x38, 0x72, 0x7b, 0x93, 0x02, 0x14, 0xd7, 0xa0, 0x32,
	0x13, 0xf5, 0xb9, 0xe6, 0xef, 0xae, 0x33, 0x18, 0xee, 0x3b, 0x2d, 0xce, 0x24, 0xb3, 0x6a, 0xae,
}

func dotNet(r io.ReaderAt, s *macho.Slice) string {
	const before = 8
	for _, d := range s.Data {
		base := s.Range.Offset + d.Offset
		at, err := archive.Index(io.NewSectionReader(r, int64(base), int64(d.Size)), dotNetMarker)
		if err != nil || at < before {
			continue // what cannot be read is told where the code is compared with its hashes
		}
		var b [before]byte
		if _, err := r.ReadAt(b[:], int64(base)+at-before); err == nil {
			// A program that looks for the marker, as this one does, has it, and no bundle.
			if where := binary.LittleEndian.Uint64(b[:]); where > 0 && where < s.Range.Size {
				return fmt.Sprintf("a single-file bundle of .NET at offset %d: what its host unpacks, native libraries among it, is not read", where)
			}
		}
	}
	return ""
}

// The cookie of PyInstaller is at the end of its archive, which is at the end of the
// program, before the signature: the magic, the length of the archive, and where its
// table of contents is, big-endian (pyinstaller, bootloader/src/pyi_archive.h).
var pyInstallerMagic = []byte("MEI\x0c\x0b\x0a\x0b\x0e")

const (
	pyInstallerCookie = 24 // the part of the cookie that is looked at
	pyInstallerWindow = 64 << 10
)

func pyInstaller(r io.ReaderAt, s *macho.Slice) string {
	end := s.Range.Size
	if s.Signature != nil {
		end = s.Signature.Offset
	}
	from := end - min(end, pyInstallerWindow)
	b := make([]byte, end-from)
	if _, err := r.ReadAt(b, int64(s.Range.Offset+from)); err != nil {
		return ""
	}
	at := bytes.LastIndex(b, pyInstallerMagic)
	if at < 0 || len(b)-at < pyInstallerCookie {
		return ""
	}
	length, version := binary.BigEndian.Uint32(b[at+8:]), binary.BigEndian.Uint32(b[at+20:])
	if uint64(length) > s.Range.Size {
		return ""
	}
	return fmt.Sprintf("an archive of PyInstaller of %d bytes (Python %d.%d): the libraries in it are not read", length, version/100, version%100)
}
