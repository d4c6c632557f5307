package calls

// addresses is a set of addresses. Most of those that are asked for are not in it, and a few bits
// tell of most of these, which is cheaper than the map. Its zero value is empty.
type addresses struct {
	lo, hi uint64 // the first and the last, 0 if there is none
	maybe  [1 << 12 / 64]uint64
	all    map[uint64]bool
}

// hash spreads the bits of an address over twelve (Fibonacci hashing).
func hash(addr uint64) uint64 { return addr * 0x9e3779b97f4a7c15 >> 52 }

func (a *addresses) add(addr uint64) {
	if a.all == nil {
		a.all = map[uint64]bool{}
		a.lo, a.hi = addr, addr
	}
	a.lo, a.hi = min(a.lo, addr), max(a.hi, addr)
	h := hash(addr)
	a.maybe[h/64] |= 1 << (h % 64)
	a.all[addr] = true
}

func (a *addresses) has(addr uint64) bool {
	if addr-a.lo > a.hi-a.lo {
		return false
	}
	h := hash(addr)
	return a.maybe[h/64]>>(h%64)&1 != 0 && a.all[addr]
}
