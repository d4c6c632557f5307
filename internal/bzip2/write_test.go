package bzip2

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"math/bits"
	"slices"
)

// bitWriter writes bits, the highest of a byte first.
type bitWriter struct {
	b []byte
	n uint
}

func (w *bitWriter) put(v uint64, n uint) {
	for ; n > 0; n-- {
		if w.n%8 == 0 {
			w.b = append(w.b, 0)
		}
		w.b[len(w.b)-1] |= byte(v>>(n-1)&1) << (7 - w.n%8)
		w.n++
	}
}

// even are the lengths of codes that differ by one bit at the most.
func even(n int) []int {
	long := bits.Len(uint(n - 1))
	list := slices.Repeat([]int{long}, n)
	for i := range 1<<long - n {
		list[i]--
	}
	return list
}

// uneven are lengths that are as different as they may be.
func uneven(n int) []int {
	list := even(n)
	if n > maxLength+1 {
		return list
	}
	for i := range list {
		list[i] = min(i+1, n-1)
	}
	return list
}

// write packs blocks into a stream, as simply as can be.
func write(lengths func(int) []int, blocks ...[]byte) []byte {
	w := &bitWriter{}
	w.put(0x425a6839, 32)
	sum := uint32(0)
	for _, b := range blocks {
		w.put(magicBlock, 48)
		w.put(uint64(checksum(b)), 32)
		w.block(withRuns(b), lengths)
		sum = bits.RotateLeft32(sum, 1) ^ checksum(b)
	}
	w.put(magicEnd, 48)
	w.put(uint64(sum), 32)
	return w.b
}

// withRuns puts behind four equal bytes how many follow.
func withRuns(b []byte) (out []byte) {
	for i := 0; i < len(b); {
		n := 1
		for i+n < len(b) && n < 259 && b[i+n] == b[i] {
			n++
		}
		out = append(out, bytes.Repeat(b[i:i+1], min(n, 4))...)
		if n >= 4 {
			out = append(out, byte(n-4))
		}
		i += n
	}
	return out
}

func (w *bitWriter) block(b []byte, lengths func(int) []int) {
	turns := make([]int, len(b))
	for i := range turns {
		turns[i] = i
	}
	twice := slices.Concat(b, b)
	slices.SortFunc(turns, func(i, j int) int {
		return cmp.Or(bytes.Compare(twice[i:i+len(b)], twice[j:j+len(b)]), cmp.Compare(i, j))
	})
	w.put(0, 1)
	w.put(uint64(slices.Index(turns, 0)), 24)
	var there [256]bool
	for _, c := range b {
		there[c] = true
	}
	var order []byte
	ranges, used := uint64(0), [16]uint64{}
	for c, is := range there {
		if is {
			order = append(order, byte(c))
			ranges |= 1 << (15 - c/16)
			used[c/16] |= 1 << (15 - c%16)
		}
	}
	w.put(ranges, 16)
	for _, u := range used {
		if u != 0 {
			w.put(u, 16)
		}
	}
	end := len(order) + 1
	var symbols []int
	run := 0
	flush := func() {
		for ; run > 0; run = (run - 1) / 2 {
			symbols = append(symbols, (run-1)%2)
		}
	}
	for _, i := range turns {
		c := twice[i+len(b)-1]
		at := bytes.IndexByte(order, c)
		if at == 0 {
			run++
			continue
		}
		flush()
		symbols = append(symbols, at+1)
		copy(order[1:], order[:at])
		order[0] = c
	}
	flush()
	w.coded(append(symbols, end), lengths(end+1))
}

// coded writes symbols, by two tables that are the same and take turns.
func (w *bitWriter) coded(symbols, lengths []int) {
	groups := (len(symbols) + group - 1) / group
	w.put(2, 3)
	w.put(uint64(groups), 15)
	for i := range groups { // each is the one that was not used last
		w.put(uint64(min(i, 1)), 1)
		if i > 0 {
			w.put(0, 1)
		}
	}
	for range 2 {
		at := lengths[0]
		w.put(uint64(at), 5)
		for _, n := range lengths {
			for ; at < n; at++ {
				w.put(2, 2)
			}
			for ; at > n; at-- {
				w.put(3, 2)
			}
			w.put(0, 1)
		}
	}
	codes, next := make([]uint64, len(lengths)), uint64(0)
	for n := 1; n <= maxLength; n++ {
		for s := range lengths {
			if lengths[s] == n {
				codes[s] = next
				next++
			}
		}
		next <<= 1
	}
	for _, s := range symbols {
		w.put(codes[s], uint(lengths[s]))
	}
}

// noise returns bytes that look like chance, and are the same each time.
func noise(n int) []byte {
	var b []byte
	for v := uint64(1); len(b) < n; {
		v = v*6364136223846793005 + 1442695040888963407
		b = binary.BigEndian.AppendUint32(b, uint32(v>>32))
	}
	return b[:n]
}
