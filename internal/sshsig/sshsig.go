// Package sshsig makes and verifies SSH signatures, those of `ssh-keygen -Y
// sign`, and reads the files that say whose signatures count.
//
// The format of a signature is that of PROTOCOL.sshsig in the sources of
// OpenSSH; the format of an allowed_signers file is that of ssh-keygen(1),
// section ALLOWED SIGNERS. What passes here passes `ssh-keygen -Y verify` with
// the same file. The reverse does not hold, for this package says no where
// OpenSSH is lenient: to text around a signature, to a field that is reserved
// and not empty, to RSA keys under 2,048 bits, to a security key that nobody
// touched, and to a file with any line that it would not understand.
// Certificates are not supported.
//
// A signature does not say when it was made: whoever holds the key can write
// any date into the message.
package sshsig

import "errors"

// What [Verify] finds wrong; errors.Is tells one from the other.
var (
	// ErrMalformed means that there is no signature to verify: the text is not
	// one, or is of a version, key type or algorithm that is not accepted.
	ErrMalformed = errors.New("malformed SSH signature")
	// ErrNamespace means that the signature was made for another purpose.
	ErrNamespace = errors.New("signature for another namespace")
	// ErrUnknownKey means that no line of the allowed signers has the key.
	ErrUnknownKey = errors.New("unknown key")
	// ErrUntouched means that a security key signed with nobody touching it.
	ErrUntouched = errors.New("security key signed without a touch")
	// ErrSignature means that the message is not the one that was signed, or
	// that the key did not make the signature.
	ErrSignature = errors.New("wrong signature")
	// ErrKeyNamespace means that the allowed signers have the key, for other
	// namespaces.
	ErrKeyNamespace = errors.New("key not allowed for this namespace")
	// ErrNotYetValid means that valid-after of the key is still to come.
	ErrNotYetValid = errors.New("key not yet valid")
	// ErrExpired means that valid-before of the key has passed.
	ErrExpired = errors.New("key no longer valid")
)
