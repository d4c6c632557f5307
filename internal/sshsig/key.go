package sshsig

import (
	"bytes"
	"crypto/rsa"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/crypto/ssh"
)

// keyTypes are the types of keys that may sign. ssh-dss is not among them, and
// certificates are not either.
var keyTypes = []string{
	ssh.KeyAlgoED25519,
	ssh.KeyAlgoECDSA256, ssh.KeyAlgoECDSA384, ssh.KeyAlgoECDSA521,
	ssh.KeyAlgoRSA,
	ssh.KeyAlgoSKED25519, ssh.KeyAlgoSKECDSA256,
}

// minRSA is in bits: the least that NIST SP 800-131A allows for signatures.
const minRSA = 2048

// isSecurityKey reports whether keys of the type are on a FIDO token, which says
// in each signature whether it was touched (PROTOCOL.u2f).
func isSecurityKey(keyType string) bool { return strings.HasPrefix(keyType, "sk-") }

// readKey reads a public key in the encoding of RFC 4253, section 6.6. One key
// has one encoding: the key is looked up by it.
func readKey(blob []byte) (ssh.PublicKey, error) {
	r := reader{rest: blob}
	keyType := string(r.string("key type"))
	if r.err != nil {
		return nil, r.err
	}
	if err := checkType(keyType); err != nil {
		return nil, err
	}
	key, err := ssh.ParsePublicKey(blob)
	if err != nil {
		return nil, fmt.Errorf("%s key: %s", keyType, strings.TrimPrefix(err.Error(), "ssh: "))
	}
	if !bytes.Equal(key.Marshal(), blob) {
		return nil, fmt.Errorf("%s key is encoded in an unusual way", keyType)
	}
	return key, checkStrength(key)
}

func checkType(keyType string) error {
	if !slices.Contains(keyTypes, keyType) {
		return fmt.Errorf("key type %.64q is not one of %s", keyType, strings.Join(keyTypes, ", "))
	}
	return nil
}

func checkStrength(key ssh.PublicKey) error {
	if key.Type() != ssh.KeyAlgoRSA {
		return nil
	}
	bits := 0
	if crypto, ok := key.(ssh.CryptoPublicKey); ok {
		if public, ok := crypto.CryptoPublicKey().(*rsa.PublicKey); ok {
			bits = public.N.BitLen()
		}
	}
	if bits < minRSA {
		return fmt.Errorf("RSA key of %d bits, %d are the least", bits, minRSA)
	}
	return nil
}

// readKeyText reads a key as the files of OpenSSH have it: its type and its
// encoding in base64, which names the type once more.
func readKeyText(keyType, text string) (ssh.PublicKey, error) {
	if err := checkType(keyType); err != nil {
		return nil, err
	}
	blob, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errors.New("the key is not in base64")
	}
	key, err := readKey(blob)
	if err != nil {
		return nil, err
	}
	if key.Type() != keyType {
		return nil, fmt.Errorf("the key is of type %s, not %s", key.Type(), keyType)
	}
	return key, nil
}
