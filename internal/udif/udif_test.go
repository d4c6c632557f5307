package udif_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/archive"
	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/udif"
)

// program is something to pack.
func program(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("../../testdata/binaries/pg_ctl")
	if err != nil {
		t.Fatal(err)
	}
	return append(b, make([]byte, -len(b)&511)...)
}

func open(t testing.TB, b []byte, cache *udif.Cache) *udif.Image {
	t.Helper()
	i, err := udif.Open(bytes.NewReader(b), int64(len(b)), cache)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func all(i *udif.Image) ([]byte, error) { return io.ReadAll(io.NewSectionReader(i, 0, i.Size())) }

func TestDiskIsReadFromAnImageOfEveryKind(t *testing.T) {
	disk := program(t)
	zeros := make([]byte, 1<<20)
	for _, row := range []struct {
		name string
		disk []byte
		udif UDIF
	}{
		{"zlib", disk, UDIF{}},
		{"xz", disk, UDIF{Kinds: []uint32{XZ}}},
		{"LZFSE", disk, UDIF{Kinds: []uint32{Lzfse}}},
		{"LZFSE with LZVN inside", disk, UDIF{Kinds: []uint32{Lzfse}, LZFSE: 'n'}},
		{"ADC", disk, UDIF{Kinds: []uint32{ADCed}}},
		{"raw", disk, UDIF{Kinds: []uint32{Raw}}},
		{"zeros", zeros, UDIF{Kinds: []uint32{Zero, Ignore}, Size: 64 << 10}},
		{"chunks of one sector", disk[:64<<10], UDIF{Size: 512}},
		{"chunks of every kind", disk, UDIF{Kinds: []uint32{Zlib, XZ, Lzfse, ADCed, Raw}, Size: 32 << 10}},
		{"several tables", disk, UDIF{Tables: []int{1, 64, 300}}},
		{"tables in a resource fork alone", disk, UDIF{Tables: []int{64}, Resources: true, NoList: true}},
		{"tables in a property list and a resource fork", disk, UDIF{Tables: []int{64}, Resources: true}},
		{"chunks of 8 MiB", make([]byte, 9<<20), UDIF{Size: 8 << 20}},
	} {
		t.Run(row.name, func(t *testing.T) {
			i := open(t, row.udif.Write(row.disk), nil)
			got, err := all(i)
			if err != nil || !bytes.Equal(got, row.disk) || len(i.Problems) > 0 || i.Raw {
				t.Errorf("%v, %v, the same: %t", err, i.Problems, bytes.Equal(got, row.disk))
			}
			if err := i.Verify(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
}

// bzip2ed is what bzip2 makes of the first 4,096 bytes of "codewarrant codewarrant …".
const bzip2ed = "425a68393141592653598e0baf7f0002aa118040002e019480200070400c04d55069b4989258925c492f124b7c892c892da4964496d24bb492e2497c925f8bb9229c28484705d7bf80"

func TestDiskIsReadFromAnImageOfBzip2(t *testing.T) {
	packed, err := hex.DecodeString(bzip2ed)
	if err != nil {
		t.Fatal(err)
	}
	want := []byte(strings.Repeat("codewarrant ", 400)[:4096])
	i := open(t, UDIF{Kinds: []uint32{Bzip2}, Bzip2: func([]byte) []byte { return packed }}.Write(want), nil)
	if got, err := all(i); err != nil || !bytes.Equal(got, want) {
		t.Error(err, got)
	}
	if err := i.Verify(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestRealImageHasItsChecksumsAndPartition(t *testing.T) {
	b, err := os.ReadFile("../../testdata/images/dummy.dmg")
	if err != nil {
		t.Fatal(err)
	}
	i := open(t, b, nil)
	if err := i.Verify(context.Background()); err != nil || len(i.Problems) > 0 || i.Size() != 2123776 {
		t.Error(err, i.Problems, i.Size())
	}
	list, problems := udif.Partitions(i, i.Size())
	want := []udif.Partition{{Scheme: "GPT", Name: "disk image", Type: "48465300-0000-11AA-AA11-00306543ECAC", Offset: 20480, Size: 2084864}}
	if diff := cmp.Diff(want, list); diff != "" || len(problems) > 0 {
		t.Error(diff, problems)
	}
	if fs := udif.FileSystem(io.NewSectionReader(i, 20480, 2084864), 2084864); fs != "HFS+" {
		t.Errorf("a file system %q", fs)
	}
}

func TestFileWithoutTrailerIsTheDisk(t *testing.T) {
	i := open(t, []byte("a disk"), nil)
	got, err := all(i)
	if !i.Raw || string(got) != "a disk" || err != nil || i.Verify(context.Background()) != nil {
		t.Error(i.Raw, got, err)
	}
}

func TestReadersShareACacheThatKeepsToItsSize(t *testing.T) {
	disk := bytes.Repeat(program(t), 4)
	const size = 64 << 10
	b := UDIF{Kinds: []uint32{Zlib, Lzfse, XZ}, Size: size}.Write(disk)
	cache := udif.NewCache(3 * size)
	images := []*udif.Image{open(t, b, cache), open(t, b, cache)}
	var wg sync.WaitGroup
	for n := range 8 {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(n), 1))
			for range 100 {
				at := r.IntN(len(disk))
				part := make([]byte, r.IntN(min(len(disk)-at, 3*size))+1)
				got, err := images[n%2].ReadAt(part[:min(len(part), len(disk)-at)], int64(at))
				if err != nil || !bytes.Equal(part[:got], disk[at:at+got]) {
					t.Errorf("%d bytes at %d: %v", got, at, err)
					return
				}
				if n == 0 && at%7 == 0 {
					cache.Forget(images[0])
				}
			}
		})
	}
	wg.Wait()
}

// counting counts the bytes that are read.
type counting struct {
	io.ReaderAt
	n int
}

func (c *counting) ReadAt(b []byte, offset int64) (int, error) {
	c.n += len(b)
	return c.ReaderAt.ReadAt(b, offset)
}

func TestOnlyChunksThatAreNeededAreRead(t *testing.T) {
	noise := make([]byte, 8<<20)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	b := UDIF{}.Write(noise)
	c := &counting{ReaderAt: bytes.NewReader(b)}
	i, err := udif.Open(c, int64(len(b)), nil)
	if err != nil {
		t.Fatal(err)
	}
	for range 100 {
		if _, err := i.ReadAt(make([]byte, 4096), 5<<20+100); err != nil {
			t.Fatal(err)
		}
	}
	if c.n > 2<<20 {
		t.Errorf("%d bytes were read of %d, for one chunk", c.n, len(b))
	}
}

func TestEndOfADiskIsTheEndOfFile(t *testing.T) {
	i := open(t, UDIF{}.Write(make([]byte, 1024)), nil)
	b := make([]byte, 100)
	for _, row := range []struct {
		at   int64
		n    int
		want string
	}{
		{0, 100, "<nil>"},
		{924, 100, "<nil>"},
		{1000, 24, "EOF"},
		{1024, 0, "EOF"},
		{1 << 60, 0, "EOF"},
		{-1, 0, "the offset -1 is before the beginning"},
	} {
		n, err := i.ReadAt(b, row.at)
		if n != row.n || fmt.Sprint(err) != row.want {
			t.Errorf("at %d: %d bytes, %v", row.at, n, err)
		}
	}
}

func TestSparseDiskOfManyTerabytesCostsNothing(t *testing.T) {
	const sectors = 1 << 39 // 2^48 bytes
	b := UDIF{
		Kinds: []uint32{Zero},
		Table: func(_ int, b []byte) {
			binary.BigEndian.PutUint64(b[16:], sectors)
			binary.BigEndian.PutUint64(b[204+16:], sectors)
		},
		Trailer: func(b []byte) {
			binary.BigEndian.PutUint64(b[492:], sectors)
			binary.BigEndian.PutUint32(b[352:], 0)
		},
	}.Write(make([]byte, 512))
	i := open(t, b, nil)
	if n, err := i.ReadAt(make([]byte, 100), i.Size()-100); n != 100 || err != nil {
		t.Error(n, err)
	}
	want := `the checksum of table 1, "table 0" is`
	if err := i.Verify(context.Background()); err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Error(err)
	}
}

func TestWrongImagesAreErrors(t *testing.T) {
	be := binary.BigEndian
	trailer := func(at int, b ...byte) UDIF { return UDIF{Trailer: func(k []byte) { copy(k[at:], b) }} }
	table := func(at int, b ...byte) UDIF { return UDIF{Table: func(_ int, t []byte) { copy(t[at:], b) }} }
	const (
		broken = iota
		isUnsupported
		isAmbiguous
		isEncrypted
	)
	disk := program(t)[:64<<10]
	for _, row := range []struct {
		name  string
		image []byte
		kind  int
		want  string
	}{
		{"encrypted", append([]byte("encrcdsa"), make([]byte, 1000)...), isEncrypted, "a disk image (encrcdsa): it is encrypted"},
		{"encrypted as in version 1", append(make([]byte, 1000), "cdsaencr"...), isEncrypted, "a disk image (cdsaencr): it is encrypted"},
		{"in parts", trailer(60, 0, 0, 0, 3).Write(disk), isUnsupported, "trailer: part 1 of a disk image in 3 parts, which is not read"},
		{"of another version", trailer(4, 0, 0, 0, 5).Write(disk), isUnsupported, "trailer: a disk image of the version 5 with a trailer of 512 bytes, which is not read"},
		{"with its trailer first", append(UDIF{}.Write(nil)[len(UDIF{}.Write(nil))-512:], make([]byte, 1000)...), isUnsupported, "trailer: a disk image whose trailer is at its beginning, which is not read"},
		{"of 2^60 bytes", trailer(492, 0, 0x08).Write(disk), broken, "trailer: a disk of 2251799813685376 sectors, where the limit is 549755813888"},
		{"with a list past the end", trailer(216, 0xff).Write(disk), broken, "property list of 914 bytes at offset 18374686479671653489, past the end"},
		{"with a list of 4 GiB", trailer(228, 0xff).Write(disk), broken, "property list of 4278190994 bytes at offset 29809, past the end of the contents at 30723"},
		{"without any list", UDIF{NoList: true}.Write(disk), broken, "neither a property list nor a resource fork, so what is packed where is not known"},
		{"with a signature that is not in front of the trailer", trailer(296, 0, 0, 0, 0, 0, 0, 0, 1).Write(disk), broken, "trailer: a signature of 0 bytes at offset 1, which is not what is between"},
		{"with a list that is none", UDIF{Trailer: func(k []byte) { be.PutUint64(k[216:], 0) }}.Write(disk), broken, "property list at offset 0: neither an XML nor a binary property list"},
		{"with a table that is none", table(0, 'x').Write(disk), broken, `table 1, "table 0": 284 bytes that do not begin as a table does`},
		{"with a table of more chunks than bytes", table(200, 0xff).Write(disk), broken, `table 1, "table 0": 4278190082 chunks in a table of 284 bytes`},
		{"with a table past any disk", table(8, 0xff).Write(disk), broken, `table 1, "table 0": 128 sectors from 18374686479671623680 on, where a disk may have 549755813888`},
		{"with a chunk past its table", table(204+16, 0, 0, 0, 0, 0, 0, 1).Write(disk), broken, `table 1, "table 0": chunk 1 has 384 sectors from 0 on, where the table has 128`},
		{"with a chunk past the file", table(204+24, 0, 1).Write(disk), broken, `table 1, "table 0": chunk 1: the offset 281474976710656 is past the end of the contents`},
		{"with a chunk of an unknown kind", table(204, 0x80, 0, 0, 9).Write(disk), isUnsupported, `table 1, "table 0": chunk 1: a disk image with chunks of the type 0x80000009, which is not read`},
		{"with a chunk after the last", UDIF{Size: 32 << 10, Table: func(_ int, t []byte) { be.PutUint32(t[204:], 0xffffffff) }}.Write(disk), isAmbiguous, `table 1, "table 0": chunks follow the one that ends the table`},
		{"with two chunks of one sector", UDIF{Size: 32 << 10, Table: func(_ int, t []byte) { be.PutUint64(t[204+40+8:], 63) }}.Write(disk), isAmbiguous, `two chunks hold the sector 63`},
		{"with a chunk that is packed as much more than it holds", UDIF{Kinds: []uint32{Raw}, Table: func(_ int, t []byte) { be.PutUint32(t[204:], Zlib); be.PutUint64(t[204+16:], 1) }}.Write(disk), broken, `table 1, "table 0": chunk 1: 65536 packed bytes that hold 512, which would have been stored as they are`},
		{"with a chunk of 4 GiB", UDIF{Table: func(_ int, t []byte) { be.PutUint64(t[16:], 1<<23); be.PutUint64(t[204+16:], 1<<23) }}.Write(disk), broken, `table 1, "table 0": chunk 1: 29809 packed bytes that hold 4294967296, where the limit is 8388608`},
		{"with a raw chunk of another length", UDIF{Kinds: []uint32{Raw}, Table: func(_ int, t []byte) { be.PutUint64(t[204+32:], 1) }}.Write(disk), broken, `table 1, "table 0": chunk 1: 1 bytes as they are, for 128 sectors`},
		{"with a resource fork of another disk", otherResources(disk), isAmbiguous, "the property list and the resource fork describe different disks"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := udif.Open(bytes.NewReader(row.image), int64(len(row.image)), nil)
			if err == nil || !strings.HasPrefix(err.Error(), row.want) {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
			_, unsupported := errors.AsType[*archive.UnsupportedError](err)
			_, ambiguous := errors.AsType[*archive.AmbiguousError](err)
			got := [...]bool{isUnsupported: unsupported, isAmbiguous: ambiguous, isEncrypted: errors.Is(err, archive.ErrEncrypted)}
			for kind, is := range got {
				if is != (kind == row.kind && kind != broken) {
					t.Errorf("its kind is %v, want %d", got, row.kind)
					break
				}
			}
		})
	}
}

// otherResources is an image whose resource fork has another checksum of its table.
func otherResources(disk []byte) []byte {
	b := UDIF{Resources: true}.Write(disk)
	b[bytes.LastIndex(b, []byte("mish"))+72] ^= 1
	return b
}

func TestDamageIsTold(t *testing.T) {
	disk := program(t)[:64<<10]
	for _, row := range []struct {
		name    string
		kind    uint32
		reading bool // tells it, for what is packed has a checksum of its own
	}{
		{"zlib", Zlib, true},
		{"xz", XZ, true},
		{"LZFSE", Lzfse, false},
		{"raw", Raw, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := UDIF{Kinds: []uint32{row.kind}}.Write(disk)
			for n := range 60 {
				b[1000+n] ^= 0x55
			}
			i := open(t, b, nil)
			_, err := all(i)
			verify := i.Verify(context.Background())
			if verify == nil || !strings.Contains(verify.Error(), "the checksum of the contents as they are packed is") {
				t.Error(verify)
			}
			if row.reading && (err == nil || !strings.HasPrefix(err.Error(), "chunk of the sectors 0 to 127, at offset 0: ")) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestTablesAreHeldAgainstTheirChecksums(t *testing.T) {
	disk := program(t)[:64<<10]
	for _, row := range []struct {
		name string
		udif UDIF
		want string
	}{
		{"of a table", UDIF{Table: func(_ int, b []byte) { b[75] ^= 1 }}, `the checksum of table 1, "table 0" is`},
		{"of all tables", UDIF{Trailer: func(b []byte) { b[363] ^= 1 }}, "the checksum of the tables is"},
		{"of what is packed", UDIF{Trailer: func(b []byte) { b[91] ^= 1 }}, "the checksum of the contents as they are packed is"},
		{"of a kind that is not known", UDIF{Trailer: func(b []byte) { b[83] = 5 }}, "<nil>"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if err := open(t, row.udif.Write(disk), nil).Verify(context.Background()); !strings.HasPrefix(fmt.Sprint(err), row.want) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestSignatureIsWhereTheTrailerSays(t *testing.T) {
	var signed []byte
	b := UDIF{Sign: func(_, trailer []byte) []byte {
		signed = bytes.Clone(trailer)
		return []byte("a signature")
	}}.Write(make([]byte, 512))
	s := open(t, b, nil).Signature
	if s == nil || string(b[s.Offset:][:s.Length]) != "a signature" || !bytes.Equal(s.Trailer[:], signed) {
		t.Errorf("%+v", s)
	}
}

func FuzzImage(f *testing.F) {
	disk := program(f)[:8<<10]
	for _, kind := range []uint32{Zlib, XZ, Lzfse, ADCed, Raw} {
		f.Add(UDIF{Kinds: []uint32{kind}, Size: 4096}.Write(disk))
	}
	f.Add(UDIF{Kinds: []uint32{Ignore}}.Write(make([]byte, 1024)))
	f.Add(UDIF{Resources: true, NoList: true, Tables: []int{4}}.Write(disk))
	real, err := os.ReadFile("../../testdata/images/dummy.dmg")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(real)
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := udif.Open(bytes.NewReader(b), int64(len(b)), udif.NewCache(1<<20))
		if err != nil {
			return
		}
		if i.Size() < 0 {
			t.Fatalf("a disk of %d bytes", i.Size())
		}
		udif.Partitions(i, i.Size())
		one, two := make([]byte, 10_000), make([]byte, 10_000)
		for _, at := range []int64{0, 511, i.Size() / 2, i.Size() - 100} {
			n, err := i.ReadAt(one, max(at, 0))
			m, again := i.ReadAt(two[:max(n, 1)], max(at, 0))
			if err == nil && (again != nil || m < n || !bytes.Equal(one[:n], two[:n])) {
				t.Errorf("two readings at %d: %v and %v", at, err, again)
			}
		}
	})
}
