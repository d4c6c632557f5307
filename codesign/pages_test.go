package codesign_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	. "github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/macho"
)

// verify reads a binary's first slice with its pages.
func verify(t *testing.T, r io.ReaderAt, size int) *Signature {
	t.Helper()
	f, err := macho.Read(r, int64(size))
	if err != nil || f.Slices[0].Err != nil {
		t.Fatal(err, f)
	}
	sig, err := NewVerifier(Anchors{}, time.Time{}).Read(context.Background(), r, f.Slices[0])
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func kinds(s *Signature) (list []ProblemKind) {
	for _, p := range s.Problems {
		list = append(list, p.Kind)
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func TestVerifierComparesEveryPage(t *testing.T) {
	const size = 3<<20 + 100 // more than one block, and a last page that is not full
	flip := func(offset int) func([]byte) []byte {
		return func(b []byte) []byte { b[offset] ^= 1; return b }
	}
	all := []uint8{1, 2, 3, 4}
	for _, row := range []struct {
		name   string
		binary machotest.Binary
		want   []ProblemKind
		text   string
	}{
		{"code that is as it was signed, by every hash type", machotest.Binary{TextSize: size, Signature: &machotest.Signature{HashTypes: all}}, nil, ""},
		{"pages of 16 KiB", machotest.Binary{TextSize: size, Signature: &machotest.Signature{PageSizeLog2: 14}}, nil, ""},
		{"pages of a block", machotest.Binary{TextSize: size, Signature: &machotest.Signature{PageSizeLog2: 20}}, []ProblemKind{Malformed}, ""},
		{"pages larger than a block", machotest.Binary{TextSize: size, Signature: &machotest.Signature{PageSizeLog2: 21, HashTypes: all}}, []ProblemKind{Malformed}, ""},
		{"one page for everything", machotest.Binary{TextSize: size, Signature: &machotest.Signature{Directory: func(_ int, d *machotest.Directory) { d.PageSize = 0 }}}, []ProblemKind{Malformed}, ""},
		{"a first page that was changed", machotest.Binary{TextSize: size, Signature: &machotest.Signature{}, Patch: flip(100)}, []ProblemKind{Modified}, "1 of 773 pages are not what CodeDirectory (slot 0) hashes (sha256): pages [0]"},
		{"a page in a later block that was changed", machotest.Binary{TextSize: size, Signature: &machotest.Signature{}, Patch: flip(2<<20 + 4096*3)}, []ProblemKind{Modified}, "pages [515]"},
		{"a page that was changed, by every directory", machotest.Binary{TextSize: size, Signature: &machotest.Signature{HashTypes: all}, Patch: flip(5000)}, []ProblemKind{Modified}, "pages [1]"},
		{"one large page that was changed", machotest.Binary{TextSize: size, Signature: &machotest.Signature{PageSizeLog2: 21}, Patch: flip(2<<20 + 5)}, []ProblemKind{Malformed, Modified}, "pages [1]"},
		{"everything was changed", machotest.Binary{TextSize: size, Signature: &machotest.Signature{}, Patch: func(b []byte) []byte {
			for i := 4096; i < size; i += 4096 {
				b[i] ^= 1
			}
			return b
		}}, []ProblemKind{Modified}, "and more"},
		{"directories that cover different amounts", machotest.Binary{TextSize: size, Signature: &machotest.Signature{HashTypes: []uint8{1, 2}, Directory: func(i int, d *machotest.Directory) {
			if i == 1 {
				d.CodeLimit = 4096
			}
		}}}, []ProblemKind{Ambiguous, Uncovered}, "covered by no hash"},
		{"code that the directory does not cover", machotest.Binary{TextSize: size, Signature: &machotest.Signature{Directory: func(_ int, d *machotest.Directory) { d.CodeLimit = 8192 }}}, []ProblemKind{Uncovered}, "covered by no hash"},
		{"bytes behind the signature", machotest.Binary{Signature: &machotest.Signature{}, TrailingBytes: []byte("code")}, []ProblemKind{Uncovered}, "bytes behind the signature"},
		{"bytes in the padding of the signature", machotest.Binary{Signature: &machotest.Signature{Slack: []byte("x")}}, []ProblemKind{Unusual}, "not zero"},
		{"zeros in the padding of the signature", machotest.Binary{Signature: &machotest.Signature{Slack: make([]byte, 100)}}, nil, ""},
		{"a code limit past the end of the file", machotest.Binary{Signature: &machotest.Signature{Header: func(_ int, h *machotest.DirectoryHeader) { h.CodeLimit64 = 1 << 62 }}}, []ProblemKind{Ambiguous, Malformed}, "past the signature"},
		{"more pages than hashes", machotest.Binary{TextSize: size, Signature: &machotest.Signature{Header: func(_ int, h *machotest.DirectoryHeader) { h.PageSize, h.NCodeSlots = 1, 0 }}}, []ProblemKind{Malformed}, "0 page hashes for"},
		{"two directories in one slot", machotest.Binary{Signature: &machotest.Signature{HashTypes: []uint8{1, 2}, DirectorySlots: []uint32{0, 0}}}, []ProblemKind{Malformed}, "second blob"},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := row.binary.Bytes()
			sig := verify(t, bytes.NewReader(b), len(b))
			if !slices.Equal(kinds(sig), row.want) {
				t.Fatalf("problems %v, want %v", sig.Problems, row.want)
			}
			if row.text != "" && !slices.ContainsFunc(sig.Problems, func(p Problem) bool { return strings.Contains(p.Detail, row.text) }) {
				t.Errorf("problems %v, want one with %q", sig.Problems, row.text)
			}
		})
	}
}

// failing is a file that cannot be read in the middle.
type failing struct{ io.ReaderAt }

var errDisk = errors.New("disk on fire")

func (f failing) ReadAt(b []byte, off int64) (int, error) {
	if off >= 1<<20 && off < 2<<20 {
		return 0, errDisk
	}
	return f.ReaderAt.ReadAt(b, off)
}

func TestVerifierTellsWhatItCouldNotCompare(t *testing.T) {
	for _, log := range []uint8{12, 21} {
		b := machotest.Binary{TextSize: 3 << 20, Signature: &machotest.Signature{PageSizeLog2: log}}.Bytes()
		if got := kinds(verify(t, failing{bytes.NewReader(b)}, len(b))); !slices.Contains(got, Unverified) {
			t.Errorf("a file that cannot be read: %v", got)
		}
		f, err := macho.Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		sig, err := NewVerifier(Anchors{}, time.Time{}).Read(ctx, bytes.NewReader(b), f.Slices[0])
		if err != nil || !slices.Contains(kinds(sig), Unverified) {
			t.Errorf("at the end of the time: %v, %v", sig.Problems, err)
		}
	}
}
