package sshsig

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seeds returns the files of testdata of that name.
func seeds(f *testing.F, pattern string) [][]byte {
	f.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil {
		f.Fatal(err)
	}
	if len(names) == 0 {
		f.Fatalf("no seed: testdata/%s", pattern)
	}
	var files [][]byte
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		files = append(files, b)
	}
	return files
}

// FuzzParseAllowedSigners asserts that a file gives signers or errors, that each
// error has its place in the file, and that no line means anything else among
// other lines than alone.
func FuzzParseAllowedSigners(f *testing.F) {
	for _, seed := range seeds(f, "allowed_signers*") {
		f.Add(seed)
		for line := range bytes.Lines(seed) {
			f.Add(line)
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		lines := bytes.SplitAfter(src, []byte("\n"))
		signers, err := ParseAllowedSigners("f", src)
		var errs Errors
		if err != nil && (!errors.As(err, &errs) || len(errs) == 0 || len(errs) > maxErrors || signers != nil) {
			t.Fatalf("signers %v, error %v", signers, err)
		}
		for _, e := range errs {
			if e.File != "f" || e.Line < 0 || e.Line > len(lines) || e.Line > 0 && (e.Column < 1 || e.Column > len(lines[e.Line-1])+1) {
				t.Errorf("an error at %s of %d lines", e.Position, len(lines))
			}
		}
		for _, want := range signers {
			got, err := ParseAllowedSigners("f", lines[want.Line-1])
			want.Line = 1
			if diff := cmp.Diff(AllowedSigners{want}, got); err != nil || diff != "" {
				t.Errorf("alone: error %v, %s", err, diff)
			}
			if want.Principals == "" || want.Principals.Match("") {
				t.Errorf("principals %q", want.Principals)
			}
		}
	})
}

// FuzzReadBlob asserts that a signature has one encoding, but for the numbers of
// ECDSA, and that none verifies that is not one of the seeds.
func FuzzReadBlob(f *testing.F) {
	signers := parse(f, "allowed_signers", testdata(f, "allowed_signers"))
	message := testdata(f, "message")
	made := map[string]bool{}
	for _, seed := range seeds(f, "*.sig") {
		blob, err := unarmor(seed)
		if err != nil {
			f.Fatal(err)
		}
		if s, err := readBlob(blob); err == nil {
			made[s.signed()] = true
		}
		f.Add(blob)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := readBlob(b)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error %v", err)
			}
			return
		}
		if !bytes.Equal(s.marshal(), b) {
			t.Errorf("it is %x", s.marshal())
		}
		armored := armor(b)
		if got, err := unarmor(armored); len(armored) <= MaxSize && (err != nil || !bytes.Equal(got, b)) {
			t.Errorf("the armour has %x, error %v", got, err)
		}
		if _, err := Verify(armored, message, "file", signers, noon); err == nil && !made[s.signed()] {
			t.Error("it verifies")
		}
	})
}

// signed is what nobody can change but with the key.
func (s *blob) signed() string { return string(s.key.Marshal()) + s.namespace + "\x00" + s.hash }

// FuzzUnarmor asserts that no armour panics, and that what is in one comes out of
// that of ssh-keygen too.
func FuzzUnarmor(f *testing.F) {
	for _, seed := range seeds(f, "*.sig") {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		blob, err := unarmor(text)
		if err != nil {
			if !errors.Is(err, ErrMalformed) {
				t.Errorf("error %v", err)
			}
			return
		}
		if got, err := unarmor(armor(blob)); err != nil || !bytes.Equal(got, blob) {
			t.Errorf("%x became %x, error %v", blob, got, err)
		}
	})
}

// FuzzSign asserts that what is signed verifies, for its message and namespace
// alone.
func FuzzSign(f *testing.F) {
	for _, seed := range seeds(f, "message") {
		f.Add(seed, "file", "git")
	}
	key := signer(f, "ed25519")
	signers := allow(f, "alice", key)
	f.Fuzz(func(t *testing.T, message []byte, namespace, other string) {
		armored, err := Sign(key, message, namespace)
		if err != nil {
			if checkNamespace(namespace) == nil && len(namespace) < MaxSize/2 {
				t.Error(err)
			}
			return
		}
		if who, err := Verify(armored, message, namespace, signers, noon); err != nil || !who.Is("alice") {
			t.Errorf("signer %v, error %v", who, err)
		}
		if _, err := Verify(armored, append(message, 0), namespace, signers, noon); !errors.Is(err, ErrSignature) {
			t.Errorf("another message: error %v", err)
		}
		if _, err := Verify(armored, message, other, signers, noon); other != namespace && !errors.Is(err, ErrNamespace) {
			t.Errorf("another namespace: error %v", err)
		}
	})
}
