package calls

import (
	"math"
	"slices"
)

// A state is what registers and the stack frame can hold before an instruction.
type state struct {
	reg   [32]Value // arm64: x0 to x30, then sp; x86-64: rax, rcx, rdx, rbx, rsp, rbp, rsi, rdi, r8 to r15
	slots []slot    // sorted, not overlapping; never changed in place, copies of states share it

	// escaped is the lowest offset of the frame whose address was given away.
	// What lies there or above may change with every call and unknown store.
	escaped int64

	flags test // what the condition flags say, when that is known
}

// A slot is a value stored in the frame, at an offset to where the stack
// pointer was when the function was entered.
type slot struct {
	at   int64
	size int // bytes
	v    Value
}

func (x slot) equal(y slot) bool { return x.at == y.at && x.size == y.size && x.v.equal(y.v) }

// A test is a comparison, reg&mask == want, and which conditions are known to hold
// after it: pairs of conditions, of which the second is the inverse, have one bit.
type test struct {
	ok           bool
	reg          int
	mask, want   uint64
	known, truth uint8
}

// decide returns which outcomes of a condition are possible; 0 and 1 of arm64 are
// equal and not equal, 4 and 5 of x86-64.
func (s *state) decide(cond, equal int) (yes, no bool) {
	if pair := cond >> 1; s.flags.known>>pair&1 != 0 {
		yes = s.flags.truth>>pair&1 != uint8(cond&1)
		return yes, !yes
	}
	if !s.flags.ok || cond&^1 != equal {
		return true, true
	}
	yes, no = s.possible(s.flags)
	if cond&1 != 0 {
		return no, yes
	}
	return yes, no
}

// settle goes on with one outcome of a condition.
func (s *state) settle(cond, equal int, holds bool) {
	even := holds != (cond&1 != 0)
	pair := cond >> 1
	s.flags.known |= 1 << pair
	s.flags.truth &^= 1 << pair
	if even {
		s.flags.truth |= 1 << pair
	}
	if s.flags.ok && cond&^1 == equal {
		s.assume(s.flags, even)
	}
}

// maxFrame is how far from its start the stack is followed, in bytes.
const maxFrame = 1 << 30

// maxSlots bounds the frame; what is stored past it is not followed.
const maxSlots = 256

// entry is the state at the start of a function, or at a place nothing is known of.
func (a *arch) entry(params []Value) *state {
	s := &state{escaped: math.MaxInt64}
	other := unknown(Register)
	for i := range s.reg {
		s.reg[i] = other
	}
	for i, r := range a.args {
		s.reg[r] = Value{{From: Parameter, N: int64(i)}}
		if params != nil {
			s.reg[r] = unknown(Register)
		}
		if i < len(params) && len(params[i]) > 0 {
			s.reg[r] = params[i]
		}
	}
	s.reg[a.sp] = Value{{From: Stack}}
	return s
}

func (a *arch) nothing() *state {
	s := &state{escaped: math.MinInt64}
	none := unknown(NoCode)
	for i := range s.reg {
		s.reg[i] = none
	}
	return s
}

func (s *state) set(r int, v Value) {
	if s.flags.reg == r {
		s.flags.ok = false
	}
	s.reg[r] = v
}

// stackAt returns the offset when v is surely an address in the frame.
func stackAt(v Value) (at int64, ok bool) {
	if len(v) != 1 || v[0].From != Stack || v[0].N < -maxFrame || v[0].N > maxFrame {
		return 0, false
	}
	return v[0].N, true
}

// escape notes that the addresses in v are known elsewhere.
func (s *state) escape(v Value) {
	for _, b := range v {
		if b.From == Stack {
			s.escaped = min(s.escaped, b.N)
		}
	}
}

// lost escapes a if it was an address in the frame and r, made from it, no longer is one.
func (s *state) lost(a, r Value) {
	was := slices.ContainsFunc(a, func(b Bits) bool { return b.From == Stack })
	if was && (len(r) == 0 || slices.ContainsFunc(r, func(b Bits) bool { return b.From != Stack })) {
		s.escape(a)
	}
}

// forget drops the slots from an offset on.
func (s *state) forget(from int64) {
	s.keep(func(x slot) bool { return x.at+int64(x.size) <= from })
}

func (s *state) keep(ok func(slot) bool) {
	if i := slices.IndexFunc(s.slots, func(x slot) bool { return !ok(x) }); i >= 0 {
		kept := append(make([]slot, 0, len(s.slots)), s.slots[:i]...)
		for _, x := range s.slots[i:] {
			if ok(x) {
				kept = append(kept, x)
			}
		}
		s.slots = kept
	}
}

// store notes that v was stored at an address; nil stands for a value that is not followed.
func (s *state) store(addr Value, offset int64, size int, v Value) {
	s.escape(v)
	at, ok := stackAt(addr)
	if !ok {
		// Somewhere else, unless it may be the frame through a pointer that got away.
		s.escapeStore(addr)
		return
	}
	at += offset
	s.keep(func(x slot) bool { return x.at+int64(x.size) <= at || x.at >= at+int64(size) })
	if v == nil || len(s.slots) >= maxSlots {
		return
	}
	i := slices.IndexFunc(s.slots, func(x slot) bool { return x.at > at })
	if i < 0 {
		i = len(s.slots)
	}
	s.slots = slices.Insert(slices.Clip(s.slots), i, slot{at, size, v})
}

