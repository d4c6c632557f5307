package bzip2

import (
	"bytes"
	"compress/bzip2"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
)

// real is what bzip2 1.0.8 makes of the first 4,096 bytes of "codewarrant codewarrant …".
const real = "425a68393141592653598e0baf7f0002aa118040002e019480200070400c04d55069b4989258925c492f124b7c892c892da4964496d24bb492e2497c925f8bb9229c28484705d7bf80"

func TestWhatWasPackedIsUnpacked(t *testing.T) {
	packed, err := hex.DecodeString(real)
	if err != nil {
		t.Fatal(err)
	}
	text := []byte("the quick brown fox jumps over the lazy dog, and the dog is as quick as the fox. ")
	var d Decoder
	for _, row := range []struct {
		name         string
		packed, want []byte
	}{
		{"what the real tool writes", packed, []byte(strings.Repeat("codewarrant ", 342)[:4096])},
		{"nothing", write(even), nil},
		{"one byte", write(even, []byte("a")), []byte("a")},
		{"text", write(even, text), text},
		{"few symbols with codes of up to 20 bits", write(uneven, text[:16]), text[:16]},
		{"a run of four", write(even, []byte("xaaaay")), []byte("xaaaay")},
		{"runs of 259 and more", write(even, bytes.Repeat([]byte("a"), 1000)), bytes.Repeat([]byte("a"), 1000)},
		{"a run to the end of a block", write(even, []byte("xaaaa"), []byte("aaaa")), []byte("xaaaaaaaa")},
		{"all bytes, without order", write(even, noise(5000)), noise(5000)},
		{"many bytes, without order", write(even, noise(70_000)), noise(70_000)},
		{"many bytes of three that repeat", write(even, bytes.Repeat([]byte("abc"), 10_000)), bytes.Repeat([]byte("abc"), 10_000)},
		{"one that is not as the others", write(even, append(bytes.Repeat([]byte("ab"), 10_000), 'c')), append(bytes.Repeat([]byte("ab"), 10_000), 'c')},
		{"two blocks", write(even, noise(3000), text), append(noise(3000), text...)},
		{"two streams", append(write(even, text), write(uneven, text)...), append(slices.Clone(text), text...)},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := make([]byte, len(row.want))
			if err := d.Unpack(got, row.packed); err != nil || !bytes.Equal(got, row.want) {
				t.Errorf("%v: %.200q", err, got)
			}
			if other, err := io.ReadAll(bzip2.NewReader(bytes.NewReader(row.packed))); err != nil || !bytes.Equal(other, row.want) {
				t.Errorf("the standard library: %v: %.200q", err, other)
			}
			if err := d.Unpack(make([]byte, len(row.want)+1), row.packed); !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("with room for more: %v", err)
			}
			if len(row.want) > 0 {
				if err := d.Unpack(make([]byte, len(row.want)-1), row.packed); err == nil {
					t.Error("no error with too little room")
				}
			}
			for n := 0; n < len(row.packed); n += len(row.packed)/500 + 1 {
				if err := d.Unpack(got, row.packed[:n]); err == nil && len(row.want) > 0 && row.name != "two streams" {
					t.Fatalf("no error when %d of %d bytes are there", n, len(row.packed))
				}
			}
		})
	}
}

func TestWhatIsWrongIsTold(t *testing.T) {
	good := write(even, []byte("codewarrant"))
	changed := func(at int, v byte) []byte {
		b := slices.Clone(good)
		b[at] = v
		return b
	}
	for _, row := range []struct {
		name   string
		packed []byte
		want   string
	}{
		{"another magic", changed(0, 'C'), "bzip2: before offset 4: neither a block nor the end of the stream"},
		{"a stream of blocks of no size", changed(3, '0'), "bzip2: before offset 4: neither a block nor the end of the stream"},
		{"another magic of a block", changed(4, 0), "bzip2: before offset 10: neither a block nor the end of the stream"},
		{"another checksum of a block", changed(10, good[10]^1), "the checksum is wrong"},
		{"another checksum of the stream", changed(len(good)-2, good[len(good)-2]^0x10), "the checksum is wrong"},
		{"a randomised block", changed(14, good[14]|0x80), "a randomised block"},
		{"a beginning past the end of the block", changed(15, 0xff), "the tables of a block make no sense"},
		{"no bytes that there are", changed(17, 0), "the tables of a block make no sense"},
		{"something behind it", append(slices.Clone(good), 0), "unexpected EOF"},
		{"something longer behind it", append(slices.Clone(good), "something longer"...), "neither a block nor the end of the stream"},
		{"nothing", nil, "unexpected EOF"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var d Decoder
			if err := d.Unpack(make([]byte, 11), row.packed); !strings.HasSuffix(fmt.Sprint(err), row.want) {
				t.Errorf("%v, want %s", err, row.want)
			}
		})
	}
}

func TestCodesThatMakeNoSenseAreRefused(t *testing.T) {
	for _, row := range []struct {
		name    string
		lengths []uint8
		ok      bool
	}{
		{"complete", []uint8{1, 2, 3, 3}, true},
		{"with codes that are of nothing", []uint8{2, 3, 4}, true},
		{"too many of one length", []uint8{1, 1, 1}, false},
		{"too many, with a longer one", []uint8{1, 2, 2, 20}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			var d table
			if err := d.set(row.lengths); (err == nil) != row.ok {
				t.Error(err)
			}
		})
	}
	var d table
	if err := d.set([]uint8{2, 3, 12}); err != nil {
		t.Fatal(err)
	}
	if s, _ := d.find(^uint64(0)); s != none {
		t.Errorf("a code of nothing is that of %d", s)
	}
}

// FuzzUnpack holds what is unpacked against the standard library, which takes some streams
// that bzip2 refuses.
func FuzzUnpack(f *testing.F) {
	packed, err := hex.DecodeString(real)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(packed, uint16(4096))
	f.Add(write(even, noise(300)), uint16(300))
	f.Add(write(uneven, []byte("codewarrant")), uint16(11))
	f.Add(write(even, bytes.Repeat([]byte("a"), 1000), []byte("b")), uint16(1001))
	f.Fuzz(func(t *testing.T, packed []byte, size uint16) {
		var d Decoder
		got := make([]byte, size)
		if d.Unpack(got, packed) != nil {
			return
		}
		other := make([]byte, int(size)+1)
		n, err := io.ReadFull(bzip2.NewReader(bytes.NewReader(packed)), other)
		if (errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF)) && !bytes.Equal(got, other[:n]) {
			t.Errorf("the standard library unpacks %d bytes of %d otherwise", n, size)
		}
	})
}

// FuzzRoundTrip unpacks what was packed.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte("codewarrant"), []byte("aaaaaaaa"))
	f.Add(noise(300), []byte{0})
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if len(a) == 0 || len(b) == 0 || len(a)+len(b) > 2000 {
			return
		}
		var d Decoder
		got := make([]byte, len(a)+len(b))
		if err := d.Unpack(got, write(uneven, a, b)); err != nil || !bytes.Equal(got, append(slices.Clone(a), b...)) {
			t.Error(err)
		}
	})
}
