package archivetest

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

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

// written is what a packer writes for content.
func written[W io.WriteCloser](packer func(io.Writer) W, content []byte) []byte {
	var b bytes.Buffer
	w := packer(&b)
	must(w.Write(content))
	check(w.Close())
	return b.Bytes()
}

func deflated(content []byte) []byte { return written(zlib.NewWriter, content) }

// Gzip packs a file.
func Gzip(content []byte) []byte { return written(gzip.NewWriter, content) }

// XZ packs a file.
func XZ(content []byte) []byte {
	return written(func(w io.Writer) io.WriteCloser { return must(xz.NewWriter(w)) }, content)
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
