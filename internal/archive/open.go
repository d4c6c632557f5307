package archive

import (
	"bufio"
	"crypto/md5"  // what a xar says of its files
	"crypto/sha1" // what a xar says of its files
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"strings"

	"github.com/klauspost/compress/zlib"
)

// Method is how the contents of an entry are packed.
type Method string

// The methods that are read. Stored contents lie in the archive as they are.
const (
	Stored  Method = ""
	Deflate Method = "deflate"
	Zlib    Method = "zlib"
	Bzip2   Method = "bzip2"
	XZ      Method = "xz"
	Zstd    Method = "zstd"
)

// Sum is a checksum: its algorithm (crc32, md5, sha1, sha256 or sha512), a colon, and the
// checksum in hexadecimal; empty for none. It is one string because of the memory that
// many of them take.
type Sum string

// Algorithm returns the algorithm, empty for none.
func (s Sum) Algorithm() string {
	name, _, _ := strings.Cut(string(s), ":")
	return name
}

func (s Sum) hex() string {
	_, digits, _ := strings.Cut(string(s), ":")
	return digits
}

func (s Sum) hash() (hash.Hash, error) {
	switch s.Algorithm() {
	case "crc32":
		return crc32.NewIEEE(), nil
	case "md5":
		return md5.New(), nil // see above
	case "sha1":
		return sha1.New(), nil // see above
	case "sha256":
		return sha256.New(), nil
	case "sha512":
		return sha512.New(), nil
	}
	return nil, fmt.Errorf("a checksum of the unknown kind %.20q", s.Algorithm())
}

// Open reads the contents of an entry of the archive r. The stream ends with an error
// when it is longer or shorter than the entry says, or its checksum is another: only
// what was read to its end without one is what was packed.
func (e Entry) Open(r io.ReaderAt) (io.ReadCloser, error) {
	if e.Err != nil {
		return nil, e.Err
	}
	all, err := newChecked(io.NewSectionReader(r, e.Offset, e.Packed), e.Raw, e.Packed, "packed contents")
	if err != nil {
		return nil, err
	}
	window := 16 << 10
	if e.Method == Stored {
		window = 0
	}
	// What unpacks takes no byte more of this than it needs: none may be left.
	packed := bufio.NewReaderSize(all, window)
	var c io.ReadCloser
	switch e.Method {
	case Stored:
		c = io.NopCloser(all)
	case Deflate:
		c, err = unpackDeflate(packed)
	case Zlib:
		c, err = zlib.NewReader(packed)
	case Bzip2:
		c, err = unpackBzip2(packed)
	case XZ:
		c, err = unpackXZ(packed)
	case Zstd:
		c, err = unpackZstd(packed)
	default:
		err = fmt.Errorf("packed by the method %.20q, which is not read", e.Method)
	}
	if err != nil {
		return nil, err
	}
	sum := e.Sum
	if e.Method == Stored && sum == e.Raw {
		sum = "" // which is held against what is packed
	}
	plain, err := newChecked(c, sum, e.Size, "contents")
	if err != nil {
		c.Close()
		return nil, err
	}
	return &opened{plain, packed, c}, nil
}

// IsStored reports whether the contents lie in the archive as they are, and there is
// no checksum to hold them against.
func (e Entry) IsStored() bool {
	return e.Err == nil && e.Method == Stored && e.Sum == "" && e.Raw == ""
}

// opened is an entry that is read. At its end what is packed has to end, too.
type opened struct {
	plain  *checked
	packed *bufio.Reader
	io.Closer
}

func (o *opened) Read(b []byte) (int, error) {
	n, err := o.plain.Read(b)
	if err != io.EOF {
		return n, err
	}
	switch _, err := o.packed.Peek(1); {
	case err == nil:
		return n, Ambiguous("something follows the end of its contents where they are packed, which some readers take for another entry")
	case err != io.EOF:
		return n, err
	}
	return n, io.EOF
}

// checked reads exactly size bytes, and holds them against a checksum.
type checked struct {
	r    io.Reader
	left int64
	what string
	sum  Sum
	hash hash.Hash // nil for none
}

func newChecked(r io.Reader, sum Sum, size int64, what string) (*checked, error) {
	c := &checked{r: r, left: size, what: what, sum: sum}
	if sum.Algorithm() == "" {
		return c, nil
	}
	var err error
	c.hash, err = sum.hash()
	return c, err
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	if int64(n) > c.left {
		return 0, fmt.Errorf("%s are longer than the archive says", c.what)
	}
	c.left -= int64(n)
	if c.hash != nil {
		c.hash.Write(b[:n])
	}
	switch {
	case errors.Is(err, io.EOF) && c.left > 0:
		return n, fmt.Errorf("%s end %d bytes before the archive says", c.what, c.left)
	case errors.Is(err, io.EOF) && c.hash != nil && !strings.EqualFold(hex.EncodeToString(c.hash.Sum(nil)), c.sum.hex()):
		return n, fmt.Errorf("the %s of the %s is another than the archive says", c.sum.Algorithm(), c.what)
	}
	return n, err
}
