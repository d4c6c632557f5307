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
	list := [][]byte{nil, {0xe8}, bytesOf(tb, "94000001 d4001001 e8000000 0f840000 8d051000 00"), random, random[:33], random[:4093], made, made[:77], make([]byte, 100)}
	// Much that jumps to what is 1000 bytes behind the start, and loads from 1104 bytes behind it.
	x86, arm := slices.Clone(random), slices.Clone(random)
	for i := 0; i+16 <= len(x86); i += 11 {
		op := bytesOf(tb, []string{"e8", "0f85", "488d05", "e9", "ff15"}[i/11%5])
		copy(x86[i:], op)
		to := 1000
		if len(op) > 1 && op[0] != 0x0f {
			to = 1104
		}
		binary.LittleEndian.PutUint32(x86[i+len(op):], uint32(to-i-len(op)-4))
	}
	for i := 0; i+16 <= len(arm); i += 20 {
		binary.LittleEndian.PutUint32(arm[i:], 0x94000000|uint32((1000-i)/4)&imm26)
		binary.LittleEndian.PutUint32(arm[i+8:], 0x90000000|uint32(i/20%32))                        // adrp to the same page
		binary.LittleEndian.PutUint32(arm[i+12:], 0xf9400000|uint32(1104/8)<<10|uint32(i/20%32)<<5) // ldr
	}
	return append(list, x86, arm)
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
		for _, near := range []int32{0, 40, 980, -64, 70000, -1 << 30, 1<<31 - 1} {
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
			without := withoutWide(a, tg, at, code, n)
			// What is neither jump nor call is found where each place is looked at.
			each := &pass{targets: tg}
			var places []int // of the block
			for k := 1; k < n && a == x8664; k++ {
				before := len(each.found)
				each.relativeX86(at, code, k)
				each.syscallX86(at, code, k-1)
				if len(each.found) > before {
					places = append(places, k)
				}
			}
			for k := int(-at & 3); k+4 <= n && a == arm64; k += 4 {
				before := len(each.found)
				switch w := binary.LittleEndian.Uint32(code[k:]); {
				case w&0x9f000000 == 0x90000000:
					each.adrp(at+uint64(k), code[k:])
				case w&^svcNumber == svc:
					each.add(reference{at: at + uint64(k)})
				}
				if len(each.found) > before {
					places = append(places, (k-int(-at&3))/4)
				}
			}
			for _, r := range each.found {
				if !slices.Contains(p.found, r) {
					t.Errorf("%+v is not found in %x at %#x", r, code, at)
				}
			}
			for _, k := range places {
				if without.others[k/64]>>(k%64)&1 == 0 {
					t.Errorf("the place %d of %x at %#x is not marked without AVX2", k, code, at)
				}
			}
			found := map[uint64]uint64{}
			for _, r := range p.found {
				found[r.at] = r.target
			}
			listed := map[uint32]int{}
			for _, key := range without.jumps[:without.n] {
				listed[key]++
			}
			for k := 0; k < n; k++ {
				to, size := jump(a, at+uint64(k), code[k:])
				if size == 0 || a == arm64 && (at+uint64(k))%4 != 0 {
					continue
				}
				if listed[a.key(to)]--; tg.calls.has(to) && listed[a.key(to)] < 0 {
					t.Errorf("%x at %d of %x calls %#x, which is not listed without AVX2", code[k:k+size], k, code, to)
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

// withoutWide is what the sieve finds where there is no assembly.
func withoutWide(a *arch, t *targets, at uint64, code []byte, n int) *sifted {
	to := &sifted{}
	if a == arm64 {
		at, code, n = wholeWords(at, code, n)
		s := t.sieveARM64(at)
		s.narrow(to, code[:n], s.lanes(to, code[:n]))
		return to
	}
	s := t.sieveX86(at, n)
	i := s.narrow(to, code, 0, min(n, 32))
	s.narrow(to, code, s.lanes(to, code, i, n), n)
	return to
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