// escapeStore is a store of unknown size somewhere at or after addr.
func (s *state) escapeStore(addr Value) {
	for _, b := range addr {
		switch {
		case b.From == Stack:
			// An index may be negative: the object around may begin below.
			s.slots = nil
		case b.Zero|b.One == ^uint64(0), b.From == Parameter, b.From == Import:
			// Not in this frame.
		default:
			s.forget(s.escaped)
		}
	}
	if len(addr) == 0 {
		s.forget(s.escaped)
	}
}

// load returns what is at an address in the frame, its high bits zero.
func (s *state) load(addr Value, offset int64, size int) Value {
	at, ok := stackAt(addr)
	if !ok {
		return unknown(Memory)
	}
	at += offset
	for _, x := range s.slots {
		if x.at == at && size <= x.size {
			return x.v.each(func(b Bits) Bits {
				if size == x.size && size == 8 {
					return b
				}
				return trunc(b, size*8)
			})
		}
	}
	return unknown(Memory)
}

// called is the state after a call that returns result.
func (a *arch) called(s *state, result Value) {
	for _, r := range a.args {
		s.escape(s.reg[r])
	}
	left := unknown(Returned)
	for _, r := range a.clobbered {
		s.set(r, left)
	}
	s.flags = test{}
	s.set(a.result, result)
	s.forget(s.escaped)
	// What lies below the stack pointer belongs to no one.
	if sp, ok := stackAt(s.reg[a.sp]); ok {
		s.keep(func(x slot) bool { return x.at >= sp })
	} else {
		s.slots = nil
	}
}

// join takes in another state that leads to the same place, and reports whether
// s changed. The more often a place was visited, the coarser, so that loops end.
func (s *state) join(o *state, visits int) (changed bool) { return s.joined(s, o, visits) }

// covers reports whether a join would change nothing.
func (s *state) covers(o *state, visits int) bool { return !s.joined(nil, o, visits) }

// joined is join, of which the outcome is written to a state that begins as s. Without
// one, it ends at the first change.
func (s *state) joined(into, o *state, visits int) (changed bool) {
	for i := range s.reg {
		if s.reg[i].equal(o.reg[i]) {
			continue
		}
		if v := widen(s.reg[i], join(s.reg[i], o.reg[i]), visits); !v.equal(s.reg[i]) {
			if changed = true; into == nil {
				return true
			}
			into.reg[i] = v
		}
	}
	if s.escaped > o.escaped {
		if changed = true; into == nil {
			return true
		}
		into.escaped = o.escaped
	}
	if s.flags != o.flags && s.flags != (test{}) {
		if changed = true; into == nil {
			return true
		}
		into.flags = test{}
	}
	if slices.EqualFunc(s.slots, o.slots, slot.equal) {
		return changed
	}
	j := 0
	both := make([]slot, 0, len(s.slots))
	for _, x := range s.slots {
		for j < len(o.slots) && o.slots[j].at < x.at {
			j++
		}
		if j == len(o.slots) || o.slots[j].at != x.at || o.slots[j].size != x.size {
			changed = true
			continue
		}
		v := widen(x.v, join(x.v, o.slots[j].v), visits)
		changed = changed || !v.equal(x.v)
		both = append(both, slot{x.at, x.size, v})
	}
	if changed && into != nil {
		into.slots = both
	}
	return changed
}

// After so many visits changing values are merged, and then given up.
const (
	mergeAfter  = 4
	giveUpAfter = 12
)

func widen(was, is Value, visits int) Value {
	if visits < mergeAfter || was.equal(is) {
		return is
	}
	is = is.merged()
	if visits < giveUpAfter || was.equal(is) {
		return is
	}
	return Value{{From: Computed, N: is.params()}}
}

// possible reports whether t can hold, and whether it can fail.
func (s *state) possible(t test) (yes, no bool) {
	for _, b := range s.reg[t.reg] {
		differs := b.Zero&t.want&t.mask|b.One&^t.want&t.mask != 0
		equals := (b.Zero&^t.want|b.One&t.want)&t.mask == t.mask
		yes, no = yes || !differs, no || !equals
	}
	return yes, no
}

// assume narrows the tested register to what makes t hold, or fail.
func (s *state) assume(t test, holds bool) {
	var kept Value
	for _, b := range s.reg[t.reg] {
		differs := b.Zero&t.want&t.mask|b.One&^t.want&t.mask != 0
		equals := (b.Zero&^t.want|b.One&t.want)&t.mask == t.mask
		switch {
		case holds && differs, !holds && equals:
			continue
		case b.opaque():
		case holds:
			b = b.same(b.Zero|t.mask&^t.want, b.One|t.mask&t.want)
		case t.mask&(t.mask-1) == 0:
			b = b.same(b.Zero|t.mask&t.want, b.One|t.mask&^t.want)
		}
		if !slices.Contains(kept, b) {
			kept = append(kept, b)
		}
	}
	s.reg[t.reg] = kept
}
