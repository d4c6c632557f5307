package evidence_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/evidence"
	"github.com/codewarrant/codewarrant/macho"
)

func TestReaderFindsInWhatIsReadThroughItWhatReadFinds(t *testing.T) {
	real, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	programs := map[string][]byte{"pg_ctl": real}
	z, err := zip.OpenReader("../testdata/evidence/programs.zip")
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		if programs[f.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	count := 0
	for name, data := range programs {
		f := bytes.NewReader(data)
		m, err := macho.Read(f, f.Size())
		if err != nil {
			continue // a folder, or a list
		}
		for _, s := range m.Slices {
			r := evidence.NewReader(f, s)
			const block = 256 << 10 // as the pages are hashed
			var all sync.WaitGroup
			for at := uint64(0); at < s.Range.Size; at += block {
				all.Go(func() {
					b := make([]byte, min(block, s.Range.Size-at))
					if _, err := r.ReadAt(b, int64(s.Range.Offset+at)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if diff := cmp.Diff(evidence.Read(t.Context(), f, s), r.Code(t.Context())); diff != "" {
				t.Errorf("%s, %s: %s", name, s.Arch, diff)
			}
			count++
		}
	}
	if count < 50 {
		t.Errorf("only %d slices", count)
	}
}
