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

// real are pg_ctl and what is compiled for the tests.
func real(t *testing.T) (programs map[string][]byte) {
	t.Helper()
	pgCtl, err := os.ReadFile("../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	programs = map[string][]byte{"pg_ctl": pgCtl}
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
	return programs
}

// eachReal gives each slice of these, and the file that it is in.
func eachReal(t *testing.T, yield func(name string, data []byte, s macho.Slice)) {
	t.Helper()
	for name, data := range real(t) {
		m, err := macho.Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			continue // a folder, or a list
		}
		for _, s := range m.Slices {
			yield(name, data, s)
		}
	}
}

func TestReaderFindsInWhatIsReadThroughItWhatReadFinds(t *testing.T) {
	count := 0
	eachReal(t, func(name string, data []byte, s macho.Slice) {
		f := bytes.NewReader(data)
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
	})
	if count < 50 {
		t.Errorf("only %d slices", count)
	}
}

// The kernel looks at no sections, and dyld, where there are fixups, at no entries of stubs: what those say hides no call.
func TestWhatStubsSayOfThemselvesHidesNothing(t *testing.T) {
	const sectionSize, flags, stubs = 80, 64, 8 // struct section_64, S_SYMBOL_STUBS
	changes := map[string]func(section []byte){
		"code that says it is one stub": func(section []byte) {
			if bytes.HasPrefix(section, []byte("__text\x00")) {
				section[flags] = stubs
				copy(section[flags+4:], []byte{0, 0, 0, 0})
				copy(section[flags+8:], section[40:44]) // the size of all
			}
		},
		"stubs that have the entries of others": func(section []byte) {
			if section[flags] == stubs {
				copy(section[flags+4:], []byte{1, 0, 0, 0})
			}
		},
		"stubs that say they have another size": func(section []byte) {
			if section[flags] == stubs {
				copy(section[flags+8:], []byte{24, 0, 0, 0})
			}
		},
	}
	for name, change := range changes {
		t.Run(name, func(t *testing.T) {
			items := 0
			eachReal(t, func(program string, data []byte, s macho.Slice) {
				other := bytes.Clone(data)
				slice := other[s.Range.Offset:]
				for at := 0; ; at += sectionSize {
					n := bytes.Index(slice[at:min(len(slice), 4096)], []byte("__TEXT\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"))
					if n < 0 {
						break
					}
					if at += n; bytes.HasPrefix(slice[at-16:], []byte("__")) { // the segment that a section is in
						change(slice[at-16:][:sectionSize])
					}
				}
				want, got := evidence.Read(t.Context(), bytes.NewReader(data), s), evidence.Read(t.Context(), bytes.NewReader(other), s)
				if want == nil {
					return
				}
				if diff := cmp.Diff(want.Items, got.Items); diff != "" {
					t.Errorf("%s, %s: %s", program, s.Arch, diff)
				}
				items += len(want.Items)
			})
			if items < 50 {
				t.Errorf("only %d items", items)
			}
		})
	}
}
