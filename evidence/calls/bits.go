package calls

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"
)

// An Origin says where the bits of a value come from that are not known.
type Origin uint8

const (
	Nowhere   Origin = iota
	Parameter        // parameter N of the function, bit by bit
	Stack            // the stack pointer at the function's entry, plus N
	Import           // the address of the imported function Name
	Lookup           // what dlsym returned for Name, as _mmap
	Computed         // arithmetic; N has a bit set for each parameter that went in
	Memory           // loaded from memory that was not followed; of an imported variable its Name is known
	Returned         // what a call returned or may have overwritten
	Register         // a register that held something else when the function was entered
	Limit            // the function was too large or took too many steps
	NoCode           // an instruction that is not known, or code nothing visible leads to
)

// String is the word for why a value is not known.
func (o Origin) String() string {
	return [...]string{"unknown", "parameter", "stack", "import", "lookup", "computed", "memory", "call", "register", "limit", "undecodable"}[o]
}

// Bits is a 64-bit value of which some bits are known: those set in Zero are 0,
// those set in One are 1 (as LLVM's KnownBits). The others are those of From.
type Bits struct {
	Zero, One uint64
	From      Origin
	N         int64
	Name      string
}

// Exact returns the low width bits, if all are known.
func (b Bits) Exact(width int) (v uint64, ok bool) {
	m := mask(width)
	return b.One & m, (b.Zero|b.One)&m == m
}

// Unknown reports whether no bit is known, and nothing else of the value.
func (b Bits) Unknown() bool {
	return b.One == 0 && b.Zero&mask(32) == 0 && b.From != Import && b.From != Lookup && b.From != Stack
}

// String is 0x1802, or 0x800|memory with the bits that are surely set.
func (b Bits) String() string {
	if v, ok := b.Exact(64); ok {
		return fmt.Sprintf("%#x", v)
	}
	var s strings.Builder
	if b.One != 0 {
		fmt.Fprintf(&s, "%#x|", b.One)
	}
	s.WriteString(b.From.String())
	switch b.From {
	case Parameter:
		fmt.Fprintf(&s, " %d", b.N)
	case Stack:
		fmt.Fprintf(&s, "%+d", b.N)
	case Import, Lookup:
		fmt.Fprintf(&s, " %s", b.Name)
	}
	if z := b.Zero & mask(32); z != 0 {
		fmt.Fprintf(&s, "&^%#x", z)
	}
	return s.String()
}

// maxAlternatives is how many values are told apart; more are merged into the bits they share.
const maxAlternatives = 8

// A Value is what something may be: each alternative is so on some way through
// the code. Empty, nothing is known.
type Value []Bits

func (v Value) String() string {
	if len(v) == 0 {
		return "unknown"
	}
	list := make([]string, len(v))
	for i, b := range v {
		list[i] = b.String()
	}
	return strings.Join(list, " or ")
}

// Some reports whether some alternative surely has all the given bits set.
func (v Value) Some(bits uint64) bool {
	return slices.ContainsFunc(v, func(b Bits) bool { return b.One&bits == bits })
}

// Every reports whether all alternatives surely have all the given bits set.
func (v Value) Every(bits uint64) bool {
	return len(v) > 0 && !slices.ContainsFunc(v, func(b Bits) bool { return b.One&bits != bits })
}

// Possible reports whether nothing rules out that all the given bits are set.
func (v Value) Possible(bits uint64) bool {
	return len(v) == 0 || slices.ContainsFunc(v, func(b Bits) bool { return b.Zero&bits == 0 })
}

// Known reports whether every alternative is exact in its low width bits.
func (v Value) Known(width int) bool {
	return len(v) > 0 && !slices.ContainsFunc(v, func(b Bits) bool { _, ok := b.Exact(width); return !ok })
}

func mask(width int) uint64 {
	if width >= 64 {
		return ^uint64(0)
	}
	return 1<<width - 1
}

func exact(v uint64) Bits     { return Bits{Zero: ^v, One: v} }
func constant(v uint64) Value { return Value{exact(v)} }

// unknown returns a value of which no more is known than where it comes from.
func unknown(from Origin) Value { return unknowns[from : from+1 : from+1] }

// unknowns has one for each origin, shared by all that have it: values are never changed in place.
var unknowns = func() (list [NoCode + 1]Bits) {
	for i := range list {
		list[i].From = Origin(i)
	}
	return list
}()

// normal drops the origin of a value of which all is known, so that equal values are ==.
func (b Bits) normal() Bits {
	if b.Zero|b.One == ^uint64(0) {
		b.From, b.N, b.Name = Nowhere, 0, ""
	}
	return b
}

