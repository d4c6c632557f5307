package sshsig

import (
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// The signatures of testdata, and who made them. What ssh-keygen made and is not
// accepted is in wrong_test.go.
var goldens = []struct {
	file, principal string
	want            Signer
}{
	{"ed25519.sig", "alice@example.com", Signer{
		KeyType: ssh.KeyAlgoED25519, Fingerprint: "SHA256:Un9kNv1SkNIfXTvsh6avtJ9Mim9m9iGLD2kfuN1peFI",
	}},
	{"ed25519-sha256.sig", "alice", Signer{
		KeyType: ssh.KeyAlgoED25519, Fingerprint: "SHA256:Un9kNv1SkNIfXTvsh6avtJ9Mim9m9iGLD2kfuN1peFI",
	}},
	{"ecdsa256.sig", "bob@example.com", Signer{
		KeyType: ssh.KeyAlgoECDSA256, Fingerprint: "SHA256:qlXQqF+Fff1OlWcfOn7bMz0mQkXsslab1AVqVsfipcg",
	}},
	{"ecdsa384.sig", "carol jones", Signer{
		KeyType: ssh.KeyAlgoECDSA384, Fingerprint: "SHA256:J14LU7/mvZN5uKD1EnLtrUzg7KzHQ7ynjJDyU7qQYwA",
	}},
	{"ecdsa521.sig", "robot@release.example.com", Signer{
		KeyType: ssh.KeyAlgoECDSA521, Fingerprint: "SHA256:cbhCNWzVA7dmc2G+uZxOV5O7/QYpH2GbUN24PHuXP+k",
	}},
	{"rsa.sig", "dave@example.com", Signer{
		KeyType: ssh.KeyAlgoRSA, Fingerprint: "SHA256:UHmyvaMgoBBftPRfe3YHGdsMSyWOK3jpuou64zNUEmo",
	}},
	{"rsa-sha256.sig", "dave@example.com", Signer{
		KeyType: ssh.KeyAlgoRSA, Fingerprint: "SHA256:UHmyvaMgoBBftPRfe3YHGdsMSyWOK3jpuou64zNUEmo",
	}},
	{"sk-ed25519.sig", "erin@example.com", Signer{
		KeyType: ssh.KeyAlgoSKED25519, Fingerprint: "SHA256:O7bNctje+PrezLd6IFaXr6lnCHCJGcHNEMOwD+Q9XNI",
	}},
	{"sk-ecdsa.sig", "frank@example.com", Signer{
		KeyType: ssh.KeyAlgoSKECDSA256, Fingerprint: "SHA256:zJULh2CGszrxmo6aF5kfw1Am9D5Y94MAi+fs6zc1B9I",
	}},
}

func TestWhatSSHKeygenMadeVerifies(t *testing.T) {
	signers := parse(t, "allowed_signers", testdata(t, "allowed_signers"))
	for _, tt := range goldens {
		t.Run(tt.file, func(t *testing.T) {
			got, err := Verify(testdata(t, tt.file), testdata(t, "message"), "file", signers, noon)
			if err != nil {
				t.Fatal(err)
			}
			tt.want.Entries = signers.with(tt.want.Fingerprint)
			tt.want.Lines = tt.want.Entries
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			if !got.Is(tt.principal) {
				t.Errorf("it is not %s's", tt.principal)
			}
			if got.Is("mallory@example.com") {
				t.Error("it is everybody's")
			}
		})
	}
}

func TestTheFirstAndTheLastSecondAreValid(t *testing.T) {
	signers := parse(t, "allowed_signers", testdata(t, "allowed_signers"))
	for _, at := range []time.Time{
		time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2027, 12, 31, 23, 59, 59, 999, time.UTC),
		time.Date(2024, 1, 1, 14, 0, 0, 0, time.FixedZone("", 14*60*60)),
	} {
		if _, err := Verify(testdata(t, "ecdsa521.sig"), testdata(t, "message"), "file", signers, at); err != nil {
			t.Errorf("%s: %v", at, err)
		}
	}
}

func TestEverySignatureOfTestdataIsLookedAt(t *testing.T) {
	files, err := filepath.Glob("testdata/*.sig")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		used := slices.Contains(refused, name)
		for _, tt := range goldens {
			used = used || tt.file == name
		}
		if !used {
			t.Errorf("%s is in no test", name)
		}
	}
	if len(files) != len(goldens)+len(refused) {
		t.Errorf("%d signatures, tests name %d", len(files), len(goldens)+len(refused))
	}
}

func TestArmourIsThatOfSSHKeygen(t *testing.T) {
	for _, tt := range goldens {
		want := testdata(t, tt.file)
		if diff := cmp.Diff(string(want), string(partsOf(t, want).armored())); diff != "" {
			t.Error(diff)
		}
	}
}

func TestNoPartOfASignatureVerifies(t *testing.T) {
	signers := parse(t, "allowed_signers", testdata(t, "allowed_signers"))
	for _, tt := range goldens {
		t.Run(tt.file, func(t *testing.T) {
			armored := testdata(t, tt.file)
			blob, err := unarmor(armored)
			if err != nil {
				t.Fatal(err)
			}
			for n := range blob {
				if _, err := Verify(armor(blob[:n]), testdata(t, "message"), "file", signers, noon); !errors.Is(err, ErrMalformed) {
					t.Fatalf("the first %d bytes: error %v", n, err)
				}
			}
			for n := range armored[:len(armored)-1] { // the last line feed may be missing
				if _, err := Verify(armored[:n], testdata(t, "message"), "file", signers, noon); !errors.Is(err, ErrMalformed) {
					t.Fatalf("the first %d characters: error %v", n, err)
				}
			}
		})
	}
}

func TestEveryBitCounts(t *testing.T) {
	signers := parse(t, "allowed_signers", testdata(t, "allowed_signers"))
	message := testdata(t, "message")
	for _, file := range []string{"ed25519.sig", "ecdsa256.sig", "rsa.sig", "sk-ed25519.sig", "sk-ecdsa.sig"} {
		t.Run(file, func(t *testing.T) {
			blob, err := unarmor(testdata(t, file))
			if err != nil {
				t.Fatal(err)
			}
			for i := range len(blob) * 8 {
				blob[i/8] ^= 1 << (i % 8)
				if who, err := Verify(armor(blob), message, "file", signers, noon); err == nil || len(who.Entries) > 0 {
					t.Fatalf("it verifies with bit %d of byte %d the other way round", i%8, i/8)
				}
				blob[i/8] ^= 1 << (i % 8)
			}
		})
	}
}
