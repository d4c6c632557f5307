package decmpfs

import (
	"bytes"
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/zlib"

	"github.com/codewarrant/codewarrant/internal/lzfse"
)

// What cannot be compressed is stored after one byte that no compressed chunk begins with.

// copied is for the kind 1, which has no such byte.
func copied(dst, src []byte) error {
	if len(src) != len(dst) {
		return fmt.Errorf("%d bytes are stored where %d belong", len(src), len(dst))
	}
	copy(dst, src)
	return nil
}

func stored(dst, src []byte) error {
	if len(src) == 0 {
		return errors.New("nothing is stored")
	}
	return copied(dst, src[1:])
}

// isStored reports whether the byte before the contents has the low bits that a header of
// zlib cannot have (RFC 1950: CM is 8), nor the magic of LZFSE.
func isStored(src []byte) bool { return len(src) > 0 && src[0]&0x0f == 0x0f }

func unzip(dst, src []byte) error {
	if isStored(src) {
		return stored(dst, src)
	}
	r, err := zlib.NewReader(bytes.NewReader(src))
	if err != nil {
		return fmt.Errorf("zlib: %w", err)
	}
	defer r.Close()
	if n, err := io.ReadFull(r, dst); err != nil {
		return fmt.Errorf("zlib: %d bytes where %d belong: %w", n, len(dst), err)
	}
	// The checksum is read where the end is.
	switch n, err := io.ReadFull(r, make([]byte, 1)); {
	case n > 0:
		return fmt.Errorf("zlib: more bytes than the %d that belong", len(dst))
	case err != io.EOF:
		return fmt.Errorf("zlib: %w", err)
	}
	return nil
}

// lzvn unpacks LZVN, of which 6 is the instruction that ends it.
func lzvn(dst, src []byte) error {
	const end = 6
	if len(src) > 0 && src[0] == end {
		return stored(dst, src)
	}
	return lzfse.UnpackLZVN(dst, src)
}

func unpackLZFSE(dst, src []byte) error {
	if isStored(src) {
		return stored(dst, src)
	}
	return lzfse.Unpack(dst, src)
}
