package udif_test

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	. "github.com/codewarrant/codewarrant/internal/imagetest"
	"github.com/codewarrant/codewarrant/internal/udif"
)

func TestWhatWasUnpackedIsNotUnpackedAgainToVerifyIt(t *testing.T) {
	disk := bytes.Repeat(program(t), 4)
	const size = 64 << 10
	b := UDIF{Kinds: []uint32{Zlib, XZ}, Size: size}.Write(disk)
	var unpacked atomic.Int64
	cache := udif.NewCache(3 * size)
	cache.Allow = func(n int64) error {
		unpacked.Add(n)
		return nil
	}
	i := open(t, b, cache)
	if _, err := i.ReadAt(make([]byte, len(disk)/2), 0); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := i.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := unpacked.Load(); n != i.Size() {
		t.Errorf("%d bytes were unpacked of %d", n, i.Size())
	}
}

func TestAnImageThatIsNotVerifiedIsNotSaidToBeDamaged(t *testing.T) {
	disk := program(t)[:64<<10]
	over, cancel := context.WithCancel(t.Context())
	cancel()
	for _, row := range []struct {
		name  string
		ctx   context.Context
		allow error
		image []byte
		want  string
	}{
		{"no time", over, nil, UDIF{}.Write(disk), "context canceled"},
		{"no time, of what is stored", over, nil, UDIF{Kinds: []uint32{Raw}}.Write(disk), "context canceled"},
		{"no more may be unpacked", t.Context(), errors.New("that was all"), UDIF{}.Write(disk), "that was all"},
		{"chunks that are the same bytes", t.Context(), nil, UDIF{Kinds: []uint32{Raw}, Same: 300}.Write(disk), "more than 250 times as much, as those of a decompression bomb do"},
		{"a bomb", t.Context(), nil, UDIF{Size: 8 << 20}.Write(make([]byte, 80<<20)), "more than 250 times as much, as those of a decompression bomb do"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cache := udif.NewCache(1 << 20)
			cache.Allow = func(int64) error { return row.allow }
			err := open(t, row.image, cache).Verify(row.ctx)
			if !errors.Is(err, udif.ErrUnverified) || !strings.HasSuffix(err.Error(), row.want) {
				t.Error(err)
			}
		})
	}
}
