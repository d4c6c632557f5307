package calls

import (
	"cmp"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// maxPieces bounds the code that is kept, in bytes. What is not kept is read again.
const maxPieces = 8 << 20

// A piece is code that was looked at while it was read for another purpose.
type piece struct {
	addr uint64
	code []byte
}

// pieces are what of that code is needed again, where reading it again may take unpacking it again.
type pieces struct {
	list   []piece
	size   int
	full   bool // something had no room: no more is kept
	sorted bool
}

func (k *pieces) add(list []piece) {
	for _, p := range list {
		if k.full = k.full || len(p.code) > maxPieces-k.size; k.full {
			return
		}
		k.size += len(p.code)
		k.list, k.sorted = append(k.list, p), false
	}
}

// at returns the code at an address, as far as it is kept.
func (k *pieces) at(addr uint64) []byte {
	if !k.sorted {
		inorder.By(k.list, func(a, b piece) int { return cmp.Compare(a.addr, b.addr) })
		k.sorted = true
	}
	n, found := slices.BinarySearchFunc(k.list, addr, func(p piece, addr uint64) int { return cmp.Compare(p.addr, addr) })
	if !found {
		n--
	}
	if n < 0 || addr-k.list[n].addr >= uint64(len(k.list[n].code)) {
		return nil
	}
	return k.list[n].code[addr-k.list[n].addr:]
}

// read fills b with the code at an address: what is kept of it, and of the rest what the program has.
func (f *finder) read(addr uint64, b []byte) error {
	for len(b) > 0 {
		n := copy(b, f.kept.at(addr))
		if n == 0 {
			return f.p.Read(addr, b)
		}
		addr, b = addr+uint64(n), b[n:]
	}
	return nil
}

// neededAgain returns what of a chunk of code is: where an instruction may reach into the chunks beside it, and the functions
// that refer to something. What lies side by side is one piece, however many refer from it.
func (f *finder) neededAgain(refs []reference, addr uint64, code []byte) []piece {
	type span struct{ from, to int }
	spans := []span{{0, min(lookahead, len(code))}}
	keep := func(from, to int) {
		switch last := &spans[len(spans)-1]; {
		case from <= last.to:
			last.to = max(last.to, to)
		case from < to:
			spans = append(spans, span{from, to})
		}
	}
	for _, r := range refs {
		start, end := f.around(r.at)
		keep(int(max(start, addr)-addr), int(min(end-addr, uint64(len(code)))))
	}
	keep(max(len(code)-seam-lookbehind, 0), len(code))
	list := make([]piece, len(spans))
	for n, s := range spans {
		list[n] = piece{addr + uint64(s.from), slices.Clone(code[s.from:s.to])}
	}
	return list
}

// around returns between which addresses a function around one is, at most.
func (f *finder) around(at uint64) (start, end uint64) {
	n, found := slices.BinarySearch(f.starts, at)
	if !found {
		n--
	}
	before, behind := uint64(maxGuess), uint64(maxGuess)
	if n >= 0 {
		before = min(at-f.starts[n], maxFunction)
		if behind = maxFunction; n+1 < len(f.starts) {
			behind = min(f.starts[n+1]-at, maxFunction)
		}
	}
	return at - min(at, before), at + min(-at-1, behind)
}
