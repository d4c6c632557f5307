package udif

import (
	"hash/crc32"
	"math/rand/v2"
	"testing"
)

func TestChecksumsOfPartsArePutTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	b := make([]byte, 5000)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for range 200 {
		n := r.IntN(len(b) + 1)
		if got, want := appendSum(crc32.ChecksumIEEE(b[:n]), crc32.ChecksumIEEE(b[n:]), uint64(len(b)-n)), crc32.ChecksumIEEE(b); got != want {
			t.Fatalf("%d and %d bytes: %08x, want %08x", n, len(b)-n, got, want)
		}
		if got, want := zeroSum(uint64(n)), crc32.ChecksumIEEE(make([]byte, n)); got != want {
			t.Fatalf("%d zeros: %08x, want %08x", n, got, want)
		}
	}
}