// params are the parameters a value depends on, one bit each.
func (b Bits) params() int64 {
	switch b.From {
	case Parameter:
		return 1 << b.N
	case Computed:
		return b.N
	}
	return 0
}

// Depends reports whether v comes of a parameter of the function, in some alternative.
func (v Value) Depends() bool { return v.params() != 0 }

func (v Value) params() (m int64) {
	for _, b := range v {
		m |= b.params()
	}
	return m
}

// mixed returns known bits whose others come from both a and b.
func mixed(zero, one uint64, a, b Bits) Bits {
	r := Bits{Zero: zero, One: one}
	switch {
	case zero|one == ^uint64(0):
		return r
	case a.params()|b.params() != 0:
		r.From, r.N = Computed, a.params()|b.params()
	default:
		// The first of them that is not known is why this is not.
		r.From = Computed
		for _, x := range []Bits{a, b} {
			switch x.From {
			case Memory, Returned, Register, Limit, NoCode:
				r.From = x.From
				return r
			}
		}
	}
	return r
}

// same returns known bits whose others are still a's.
func (a Bits) same(zero, one uint64) Bits {
	a.Zero, a.One = zero, one
	return a.normal()
}

// opaque reports whether a stands for an address, of which arithmetic leaves no known bits.
func (a Bits) opaque() bool { return a.From == Stack || a.From == Import || a.From == Lookup }

func and(a, b Bits) Bits {
	zero, one := a.Zero|b.Zero, a.One&b.One
	if _, ok := b.Exact(64); ok && !a.opaque() {
		return a.same(zero, one)
	}
	if _, ok := a.Exact(64); ok && !b.opaque() {
		return b.same(zero, one)
	}
	if a == b {
		return a
	}
	// The stack pointer, aligned: what it was aligned to is not known, and only
	// the distance to what is stored there matters.
	if v, ok := b.Exact(64); ok && a.From == Stack && v != 0 && v == -(v&-v) {
		a.N &= int64(v)
		return a
	}
	return mixed(zero, one, a, b)
}

func or(a, b Bits) Bits {
	zero, one := a.Zero&b.Zero, a.One|b.One
	if v, ok := b.Exact(64); ok && (!a.opaque() || v == 0) {
		return a.same(zero, one)
	}
	if v, ok := a.Exact(64); ok && (!b.opaque() || v == 0) {
		return b.same(zero, one)
	}
	if a == b {
		return a
	}
	return mixed(zero, one, a, b)
}

func xor(a, b Bits) Bits {
	if v, ok := b.Exact(64); ok && v == 0 {
		return a
	}
	return mixed(a.Zero&b.Zero|a.One&b.One, a.Zero&b.One|a.One&b.Zero, a, b)
}

func not(a Bits) Bits { return mixed(a.One, a.Zero, a, a) }

// add is KnownBits::computeForAddCarry of LLVM.
func add(a, b Bits) Bits {
	av, aExact := a.Exact(64)
	bv, bExact := b.Exact(64)
	switch {
	case aExact && bExact:
		return exact(av + bv)
	case bExact && bv == 0:
		return a
	case aExact && av == 0:
		return b
	case bExact && a.From == Stack:
		a.N += int64(bv)
		return a
	case aExact && b.From == Stack:
		b.N += int64(av)
		return b
	}
	return carry(a, b, 0)
}

func carry(a, b Bits, in uint64) Bits {
	zeros := ^a.Zero + ^b.Zero + in // the largest sum
	ones := a.One + b.One + in
	carryZero := ^(zeros ^ a.Zero ^ b.Zero)
	carryOne := ones ^ a.One ^ b.One
	known := (a.Zero | a.One) & (b.Zero | b.One) & (carryZero | carryOne)
	return mixed(^zeros&known, ones&known, a, b)
}

func sub(a, b Bits) Bits {
	if v, ok := b.Exact(64); ok {
		return add(a, exact(-v))
	}
	if a == b && a.From == Stack {
		return exact(0)
	}
	return carry(a, Bits{Zero: b.One, One: b.Zero, From: b.From, N: b.N, Name: b.Name}, 1)
}

func shl(a Bits, n int) Bits {
	if n == 0 {
		return a
	}
	return mixed(a.Zero<<n|mask(n), a.One<<n, a, a)
}

func shr(a Bits, n int) Bits {
	if n == 0 {
		return a
	}
	return mixed(a.Zero>>n|^mask(64-n), a.One>>n, a, a)
}

