package seal_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

// FuzzCodeResources asserts of every list that it is read the same way twice, that
// no more is found than there is, and that a file that is in no seal is told.
func FuzzCodeResources(f *testing.F) {
	for _, s := range []machotest.Sealer{{}, {SHA1: true}, {Version1: true}} {
		m := acme(f, s)
		if r := verify(f, m); r.Files == 0 {
			f.Fatalf("a seed seals nothing: %q", lines(r))
		}
		f.Add(m.MapFS[listName].Data)
	}
	f.Add(machotest.XML("files2", machotest.Dict{"../a", machotest.Dict{"symlink", "/"}}, "rules2", machotest.Dict{"[", true, "^.*", true}))
	m := acme(f, machotest.Sealer{})
	onDisk := len(m.MapFS)
	f.Fuzz(func(t *testing.T, list []byte) {
		put(m.MapFS, listName, "")
		m.MapFS[listName].Data = bytes.Clone(list)
		r := seal.Verify(context.Background(), m, "Contents/MacOS/Acme")
		if n := r.Files + len(r.Nested) + len(r.Flattened); n > onDisk || r.SHA1 > r.Files {
			t.Errorf("%d things found of %d", n, onDisk)
		}
		if !bytes.Equal(r.CodeResources, list) {
			t.Error("CodeResources are not the bytes of the file")
		}
		again := seal.Verify(context.Background(), m, "Contents/MacOS/Acme")
		if diff := cmp.Diff(r, again); diff != "" {
			t.Error(diff)
		}
		if len(r.Problems) == 0 {
			// Then there are rules that seal everything, and these are what they seal.
			if n := r.Files + len(r.Nested); n < 8 {
				t.Errorf("%d files and programs are all that was sealed", n)
			}
		}
	})
}
