package sshsig

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/ssh"
)

// Sign returns an armored signature over the message for the namespace, which is
// text that shows, as `ssh-keygen -Y sign` makes it: the message is hashed with
// SHA-512, and RSA keys sign with rsa-sha2-512. The signature has been verified,
// so that an agent which did something else is an error here.
func Sign(signer ssh.Signer, message []byte, namespace string) ([]byte, error) {
	if err := checkNamespace(namespace); err != nil {
		return nil, err
	}
	key, err := readKey(signer.PublicKey().Marshal())
	if err != nil {
		return nil, err
	}
	s := &blob{key: key, namespace: namespace, hash: "sha512"}
	signature, err := signWith(signer, signedData(s.namespace, s.hash, message), algorithms(key.Type())[0])
	if err != nil {
		return nil, fmt.Errorf("sign with %s %s: %w", key.Type(), ssh.FingerprintSHA256(key), err)
	}
	s.signature = *signature
	armored := armor(s.marshal())
	if err := reread(armored, message); err != nil {
		return nil, fmt.Errorf("what %s %s signed does not verify: %w", key.Type(), ssh.FingerprintSHA256(key), err)
	}
	return armored, nil
}

func reread(armored, message []byte) error {
	b, err := unarmor(armored)
	if err != nil {
		return err
	}
	s, err := readBlob(b)
	if err != nil {
		return err
	}
	return s.verify(message)
}

func signWith(signer ssh.Signer, data []byte, algorithm string) (*ssh.Signature, error) {
	if algorithm == signer.PublicKey().Type() {
		return signer.Sign(rand.Reader, data)
	}
	s, ok := signer.(ssh.AlgorithmSigner)
	if !ok {
		return nil, fmt.Errorf("it cannot be asked for %s", algorithm)
	}
	return s.SignWithAlgorithm(rand.Reader, data, algorithm)
}

func checkNamespace(namespace string) error {
	switch {
	case namespace == "":
		return errors.New("the namespace is empty")
	case !utf8.ValidString(namespace) || strings.ContainsFunc(namespace, unicode.IsControl):
		return fmt.Errorf("namespace %q has characters that do not show", namespace)
	}
	return nil
}
