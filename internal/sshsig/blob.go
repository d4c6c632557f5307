package sshsig

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"slices"

	"golang.org/x/crypto/ssh"
)

// The constants of PROTOCOL.sshsig, sections 2 and 3.
const (
	magic   = "SSHSIG"
	version = 1
)

// hashes are the algorithms that a message may be hashed with.
var hashes = map[string]func([]byte) []byte{
	"sha256": func(b []byte) []byte { sum := sha256.Sum256(b); return sum[:] },
	"sha512": func(b []byte) []byte { sum := sha512.Sum512(b); return sum[:] },
}

// blob is what is inside of the armour (PROTOCOL.sshsig, section 2).
type blob struct {
	key       ssh.PublicKey
	namespace string
	hash      string // of hashes
	signature ssh.Signature
}

// readBlob reads a signature that no byte is missing from or added to. Its errors
// are [ErrMalformed].
func readBlob(b []byte) (*blob, error) {
	s, err := readFields(b)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return s, nil
}

func readFields(b []byte) (*blob, error) {
	r := reader{rest: b}
	if preamble := r.take(uint64(len(magic)), "preamble"); r.err == nil && string(preamble) != magic {
		return nil, fmt.Errorf("it begins with %q, not %s", preamble, magic)
	}
	if v := r.uint32("version"); r.err == nil && v != version {
		return nil, fmt.Errorf("version %d, only version %d is known", v, version)
	}
	key := r.string("public key")
	namespace := r.string("namespace")
	reserved := r.string("reserved field")
	hash := r.string("hash algorithm")
	signature := r.string("signature")
	switch {
	case r.err != nil:
		return nil, r.err
	case len(r.rest) > 0:
		return nil, fmt.Errorf("bytes after the signature: %d", len(r.rest))
	case len(namespace) == 0:
		return nil, fmt.Errorf("the namespace is empty")
	case len(reserved) > 0:
		// It is not part of what is signed, so that anybody can fill it.
		return nil, fmt.Errorf("the reserved field has %d bytes, none are allowed", len(reserved))
	case hashes[string(hash)] == nil:
		return nil, fmt.Errorf("hash algorithm %.64q is neither sha256 nor sha512", hash)
	}
	s := &blob{namespace: string(namespace), hash: string(hash)}
	var err error
	if s.key, err = readKey(key); err != nil {
		return nil, err
	}
	s.signature, err = readSignature(signature, s.key.Type())
	return s, err
}

// readSignature reads the signature that a key of the type made (RFC 4253,
// section 6.6; PROTOCOL.u2f, "SSH U2F Signatures").
func readSignature(b []byte, keyType string) (ssh.Signature, error) {
	r := reader{rest: b}
	s := ssh.Signature{Format: string(r.string("signature algorithm")), Blob: r.string("signature value")}
	rest := "signature value"
	if isSecurityKey(keyType) {
		s.Rest = r.take(flagsSize, "flags of the security key")
		rest = "flags of the security key"
	}
	switch {
	case r.err != nil:
		return s, r.err
	case len(r.rest) > 0:
		return s, fmt.Errorf("bytes after the %s: %d", rest, len(r.rest))
	case !slices.Contains(algorithms(keyType), s.Format):
		return s, fmt.Errorf("signature algorithm %.64q does not go with a key of type %s", s.Format, keyType)
	}
	return s, nil
}

const (
	// flagsSize is in bytes: one of flags, four of a counter.
	flagsSize = 5
	// userPresent is the flag that says that the key was touched.
	userPresent = 1
)

// algorithms returns what a key of the type may sign with. RSA with SHA-1, which
// has the name of the key type, is not among it.
func algorithms(keyType string) []string {
	if keyType == ssh.KeyAlgoRSA {
		return []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256}
	}
	return []string{keyType}
}

// marshal is the reverse of readBlob.
func (s *blob) marshal() []byte {
	signature := appendString(nil, []byte(s.signature.Format))
	signature = appendString(signature, s.signature.Blob)
	signature = append(signature, s.signature.Rest...)

	b := binary.BigEndian.AppendUint32([]byte(magic), version)
	b = appendString(b, s.key.Marshal())
	b = appendString(b, []byte(s.namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(s.hash))
	return appendString(b, signature)
}

// signedData is what the key signs (PROTOCOL.sshsig, section 3).
func signedData(namespace, hash string, message []byte) []byte {
	b := appendString([]byte(magic), []byte(namespace))
	b = appendString(b, nil)
	b = appendString(b, []byte(hash))
	return appendString(b, hashes[hash](message))
}

// verify reports what is wrong with the signature over the message.
func (s *blob) verify(message []byte) error {
	if isSecurityKey(s.key.Type()) && s.signature.Rest[0]&userPresent == 0 {
		return ErrUntouched
	}
	if err := s.key.Verify(signedData(s.namespace, s.hash, message), &s.signature); err != nil {
		return fmt.Errorf("%w: the message was changed, or another key signed it", ErrSignature)
	}
	return nil
}

// reader takes fields off a blob. After the first error it gives nothing.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) take(n uint64, field string) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.rest)) {
		r.err = fmt.Errorf("cut off in the %s: %d bytes are there, %d are needed", field, len(r.rest), n)
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) uint32(field string) uint32 {
	b := r.take(4, field)
	if r.err != nil {
		return 0
	}
	return binary.BigEndian.Uint32(b)
}

// string takes a string of RFC 4251, section 5: its length in four bytes, then
// as many.
func (r *reader) string(field string) []byte {
	return r.take(uint64(r.uint32(field)), field)
}

func appendString(b, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(b, uint32(len(s))), s...)
}
