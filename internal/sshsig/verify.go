package sshsig

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/ssh"
)

// Signer is who made a signature.
type Signer struct {
	KeyType     string // such as ssh-ed25519
	Fingerprint string // as ssh-keygen -l prints it: SHA256: and base64
	// Entries are the lines that allow the key to sign, at least one when the
	// signature counts.
	Entries []Entry
	// Lines are all that have the key. Those that do not allow it for this signature
	// still tell whose it is.
	Lines []Entry
}

// Is reports whether the key may sign for the principal, the -I of ssh-keygen. A
// key may sign for many, and a principal may have many keys: where two have to
// sign, both the principals and the keys must differ.
func (s Signer) Is(principal string) bool {
	for _, e := range s.Entries {
		if e.Principals.Match(principal) {
			return true
		}
	}
	return false
}

// Verify returns who made an armored signature over the message, if it was made
// for the namespace with a key that the signers allow for it at that time. The
// error is one of those at the top of this package; what it says goes from the
// signature to the signers, so that [ErrExpired] means that all else is right.
//
// A Signer that comes with an error has the key, if that could be read, and neither
// entries nor lines.
func Verify(signature, message []byte, namespace string, signers AllowedSigners, at time.Time) (Signer, error) {
	b, err := unarmor(signature)
	if err != nil {
		return Signer{}, err
	}
	s, err := readBlob(b)
	if err != nil {
		return Signer{}, err
	}
	who := Signer{KeyType: s.key.Type(), Fingerprint: ssh.FingerprintSHA256(s.key)}
	if s.namespace != namespace {
		return who, fmt.Errorf("%w: %.64q, not %q", ErrNamespace, s.namespace, namespace)
	}
	// First, for what verifying costs is up to whoever chose the key.
	known := signers.with(who.Fingerprint)
	if len(known) == 0 {
		return who, fmt.Errorf("%w: no line of the allowed signers has %s %s", ErrUnknownKey, who.KeyType, who.Fingerprint)
	}
	if err := s.verify(message); err != nil {
		return who, err
	}
	entries, err := permitting(known, namespace, at)
	if err != nil {
		return who, err
	}
	who.Entries, who.Lines = entries, known
	return who, nil
}

// permitting returns the lines that allow the namespace at that time, or why
// there are none. Lines for other namespaces explain the least.
func permitting(known []Entry, namespace string, at time.Time) ([]Entry, error) {
	var entries []Entry
	var reason error
	for _, e := range known {
		err := e.permits(namespace, at)
		if err == nil {
			entries = append(entries, e)
		} else if reason == nil || errors.Is(reason, ErrKeyNamespace) {
			reason = err
		}
	}
	if len(entries) > 0 {
		return entries, nil
	}
	return nil, reason
}

// permits compares times in whole seconds and takes valid-before for the last
// one that is valid, as check_allowed_keys_line in OpenSSH's sshsig.c does.
func (e Entry) permits(namespace string, at time.Time) error {
	switch {
	case e.Namespaces != "" && !e.Namespaces.Match(namespace):
		return fmt.Errorf("%w: %s allows %s", ErrKeyNamespace, e.Position, e.Namespaces)
	case !e.ValidAfter.IsZero() && at.Unix() < e.ValidAfter.Unix():
		return fmt.Errorf("%w: %s has valid-after %s", ErrNotYetValid, e.Position, e.ValidAfter.Format(time.RFC3339))
	case !e.ValidBefore.IsZero() && at.Unix() > e.ValidBefore.Unix():
		return fmt.Errorf("%w: %s has valid-before %s", ErrExpired, e.Position, e.ValidBefore.Format(time.RFC3339))
	}
	return nil
}
