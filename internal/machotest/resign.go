package machotest

import (
	"encoding/binary"
	"slices"
)

// Resign replaces the signature of a thin 64-bit little-endian main executable, which has
// to be at its end, as linkers leave it. It panics when there is none.
func Resign(file []byte, s *Signature) []byte {
	const (
		segment64     = 0x19
		codeSignature = 0x1d
		headerSize    = 32
	)
	file = slices.Clone(file)
	u32 := binary.LittleEndian.Uint32
	var signature, linkedit, text []byte
	at := file[headerSize:]
	for range u32(file[16:]) {
		cmd, size := u32(at), u32(at[4:])
		switch {
		case cmd == codeSignature:
			signature = at[:size]
		case cmd == segment64 && string(at[8:18]) == "__LINKEDIT":
			linkedit = at[:size]
		case cmd == segment64 && string(at[8:15]) == "__TEXT\x00":
			text = at[:size]
		}
		at = at[size:]
	}
	offset := uint64(u32(signature[8:]))
	blob := s.prepare(site{codeLimit: offset, textSize: binary.LittleEndian.Uint64(text[48:]), main: true})
	size := uint64(blob.size())
	binary.LittleEndian.PutUint32(signature[12:], uint32(size))
	inLinkedit := offset + size - binary.LittleEndian.Uint64(linkedit[40:])
	binary.LittleEndian.PutUint64(linkedit[48:], inLinkedit)
	binary.LittleEndian.PutUint64(linkedit[32:], align(inLinkedit, 0x4000))
	code := file[:offset]
	return append(slices.Clone(code), blob.bytes(code)...)
}
