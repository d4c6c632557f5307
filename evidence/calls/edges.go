package calls

import (
	"iter"
	"maps"
	"slices"
	"sort"
)

// maxEdges bounds the calls that are kept, 8 bytes for each. A program with 50 MB of code
// has a million.
const maxEdges = 4 << 20

// An edge is an instruction that jumps to, calls or takes the address of the start of a
// function. Both are counted in bytes from the start of all text, of which there is no
// more than maxText.
type edge struct{ at, target uint32 }

// taken is set in the target of an edge that takes an address.
const taken = 1 << 31

// edges are what leads from one function to another. One pass over the code finds all
// edges, so that who calls the callers takes no other.
type edges struct {
	text   []Section
	before []uint32 // bytes of text before each section
	starts *filter  // of the functions to which edges are kept; nil: of all addresses
	closed bool     // also those that take an address
	list   [][]edge // in parts, of which none is copied when there are more
	count  int
}

// edgePart is how many edges are in a part.
const edgePart = 16 << 10

func (e *edges) full() bool { return e.count > maxEdges }

// A filter is a set of addresses that may have others too.
type filter [1 << 20 / 64]uint64

func (f *filter) place(addr uint64) (word uint64, bit uint64) {
	h := addr * 0x9e3779b97f4a7c15 >> 44 // Fibonacci hashing
	return h >> 6, 1 << (h & 63)
}

func (f *filter) add(addr uint64) {
	w, b := f.place(addr)
	f[w] |= b
}

func (f *filter) has(addr uint64) bool {
	w, b := f.place(addr)
	return f[w]&b != 0
}

// position returns how far into all text an address is.
func (e *edges) position(addr uint64) (at uint32, ok bool) {
	n := sort.Search(len(e.text), func(i int) bool { return e.text[i].Addr > addr }) - 1
	if n < 0 || addr-e.text[n].Addr >= e.text[n].Size {
		return 0, false
	}
	return e.before[n] + uint32(addr-e.text[n].Addr), true
}

// address is the inverse of position.
func (e *edges) address(at uint32) uint64 {
	n := sort.Search(len(e.before), func(i int) bool { return e.before[i] > at }) - 1
	return e.text[n].Addr + uint64(at-e.before[n])
}

// add notes the edge of an instruction, if it is one.
func (e *edges) add(at, target uint64, flag uint32) {
	if e.starts != nil && !e.starts.has(target) {
		return
	}
	to, ok := e.position(target)
	if !ok {
		return
	}
	if e.count++; e.full() {
		return
	}
	from, _ := e.position(at)
	last := len(e.list) - 1
	if last < 0 || len(e.list[last]) == edgePart {
		e.list = append(e.list, make([]edge, 0, edgePart))
		last++
	}
	e.list[last] = append(e.list[last], edge{from, to | flag})
}

// collect returns the edges to some functions, or of none given to all of the code.
func (f *finder) collect(starts iter.Seq[uint64]) (*edges, error) {
	e := &edges{text: f.text, closed: f.p.Closed}
	size := uint32(0)
	for _, s := range f.text {
		e.before = append(e.before, size)
		size += uint32(s.Size)
	}
	for s := range starts {
		if e.starts == nil {
			e.starts = new(filter)
		}
		e.starts.add(s)
	}
	err := f.eachChunk(func(pc uint64, code []byte, limit int) { f.arch.edges(e, pc, code, limit) })
	return e, err
}

// callers returns what refers to functions, by address. The code is read once for all that
// is asked for, but where there are too many edges, or some of the starts are not known.
func (f *finder) callers(functions map[uint64]bool) ([]reference, error) {
	known := true
	for start := range functions {
		_, ok := slices.BinarySearch(f.starts, start)
		known = known && (ok || len(f.starts) == 0)
	}
	e := f.edges
	if e == nil && known {
		var err error
		if e, err = f.collect(slices.Values(f.starts)); err != nil {
			return nil, err
		}
		f.edges = e
	}
	if !known || e.full() {
		var err error
		if e, err = f.collect(maps.Keys(functions)); err != nil {
			return nil, err
		}
	}
	return f.among(e, functions), nil
}

// among returns the edges to functions.
func (f *finder) among(e *edges, functions map[uint64]bool) []reference {
	wanted := map[uint32]bool{}
	var low [1024]uint64 // bit for each, by its low bits, before the map is asked
	for start := range functions {
		if at, ok := e.position(start); ok {
			wanted[at] = true
			low[at>>6&1023] |= 1 << (at & 63)
		}
	}
	var list references
	for _, part := range e.list {
		for _, x := range part {
			to := x.target &^ taken
			if low[to>>6&1023]>>(to&63)&1 != 0 && wanted[to] {
				list.add(reference{at: e.address(x.at), target: e.address(to), taken: x.target&taken != 0})
			}
		}
	}
	return f.sorted(&list)
}
