package sshsig

import (
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/ssh"
)

// maxKeyFile is in bytes. An RSA key of 16,384 bits, the largest that ssh-keygen
// makes, has 13 KiB.
const maxKeyFile = 64 << 10

// KeyError is why a key cannot be used to sign.
type KeyError struct {
	File    string // as the caller named it
	Message string // lower case, no final period
	Hint    string // what to do about it; may be empty
}

// Error returns file: message.
func (e *KeyError) Error() string { return e.File + ": " + e.Message }

// ParsePrivateKey reads the private key in src, which its error, of type
// [*KeyError], calls file. The formats are OpenSSH's own and those of OpenSSL that
// ssh-keygen reads. It asks for no passphrase: a key that needs one, or that is on
// a security key, signs through ssh-agent.
func ParsePrivateKey(file string, src []byte) (ssh.Signer, error) {
	if len(src) > maxKeyFile {
		return nil, &KeyError{file, fmt.Sprintf("a private key of more than %d KiB", maxKeyFile>>10), ""}
	}
	through := "ssh-add it, and sign through ssh-agent with the public key"
	if isSecurityKeyFile(src) {
		return nil, &KeyError{file, "the private key is on a security key", through}
	}
	signer, err := ssh.ParsePrivateKey(src)
	var locked *ssh.PassphraseMissingError
	switch {
	case errors.As(err, &locked):
		return nil, &KeyError{file, "the private key is protected by a passphrase", through}
	case err != nil:
		return nil, &KeyError{file, "private key: " + strings.TrimPrefix(err.Error(), "ssh: "), ""}
	}
	if _, err := readKey(signer.PublicKey().Marshal()); err != nil {
		return nil, &KeyError{file, err.Error(), ""}
	}
	return signer, nil
}

// isSecurityKeyFile looks at the public half of a private key, which is in the
// clear (PROTOCOL.key, section 1).
func isSecurityKeyFile(src []byte) bool {
	block, _ := pem.Decode(src)
	if block == nil {
		return false
	}
	r := reader{rest: block.Bytes}
	preamble := r.take(uint64(len("openssh-key-v1\x00")), "preamble")
	r.string("cipher")
	r.string("key derivation")
	r.string("options of the key derivation")
	r.uint32("number of keys")
	key := reader{rest: r.string("public key")}
	return string(preamble) == "openssh-key-v1\x00" && isSecurityKey(string(key.string("key type")))
}

// ParsePublicKey reads the public key in src, one line of type, key and comment
// as ssh-keygen writes it. Its error is of type [*KeyError] and calls it file.
func ParsePublicKey(file string, src []byte) (ssh.PublicKey, error) {
	if len(src) > maxLine {
		return nil, &KeyError{file, fmt.Sprintf("a public key of more than %d KiB", maxLine>>10), ""}
	}
	fields := strings.Fields(string(src))
	if len(fields) < 2 || strings.Contains(strings.TrimSpace(string(src)), "\n") {
		return nil, &KeyError{file, "not a public key", "it is the file whose name ends in .pub: one line of type, key and comment"}
	}
	key, err := readKeyText(fields[0], fields[1])
	if err != nil {
		return nil, &KeyError{file, err.Error(), ""}
	}
	return key, nil
}
