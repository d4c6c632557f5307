package calls

import (
	"encoding/binary"
	"math/rand"
	"testing"
)

// sieves are those that are in use, and some of which more places come through.
var (
	wordSieves = []wordSieve{
		branchesARM64,
		{start: -svc & (1<<31 - 1), mask: 1<<31 - 1, width: svcNumber},
		{start: 0x3fffffe, step: 1, mask: 1<<26 - 1, width: 1 << 20},
		{start: 5, step: 1, mask: 1<<26 - 1, width: 1<<26 - 1},
		{shift: 5, start: 0x7fff0, mask: 1<<19 - 1, width: 1 << 14},
		{mask: 1<<31 - 1},
	}
	byteSieves = []byteSieve{
		callsX86, branchesX86, leaX86,
		{second: 3, third: 4, mask: [3]byte{0x80, 0xff, 0xff}, value: [3]byte{0x80}},
		{second: 3, third: 4, mask: [3]byte{0x47, 0xf0, 0}, value: [3]byte{0x05, 0x10}},
		{},
	}
)

// Each mark is made where the definition says so, in assembly and without.
func FuzzSieve(f *testing.F) {
	random := make([]byte, sieveBlock)
	rand.New(rand.NewSource(1)).Read(random)
	for _, code := range [][]byte{
		nil, {0xe8}, bytesOf(f, "94000001 d4001001 e8000000 0f840000 8d051000 00"), random, random[:33], random[:4093], make([]byte, 100),
	} {
		f.Add(code)
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		code = code[:min(len(code), sieveBlock)]
		whole := code[:len(code)&^3]
		for _, s := range wordSieves {
			var want, got, narrow wordMarks
			for n := range len(whole) / 4 {
				w := binary.LittleEndian.Uint32(whole[4*n:])
				if (w>>s.shift+s.start+uint32(n)*s.step)&s.mask <= s.width {
					want[n/64] |= 1 << (n % 64)
				}
			}
			s.mark(&got, whole)
			s.narrow(&narrow, whole, 0)
			if got != want || narrow != want {
				t.Errorf("%+v marks\n%x and\n%x, not\n%x", s, got, narrow, want)
			}
		}
		for _, s := range byteSieves {
			var want, got, narrow byteMarks
			for i := range code {
				is := true
				for k, at := range []int{i, i + s.second, i + s.third} {
					is = is && (s.mask[k] == 0 || at < len(code) && code[at]&s.mask[k] == s.value[k])
				}
				if is {
					want[i/64] |= 1 << (i % 64)
				}
			}
			s.mark(&got, code, len(code))
			s.narrow(&narrow, code, 0, len(code))
			if got != want || narrow != want {
				t.Errorf("%+v marks\n%x and\n%x, not\n%x", s, got, narrow, want)
			}
		}
	})
}

// What is found without AVX2 is what is found where each place is looked at.
func FuzzFused(f *testing.F) {
	random := make([]byte, 3*chunk/256)
	rand.New(rand.NewSource(2)).Read(random)
	for i := 0; i+16 <= len(random); i += 32 {
		copy(random[i:], bytesOf(f, []string{"e8 00000000", "0f84 f8ffffff", "ff15 10000100", "488d05 00ffffff", "b8 c5000002 0f05", "0f85", "011000d4"}[i/32%7]))
	}
	for _, near := range []int32{0, 40, -64, 70000, -1 << 30, 1<<31 - 1} {
		f.Add(random, uint64(base), near, near+100)
		f.Add(random[:77], uint64(base+3), near, near+1<<17)
	}
	f.Add([]byte{}, uint64(0), int32(0), int32(0))
	f.Fuzz(func(t *testing.T, code []byte, at uint64, call, slot int32) {
		code = code[:min(len(code), sieveBlock+lookahead)]
		n := min(len(code), sieveBlock)
		tg := targets{calls: map[uint64]bool{}, pointers: map[uint64]bool{}, syscalls: true}
		tg.callLo, tg.callHi = at+uint64(int64(call)), at+uint64(int64(call))+200
		tg.slotLo, tg.slotHi = at+uint64(int64(slot)), at+uint64(int64(slot))+300
		if tg.callHi < tg.callLo || tg.slotHi < tg.slotLo {
			return
		}
		for k := range uint64(301) {
			if k <= 200 {
				tg.calls[tg.callLo+k] = true
			}
			tg.pointers[tg.slotLo+k] = true
		}
		var marks byteMarks
		tg.markX86(&marks, highX86(true, tg.callLo-at, tg.callHi-at, n), highX86(true, tg.slotLo-at, tg.slotHi-at, n), at, code, n)
		for k := range n {
			p := pass{targets: &tg}
			p.displacement(at, code, k+1)
			p.syscallX86(at, code, k)
			if len(p.found) > 0 && marks[k/64]>>(k%64)&1 == 0 {
				t.Fatalf("x86-64: %+v at %d of %x is not marked", p.found, k, code)
			}
		}

		at, page, n := wholeWords(at, code, n)
		calls, pages := tg.distances(at)
		var words wordMarks
		markARM64(&words, calls, pages, page[:n])
		for k := 0; k < n; k += 4 {
			p := pass{targets: &tg}
			p.wordARM64(at, page, k)
			if len(p.found) > 0 && words[k/256]>>(k/4%64)&1 == 0 {
				t.Fatalf("arm64: %+v at %d of %x is not marked", p.found, k, page)
			}
		}
	})
}

func TestPlacesAreThoseOfTheMarks(t *testing.T) {
	var p places
	for _, marks := range []byteMarks{{}, {0: 1, 63: 1 << 63, 64: 1}, {1: 0b11111, 2: 0b1111}, full()} {
		list := p.of(marks[:])
		var got byteMarks
		for i, k := range list {
			got[k/64] |= 1 << (k % 64)
			if i > 0 && list[i-1] >= k {
				t.Fatalf("%d comes after %d", k, list[i-1])
			}
		}
		if got != marks {
			t.Errorf("the places %v of the marks %x", list, marks)
		}
	}
}

// full has all marks of a block.
func full() (m byteMarks) {
	for i := range sieveBlock / 64 {
		m[i] = 1<<64 - 1
	}
	return m
}
