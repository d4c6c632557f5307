package apfs

import (
	"encoding/binary"
	"hash/crc32"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// canonical returns one name for all that are the same on the volume: decomposed, and where
// case does not count, folded (linux-apfs-rw, unicode.c; of Unicode 9, but a character
// that is assigned is composed and folded the same ever after, and APFS takes no others).
func (v *Volume) canonical(name string) string {
	switch {
	case !v.hashed():
		return name
	case v.CaseInsensitive && ascii(name):
		return strings.ToLower(name)
	case !v.CaseInsensitive:
		return norm.NFD.String(name)
	}
	var b strings.Builder
	for _, r := range norm.NFD.String(name) {
		fold(&b, r)
	}
	return norm.NFD.String(b.String())
}

// hash returns that of a name in the key of a folder: CRC-32C of the canonical name in
// UTF-32, without the last complement, of which 22 bits are kept (j_drec_hashed_key_t).
func hash(canonical string) uint32 {
	b := make([]byte, 0, 4*len(canonical))
	for _, r := range canonical {
		b = binary.LittleEndian.AppendUint32(b, uint32(r))
	}
	return ^crc32.Checksum(b, castagnoli) & (1<<22 - 1)
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// fold adds the full case folding of a decomposed character (CaseFolding.txt, C and F).
// What package unicode knows of case gives that of single characters, but for these.
func fold(b *strings.Builder, r rune) {
	switch f, special := folds[r]; {
	case special:
		b.WriteString(f)
	case r >= 0x13a0 && r <= 0x13f5: // Cherokee is folded to capitals
		b.WriteRune(r)
	case r >= 0xab70 && r <= 0xabbf:
		b.WriteRune(r - 0xab70 + 0x13a0)
	case r >= 0x13f8 && r <= 0x13fd:
		b.WriteRune(r - 8)
	default:
		b.WriteRune(unicode.ToLower(unicode.ToUpper(r)))
	}
}

var folds = map[rune]string{
	'ı': "ı", // not i
	'ß': "ss", 'ẞ': "ss", 'ŉ': "ʼn", 'ẚ': "aʾ", 'և': "եւ",
	'ﬀ': "ff", 'ﬁ': "fi", 'ﬂ': "fl", 'ﬃ': "ffi", 'ﬄ': "ffl", 'ﬅ': "st", 'ﬆ': "st",
	'ﬓ': "մն", 'ﬔ': "մե", 'ﬕ': "մի", 'ﬖ': "վն", 'ﬗ': "մխ",
}
