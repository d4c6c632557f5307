package codesign

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"fmt"
	"hash"

	cs "github.com/blacktop/go-macho/pkg/codesign/types"
)

// HashType is the hash algorithm of a CodeDirectory, CS_HASHTYPE_* in cs_blobs.h.
type HashType uint8

// The hash types that the kernel knows (cs_find_md in ubc_subr.c).
const (
	SHA1            = HashType(cs.HASHTYPE_SHA1)
	SHA256          = HashType(cs.HASHTYPE_SHA256)
	SHA256Truncated = HashType(cs.HASHTYPE_SHA256_TRUNCATED)
	SHA384          = HashType(cs.HASHTYPE_SHA384)
)

// String returns the name that codesign(1) prints.
func (t HashType) String() string {
	switch t {
	case SHA1:
		return "sha1"
	case SHA256:
		return "sha256"
	case SHA256Truncated:
		return "sha256-truncated"
	case SHA384:
		return "sha384"
	}
	return fmt.Sprintf("hash-type-%d", uint8(t))
}

// Size returns the bytes of one hash, 0 for a type that the kernel does not know.
func (t HashType) Size() int {
	switch t {
	case SHA1, SHA256Truncated:
		return 20
	case SHA256:
		return 32
	case SHA384:
		return 48
	}
	return 0
}

// rank orders hash types as the kernel prefers them (hash_rank in ubc_subr.c:
// position in the list SHA-1, SHA-256 truncated, SHA-256, SHA-384).
func (t HashType) rank() int {
	switch t {
	case SHA1:
		return 1
	case SHA256Truncated:
		return 2
	case SHA256:
		return 3
	case SHA384:
		return 4
	}
	return 0
}

// sum returns the hash of b, Size bytes long.
func (t HashType) sum(b []byte) []byte {
	switch t {
	case SHA1:
		h := sha1.Sum(b)
		return h[:]
	case SHA256Truncated:
		h := sha256.Sum256(b)
		return h[:20]
	case SHA384:
		h := sha512.Sum384(b)
		return h[:]
	default:
		h := sha256.Sum256(b)
		return h[:]
	}
}

// matches reports whether want is the hash of b. Nothing of it is allocated: it is
// called for every page.
func (t HashType) matches(b, want []byte) bool {
	switch t {
	case SHA1:
		h := sha1.Sum(b)
		return bytes.Equal(h[:], want)
	case SHA256Truncated:
		h := sha256.Sum256(b)
		return bytes.Equal(h[:20], want)
	case SHA384:
		h := sha512.Sum384(b)
		return bytes.Equal(h[:], want)
	default:
		h := sha256.Sum256(b)
		return bytes.Equal(h[:], want)
	}
}

// new returns a hash that is written to in parts; its sum may be longer than Size.
func (t HashType) new() hash.Hash {
	switch t {
	case SHA1:
		return sha1.New()
	case SHA384:
		return sha512.New384()
	default:
		return sha256.New()
	}
}
