package lzfse_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/lzfse"
)

// samples are what is packed.
func samples(t testing.TB) map[string][]byte {
	program, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	return map[string][]byte{
		"nothing":                        {},
		"one byte":                       {7},
		"a word":                         []byte("codewarrant"),
		"zeros":                          make([]byte, 1<<20),
		"noise":                          noise,
		"noise and its copy":             append(noise, noise...),
		"a program":                      program,
		"text":                           []byte(strings.Repeat("the quick brown fox jumps over the lazy dog. ", 999)),
		"a period of three":              []byte(strings.Repeat("abc", 50_000)),
		"a block of literals and a half": noise[:60_000],
	}
}

var kinds = []byte("-n12")

func TestWhatWasPackedIsUnpacked(t *testing.T) {
	for name, data := range samples(t) {
		for _, kind := range kinds {
			t.Run(fmt.Sprintf("%s as bvx%c", name, kind), func(t *testing.T) {
				packed := imagetest.LZFSE(data, kind)
				got := make([]byte, len(data))
				if err := lzfse.Unpack(got, packed); err != nil {
					t.Fatal(err)
				}
				if !bytes.Equal(got, data) {
					t.Error("it is not what was packed")
				}
				if len(data) > 0 {
					if err := lzfse.Unpack(got[1:], packed); err == nil {
						t.Error("a stream that is longer than it should be is taken")
					}
					if err := lzfse.Unpack(append(got, 0), packed); err == nil {
						t.Error("a stream that is shorter than it should be is taken")
					}
				}
			})
		}
		t.Run(name+" as LZVN", func(t *testing.T) {
			got := make([]byte, len(data))
			if err := lzfse.UnpackLZVN(got, imagetest.LZVN(data)); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, data) {
				t.Error("it is not what was packed")
			}
		})
	}
}

func TestStreamsOfTheReferenceEncoderAreUnpacked(t *testing.T) {
	program := samples(t)["a program"][:40<<10]
	for _, row := range []struct {
		file   string
		unpack func(dst, src []byte) error
		want   []byte
	}{
		{"pg_ctl.lzfse", lzfse.Unpack, program},
		{"pg_ctl.lzvn", lzfse.UnpackLZVN, program},
		{"text.lzfse", lzfse.Unpack, []byte("the LZFSE of a short text is LZVN inside: the short text, the short text, the short text")},
	} {
		t.Run(row.file, func(t *testing.T) {
			packed, err := os.ReadFile("testdata/" + row.file)
			if err != nil {
				t.Fatal(err)
			}
			got := make([]byte, len(row.want))
			if err := row.unpack(got, packed); err != nil || !bytes.Equal(got, row.want) {
				t.Errorf("%v, the same: %t", err, bytes.Equal(got, row.want))
			}
		})
	}
}

func TestWrongStreamsAreErrors(t *testing.T) {
	v1 := func(change func(b []byte)) []byte {
		b := imagetest.LZFSE([]byte(strings.Repeat("codewarrant ", 100)), '1')
		change(b)
		return b
	}
	for _, c := range []struct {
		name, want string
		packed     []byte
	}{
		{"nothing at all", "LZFSE block at offset 0: the packed data ends early", nil},
		{"another magic", `LZFSE block at offset 0: the magic "bvx3", which is not of a block`, []byte("bvx3....")},
		{"a stored block that claims 4 GiB", "LZFSE block at offset 0: it holds 4294967295 bytes where 1200 are left", []byte("bvx-\xff\xff\xff\xff")},
		{"a block without its data", "LZFSE block at offset 0: the packed data ends early", []byte("bvx-\x04\x00\x00\x00ab")},
		{"LZVN that is longer than the stream", "LZFSE block at offset 0: the packed data ends early", []byte("bvxn\x04\x00\x00\x00\xff\xff\xff\xff")},
		{"LZVN with an instruction that means nothing", "LZFSE block at offset 0: the instruction 0x70 at offset 0, which means nothing", []byte("bvxn\x04\x00\x00\x00\x02\x00\x00\x00\x70\x00")},
		{"LZVN with a match of what is not there", "LZFSE block at offset 0: a match that begins before the data", []byte("bvxn\x04\x00\x00\x00\x03\x00\x00\x00\x00\x01\x00")},
		{"the end before all is there", "LZFSE stream of 0 bytes where 1200 belong", []byte("bvx$")},
		{"more literals than a block may have", "LZFSE block at offset 0: 4294967295 literals and 1 matches, where the limits are 40000 and 10000", v1(func(b []byte) { copy(b[12:], "\xff\xff\xff\xff") })},
		{"streams of bits that are longer than the file", "LZFSE block at offset 0: the packed data ends early", v1(func(b []byte) { copy(b[20:], "\xff\xff\xff\xff") })},
		{"a state that is none", "LZFSE block at offset 0: a state that is none", v1(func(b []byte) { copy(b[32:], "\xff\xff") })},
		{"more frequencies than states", "LZFSE block at offset 0: frequencies of more than 64 states", v1(func(b []byte) { copy(b[50:], "\xff\xff") })},
		{"bits left over that are no byte's", "LZFSE block at offset 0: literals: a stream of 777 bytes with 2147483640 bits left over", v1(func(b []byte) { copy(b[28:], "\x08\x00\x00\x80") })},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := lzfse.Unpack(make([]byte, 1200), c.packed)
			if got := fmt.Sprint(err); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func FuzzUnpack(f *testing.F) {
	reference, err := os.ReadFile("testdata/pg_ctl.lzfse")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(reference, uint16(40<<10))
	for _, data := range samples(f) {
		data = data[:min(len(data), 3000)]
		for _, kind := range kinds {
			f.Add(imagetest.LZFSE(data, kind), uint16(len(data)))
		}
		f.Add(imagetest.LZVN(data), uint16(len(data)))
	}
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		one, two := make([]byte, size), make([]byte, size)
		err := lzfse.Unpack(one, packed)
		if again := lzfse.Unpack(two, packed); fmt.Sprint(err) != fmt.Sprint(again) || err == nil && !bytes.Equal(one, two) {
			t.Errorf("two readings of one stream: %v and %v", err, again)
		}
		_ = lzfse.UnpackLZVN(two, packed)
	})
}

func FuzzRoundTrip(f *testing.F) {
	for _, data := range samples(f) {
		f.Add(data[:min(len(data), 3000)])
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, kind := range kinds {
			got := make([]byte, len(data))
			if err := lzfse.Unpack(got, imagetest.LZFSE(data, kind)); err != nil || !bytes.Equal(got, data) {
				t.Errorf("bvx%c: %v", kind, err)
			}
		}
	})
}
