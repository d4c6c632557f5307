package codesign_test

import (
	"bytes"
	"encoding/binary"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/macho"
)

// Whatever the bytes are, a message that verifies says what the genuine one does:
// no input has the keys of Apple or of the signer.
func FuzzAuthenticate(f *testing.F) {
	const name = "../testdata/binaries/pg_ctl"
	file, err := os.ReadFile(name)
	if err != nil {
		f.Fatal(err)
	}
	m, err := macho.Read(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		f.Fatal(err)
	}
	at := m.Slices[0].Range.Offset + m.Slices[0].Signature.Offset
	signature := file[at:][:binary.BigEndian.Uint32(file[at+4:])]
	cms := cmsAt(signature)
	f.Add(bytes.Clone(signature[cms+8:]))
	anchors, now := codesign.AppleAnchors(), day(2024, 10, 1)
	want, err := codesign.Authenticate(signature, anchors, now)
	if err != nil || !want.OK() {
		f.Fatalf("%s: %+v, error %v", name, want, err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return // no CMS
		}
		changed := append(bytes.Clone(signature[:cms+8]), b...)
		binary.BigEndian.PutUint32(changed[4:], uint32(len(changed)))
		binary.BigEndian.PutUint32(changed[cms+4:], uint32(8+len(b)))
		got, err := codesign.Authenticate(changed, anchors, now)
		if err != nil {
			t.Fatal(err)
		}
		if got.OK() && !got.Timestamp.IsZero() {
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		}
		untrusted, err := codesign.Authenticate(changed, codesign.Anchors{}, now)
		if err != nil || untrusted.OK() || untrusted.Kind != "" || untrusted.TeamID != "" || !untrusted.Timestamp.IsZero() {
			t.Errorf("without anchors: %+v, error %v", untrusted, err)
		}
	})
}

// cmsAt returns the offset of the blob with the CMS, which is the last.
func cmsAt(signature []byte) int {
	n := int(binary.BigEndian.Uint32(signature[8:]))
	return int(binary.BigEndian.Uint32(signature[12+8*(n-1)+4:]))
}
