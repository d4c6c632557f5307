package archive

import (
	"bytes"
	"strings"
	"testing"
)

// Formats that have no magic, or a short one, are told by all that their header says.
func TestRecogniseTellsFormatsWithoutAMagicFromData(t *testing.T) {
	rest := strings.Repeat("and more", 99)
	const cpio = "\xc7\x71\x00\x00\x01\x00\xed\x81\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04\x00a\x00"
	const double = "\x00\x05\x16\x07\x00\x02\x00\x00Mac OS X        \x00\x01\x00\x00\x00\x02\x00\x00\x00\x26\x00\x00\x00\x04"
	for _, row := range []struct{ name, head, want string }{
		{"lzma of a known size", "\x5d\x00\x00\x80\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00", "LZMA"},
		{"lzma of one that is not", "\x5d\x00\x00\x04\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "LZMA"},
		{"lzma with a dictionary of a power of two and its half", "\x5d\x00\x00\x0c\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", "LZMA"},
		{"a dictionary of another size", "\x5d\x00\x00\x0d\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", ""},
		{"no dictionary", "\x5d\x00\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff\x00", ""},
		{"a size of 2^38", "\x5d\x00\x00\x80\x00\x00\x00\x00\x00\x40\x00\x00\x00\x00", ""},
		{"text", "] and so on, and so on", ""},
		{"compress with codes of 16 bits", "\x1f\x9d\x90", "compress"},
		{"compress with codes of 8", "\x1f\x9d\x88", ""},
		{"compress with flags that nobody knows", "\x1f\x9d\xf0", ""},
		{"a frame of zstd that is skipped", "\x5f\x2a\x4d\x18\x04\x00\x00\x00", "zstd"},
		{"a binary cpio", cpio, "binary cpio"},
		{"a binary cpio of the other byte order", "\x71\xc7\x00\x00\x00\x01\x81\xed\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x00\x04a\x00", "binary cpio"},
		{"one whose name does not end", cpio[:27] + "b", ""},
		{"a part of a zip", "PK\x07\x08PK\x03\x04", "zip"},
		{"a Windows image", "MSWIM\x00\x00\x00", "Windows image"},
		{"LZ4 before it had frames", "\x02\x21\x4c\x18", "LZ4"},
		{"lzop", "\x89LZO\x00\r\n\x1a\n", "lzop"},
		{"uuencode", "begin 644 a.tar\n" + "M" + strings.Repeat("0", 60) + "\n", "uuencode"},
		{"uuencode by base64", "begin-base64 644 a.tar\nAAAA\n", "uuencode"},
		{"a text that begins", "begin 644 times\nand then no line of its length\n", ""},
		{"another", "begin with this\n", ""},
		{"a script with xz behind it", "#!/bin/sh\nexit\n\xfd7zXZ\x00", "a script with an archive behind it"},
		{"a script with bzip2 behind it", "#!/bin/sh\nexit\nBZh91AY&SY", "a script with an archive behind it"},
		{"a script that speaks of it", "#!/bin/sh\necho BZh91AY&SY\nBZh9\n", ""},
		{"AppleDouble with a program", double + "\xcf\xfa\xed\xfe", "AppleDouble with a program as its resource fork"},
		{"AppleDouble with a resource fork", double + "\x00\x00\x01\x00", ""},
		{"zeros", strings.Repeat("\x00", 64), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			b := []byte(row.head + rest)
			f, err := Recognise(bytes.NewReader(b), int64(len(b)), nil, true)
			if f != nil {
				got = f.Name
			}
			if got != row.want || err != nil {
				t.Errorf("is taken for %q, %v", got, err)
			}
		})
	}
}
