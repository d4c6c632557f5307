package calls

import (
	"encoding/binary"
	"fmt"
	"math/rand"
	"slices"
	"testing"
)

// codeToSift are blocks of code with what sieves look for.
func codeToSift(tb testing.TB) [][]byte {
	random := make([]byte, sieveBlock+lookahead)
	rand.New(rand.NewSource(1)).Read(random)
	made := append([]byte(nil), random...)
	for i := 0; i+16 <= len(made); i += 32 {
		copy(made[i:], bytesOf(tb, []string{
			"e8 00000000", "0f84 f8ffffff", "ff15 10000100", "488d05 00ffffff", "b8 c5000002 0f05", "0f85", "011000d4 03000094 ffffff17",
			"00000090 000040f9", "e9 00000001",
		}[i/32%9]))
	}
	return [][]byte{nil, {0xe8}, bytesOf(tb, "94000001 d4001001 e8000000 0f840000 8d051000 00"), random, random[:33], random[:4093], made, made[:77], make([]byte, 100)}
}

// Each place is marked and listed where the definition says so, in assembly and without.
func FuzzSieve(f *testing.F) {
	for _, code := range codeToSift(f) {
		f.Add(code, uint32(0x3fffffe), uint32(0x7fff0), uint32(1<<14), uint32(0xff100000), uint32(0xff010000))
		f.Add(code, uint32(5), uint32(0), uint32(0), uint32(0xff00ffff), uint32(0x00ff00ff))
		f.Add(code, uint32(0), uint32(9), uint32(1<<19-1), uint32(0), uint32(0))
	}
	f.Fuzz(func(t *testing.T, code []byte, start, page, pages, slot, all uint32) {
		code = code[:min(len(code), sieveBlock)]
		whole := code[:len(code)&^3]
		words := sieveARM64{start: start & imm26, page: page & imm19, pages: pages & imm19}
		want, wide, narrow := &sifted{}, &sifted{}, &sifted{}
		for n := range len(whole) / 4 {
			w := binary.LittleEndian.Uint32(whole[4*n:])
			if w>>26&0x1f == 5 {
				want.jump((w + words.start + uint32(n)) & imm26)
			}
			if w>>31 == 1 && w>>24&0x1f == 0x10 && (w>>5+words.page)&imm19 <= words.pages || w>>21 == 0x6a0 && w&0x1f == 1 {
				want.others.add(n)
			}
		}
		words.narrow(wide, whole, words.wide(wide, whole))
		words.narrow(narrow, whole, 0)
		for _, got := range []*sifted{wide, narrow} {
			if diff := differ(want, got); diff != "" {
				t.Errorf("arm64: %+v of %x: %s", words, whole, diff)
			}
		}

		of := func(v uint32) highBytes {
			return highBytes{uint8(v >> 24), uint8(v >> 16), uint8(v >> 8), uint8(v)}
		}
		places := sieveX86{slots: of(slot), code: of(all), end: start}
		*want, *wide, *narrow = sifted{}, sifted{}, sifted{}
		for i, b := range code {
			in := func(h highBytes, both bool) bool {
				return i+4 < len(code) && code[i+4]-h.top <= h.tops && (!both || code[i+3]-h.next <= h.nexts)
			}
			escaped := i > 0 && code[i-1] == 0x0f
			if b == 0xe8 || b == 0xe9 || escaped && b>>4 == 8 {
				if in(places.code, false) {
					want.jump(places.end + uint32(i) + binary.LittleEndian.Uint32(code[i+1:]))
				}
			}
			if b>>6 == 0 && b&7 == 5 && in(places.slots, true) || escaped && b == 5 {
				want.others.add(i)
			}
		}
		places.narrow(wide, code, places.wide(wide, code, places.narrow(wide, code, 0, min(len(code), 32)), len(code)), len(code))
		places.narrow(narrow, code, 0, len(code))
		for _, got := range []*sifted{wide, narrow} {
			if diff := differ(want, got); diff != "" {
				t.Errorf("x86-64: %+v of %x: %s", places, code, diff)
			}
		}
	})
}