// sar shifts the low width bits with their sign; the others come out zero.
func sar(a Bits, n, width int) Bits {
	if n == 0 {
		return trunc(a, width)
	}
	a = sext(a, width)
	return trunc(mixed(uint64(int64(a.Zero)>>n), uint64(int64(a.One)>>n), a, a), width)
}

func ror(a Bits, n, width int) Bits {
	if n %= width; n == 0 {
		return trunc(a, width)
	}
	turn := func(v uint64) uint64 {
		v &= mask(width)
		return (v>>n | v<<(width-n)) & mask(width)
	}
	return mixed(turn(a.Zero)|^mask(width), turn(a.One), a, a)
}

// trunc zeroes all but the low width bits.
func trunc(a Bits, width int) Bits {
	if width == 64 {
		return a
	}
	zero, one := a.Zero|^mask(width), a.One&mask(width)
	if a.opaque() {
		return mixed(^mask(width), 0, Bits{}, Bits{})
	}
	return a.same(zero, one)
}

// sext copies bit width-1 into all above it.
func sext(a Bits, width int) Bits {
	high, sign := ^mask(width), uint64(1)<<(width-1)
	zero, one := a.Zero&^high, a.One&^high
	switch {
	case width == 64:
		return a
	case a.Zero&sign != 0:
		return a.same(zero|high, one)
	case a.One&sign != 0:
		return a.same(zero, one|high)
	}
	return mixed(zero, one, a, a)
}

// insert puts the low width bits of b into a, at bit at.
func insert(a, b Bits, at, width int) Bits {
	m := mask(width) << at
	zero, one := a.Zero&^m|b.Zero<<at&m, a.One&^m|b.One<<at&m
	if v, ok := b.Exact(width); ok && !a.opaque() {
		return a.same(a.Zero&^m|^v<<at&m, a.One&^m|v<<at&m)
	}
	if at == 0 && !a.opaque() && !b.opaque() && (a.Zero|a.One)|m == ^uint64(0) {
		return b.same(zero, one)
	}
	return mixed(zero, one, a, b)
}

func mul(a, b Bits, width int) Bits {
	av, aok := a.Exact(width)
	bv, bok := b.Exact(width)
	switch {
	case aok && bok:
		return exact(av * bv & mask(width))
	case bok && bv != 0 && bv&(bv-1) == 0:
		return trunc(shl(a, bits.TrailingZeros64(bv)), width)
	case aok && av != 0 && av&(av-1) == 0:
		return trunc(shl(b, bits.TrailingZeros64(av)), width)
	case aok && av == 0, bok && bv == 0:
		return exact(0)
	}
	return mixed(^mask(width), 0, a, b)
}

// merge is the one value that covers a and b.
func merge(a, b Bits) Bits {
	return mixed(a.Zero&b.Zero, a.One&b.One, a, b)
}

// join returns the alternatives of both, merged into one when there are too many.
func join(a, b Value) Value {
	if a.equal(b) || len(b) == 0 {
		return a
	}
	if len(a) == 0 {
		return b
	}
	r := slices.Clip(a)
	for _, x := range b {
		if slices.Contains(r, x) {
			continue
		}
		if len(r) == cap(r) { // for all that there can be
			r = append(make(Value, 0, len(a)+len(b)), r...)
		}
		r = append(r, x)
	}
	return r.narrow()
}

// equal is slices.Equal, which most often compares a value with itself.
func (v Value) equal(w Value) bool {
	if len(v) != len(w) {
		return false
	}
	return len(v) == 0 || &v[0] == &w[0] || slices.Equal(v, w)
}

// narrow merges more than maxAlternatives into one.
func (v Value) narrow() Value {
	if len(v) <= maxAlternatives {
		return v
	}
	return v.merged()
}

func (v Value) merged() Value {
	if len(v) <= 1 {
		return v
	}
	m := v[0]
	for _, x := range v[1:] {
		m = merge(m, x)
	}
	return Value{m}
}

// each applies op to every alternative.
func (v Value) each(op func(Bits) Bits) Value {
	r := make(Value, 0, len(v))
	for _, x := range v {
		if y := op(x); !slices.Contains(r, y) {
			r = append(r, y)
		}
	}
	return r
}

// pairs applies op to every pair of alternatives.
func pairs(a, b Value, op func(a, b Bits) Bits) Value {
	r := make(Value, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			if z := op(x, y); !slices.Contains(r, z) {
				r = append(r, z)
			}
		}
	}
	return r.narrow()
}
