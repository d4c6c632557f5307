package sshsig

import (
	"bytes"
	"encoding/base64"
	"fmt"
)

// MaxSize bounds a signature in its armour, in bytes. That of an RSA key of
// 16,384 bits, the largest that ssh-keygen makes, has under 6 KiB.
const MaxSize = 16 << 10

const (
	header = "-----BEGIN SSH SIGNATURE-----\n"
	footer = "\n-----END SSH SIGNATURE-----"

	// lineLength is in characters: where ssh-keygen breaks lines (sshbuf_dtob64
	// in sshbuf-misc.c).
	lineLength = 70
)

// armor puts a blob into text as ssh-keygen does.
func armor(blob []byte) []byte {
	text := base64.StdEncoding.AppendEncode(nil, blob)
	out := []byte(header)
	for len(text) > lineLength {
		out = append(append(out, text[:lineLength]...), '\n')
		text = text[lineLength:]
	}
	return append(append(append(out, text...), footer...), '\n')
}

// unarmor is the reverse of armor. Lines may be of any length and end in a line
// feed; that of the last may be missing. Its errors are [ErrMalformed].
func unarmor(text []byte) ([]byte, error) {
	if len(text) > MaxSize {
		return nil, fmt.Errorf("%w: %d bytes, %d are the most", ErrMalformed, len(text), MaxSize)
	}
	// Go's decoder skips carriage returns.
	if bytes.ContainsRune(text, '\r') {
		return nil, fmt.Errorf("%w: it has carriage returns, as at the ends of lines on Windows", ErrMalformed)
	}
	body, ok := bytes.CutPrefix(text, []byte(header))
	if !ok {
		return nil, fmt.Errorf("%w: it does not begin with a line %s", ErrMalformed, header[:len(header)-1])
	}
	body, ok = bytes.CutSuffix(bytes.TrimSuffix(body, []byte("\n")), []byte(footer))
	if !ok {
		return nil, fmt.Errorf("%w: it does not end with a line %s", ErrMalformed, footer[1:])
	}
	blob, err := base64.StdEncoding.Strict().AppendDecode(nil, body)
	if err != nil {
		return nil, fmt.Errorf("%w: what is between its first and last line is not base64", ErrMalformed)
	}
	return blob, nil
}