// differ says what two sieves found that is not the same, in whatever order jumps are listed.
func differ(want, got *sifted) string {
	slices.Sort(want.jumps[:want.n])
	slices.Sort(got.jumps[:got.n])
	switch {
	case want.others != got.others:
		return fmt.Sprintf("marks %x, not %x", got.others, want.others)
	case !slices.Equal(want.jumps[:want.n], got.jumps[:got.n]):
		return fmt.Sprintf("lists jumps %x, not %x", got.jumps[:got.n], want.jumps[:want.n])
	}
	return ""
}

// Whatever refers to a target is found, and what jumps is listed.
func FuzzScanOfBlock(f *testing.F) {
	for _, code := range codeToSift(f) {
		for _, near := range []int32{0, 40, -64, 70000, -1 << 30, 1<<31 - 1} {
			f.Add(code, uint64(base), near, near+100)
			f.Add(code, uint64(base+3), near, near+1<<17)
		}
	}
	f.Add([]byte{}, uint64(0), int32(0), int32(0))
	f.Fuzz(func(t *testing.T, code []byte, at uint64, call, slot int32) {
		code = code[:min(len(code), sieveBlock+lookahead)]
		n := min(len(code), int(sieveBlock-at%sieveBlock))
		text := Section{at, uint64(len(code))}
		for _, a := range []*arch{arm64, x8664} {
			tg := (&finder{arch: a, text: []Section{text}}).targets()
			tg.syscalls = true
			for k := range uint64(64) {
				tg.call(a, at+uint64(int64(call))+k)
				tg.pointer(at + uint64(int64(slot)) + k)
			}
			p := &pass{targets: tg}
			a.scan(p, at, code, 0, n)
			// What is neither jump nor call is found where each place is looked at.
			each := &pass{targets: tg}
			for k := 1; k < n && a == x8664; k++ {
				each.relativeX86(at, code, k)
				each.syscallX86(at, code, k-1)
			}
			for k := int(-at & 3); k+4 <= n && a == arm64; k += 4 {
				switch w := binary.LittleEndian.Uint32(code[k:]); {
				case w&0x9f000000 == 0x90000000:
					each.adrp(at+uint64(k), code[k:])
				case w&^svcNumber == svc:
					each.add(reference{at: at + uint64(k)})
				}
			}
			for _, r := range each.found {
				if !slices.Contains(p.found, r) {
					t.Errorf("%+v is not found in %x at %#x", r, code, at)
				}
			}
			found := map[uint64]uint64{}
			for _, r := range p.found {
				found[r.at] = r.target
			}
			for k := 0; k < n; k++ {
				to, size := jump(a, at+uint64(k), code[k:])
				if size == 0 || a == arm64 && (at+uint64(k))%4 != 0 {
					continue
				}
				if tg.calls.has(to) && found[at+uint64(k)] != to {
					t.Errorf("%x at %d of %x calls %#x, which is not found", code[k:k+size], k, code, to)
				}
				if text.has(to, 1) && !p.partial && !slices.Contains(p.jumps[:p.n], a.key(to)) {
					t.Errorf("%x at %d of %x jumps to %#x, which is not listed", code[k:k+size], k, code, to)
				}
			}
		}
	})
}

// jump is where an instruction at the start of code jumps or calls, by 26 or 32 bits, and its size.
func jump(a *arch, pc uint64, code []byte) (target uint64, size int) {
	switch {
	case a == arm64:
		if len(code) >= 4 && code[3]>>2&0x1f == 5 {
			return pc + uint64(int64(binary.LittleEndian.Uint32(code))<<38>>36), 4
		}
		return 0, 0
	case len(code) >= 5 && code[0]&0xfe == 0xe8:
		size = 5
	case len(code) >= 6 && code[0] == 0x0f && code[1]>>4 == 8:
		size = 6
	default:
		return 0, 0
	}
	return pc + uint64(size) + uint64(int64(int32(binary.LittleEndian.Uint32(code[size-4:])))), size
}
