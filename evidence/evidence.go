// Package evidence reads out of machine code whether it needs the exceptions to the
// Hardened Runtime that it claims. Nothing is executed: [Read] looks at what one slice
// calls, imports and says, [Weigh] puts together what the files of a process say of one
// entitlement.
//
// What is found has a [Strength]. What is not found proves nothing: code may look a
// function up at run time, or be packed. How far that is so in a file is told as a gap.
package evidence

import (
	"cmp"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// Need is something that code does and that the Hardened Runtime forbids.
type Need string

// The needs.
const (
	// MapJIT: memory that is mapped with MAP_JIT, to write code and run it.
	MapJIT Need = "map-jit"

	// UnsignedMemory: memory that is made executable while it is writable, or after it
	// was written to, and that is not mapped with MAP_JIT.
	UnsignedMemory Need = "unsigned-memory"

	// PageProtection: writing into executable pages of a file.
	PageProtection Need = "page-protection"

	// ForeignCode: loading code that neither the team of the program nor Apple signed.
	ForeignCode Need = "foreign-code"

	// DyldEnvironment: programs that are told by DYLD_ variables what to load.
	DyldEnvironment Need = "dyld-environment"

	// Debugger: reading and changing other processes.
	Debugger Need = "debugger"
)

// Needs returns all needs, in the order in which they are told.
func Needs() []Need {
	return []Need{MapJIT, UnsignedMemory, PageProtection, ForeignCode, DyldEnvironment, Debugger}
}

// Strength is how far something in the code goes to show that it has a need.
type Strength string

// The strengths, strongest first.
const (
	// Proves: an instruction does it, with arguments that are known.
	Proves Strength = "proves"

	// Suggests: something is there that has no other use, or hardly any.
	Suggests Strength = "suggests"

	// Consistent: something is there that code with the need has, and other code too.
	Consistent Strength = "consistent"

	// None: nothing was found.
	None Strength = "none"
)

// Strengths returns all strengths, strongest first.
func Strengths() []Strength { return []Strength{Proves, Suggests, Consistent, None} }

// rank is 0 for the strongest.
func (s Strength) rank() int { return slices.Index(Strengths(), s) }

// AtLeast reports whether s goes as far as o.
func (s Strength) AtLeast(o Strength) bool { return s.rank() <= o.rank() }

// less is the strength one below, Consistent at least.
func (s Strength) less() Strength {
	if s == Proves {
		return Suggests
	}
	return Consistent
}

// Item is one thing in a slice that speaks for a need.
type Item struct {
	Need     Need
	Strength Strength
	Symbol   string // the function, library, string or engine that it rests on; empty for none
	Address  uint64 // of the instruction, in the address space of the slice; 0 for none
	Text     string // what it is, as in "calls mmap with MAP_JIT"; no full stop

	// Of is the library that has the function, when that is not one of macOS's, by its install
	// name; PassedOn is the strength where that library only passes on macOS's.
	Of       string
	PassedOn Strength
}

// Code is what one slice says.
type Code struct {
	Items   []Item   // strongest first
	Gaps    []Gap    // what could not be followed
	Engines []Engine // generators of machine code that are known by name
	Loads   []Load   // libraries that dyld loads with it
	RPaths  []string // where it has dyld look for them
	ID      string   // the name of a library, by which others load it; empty for none
}

// Gap is something that could not be followed, and may hide a need.
type Gap struct {
	Needs []Need // that it may hide; nil: any
	Text  string // what it is, a few words
}

// hides reports whether the gap may hide a need.
func (g Gap) hides(n Need) bool { return g.Needs == nil || slices.Contains(g.Needs, n) }

// memory are the needs of executable memory.
var memory = []Need{MapJIT, UnsignedMemory, PageProtection}

// Load is a library that a slice names.
type Load struct {
	Name string // as in /usr/lib/libSystem.B.dylib, or @rpath/libacme.dylib
	Weak bool   // the program starts without it

	PassesOn bool // what it has counts as that of the slice (LC_REEXPORT_DYLIB)
}

// Engine is a generator of machine code that was recognised.
type Engine struct {
	Name     string // as its makers write it
	Version  string // empty when it does not tell
	Category string // what it is, as policies name the categories of exceptions; empty for none of them

	Generates bool // it writes machine code, in this version and for this processor
}

func (e Engine) String() string {
	if e.Version == "" {
		return e.Name
	}
	return e.Name + " " + e.Version
}

// Categories returns what an [Engine] may be, as policies name it.
func Categories() []string {
	return []string{"javascript-engine", "language-runtime", "regex-jit", "emulator"}
}

// add notes an item, unless there is one like it. Of very many the first are dropped that
// [Code.sort] will not keep.
func (c *Code) add(it Item) {
	for i := range c.Items {
		if o := &c.Items[i]; o.Need == it.Need && o.Text == it.Text && o.Symbol == it.Symbol {
			if it.Strength.rank() < o.Strength.rank() {
				*o = it
			}
			return
		}
	}
	c.Items = append(c.Items, it)
	if len(c.Items) >= maxHeld {
		c.drop(Item.group)
	}
}

// group is what the limit is for until all is known: [Code.temper] makes weaker what
// changes protections, and what else there is for the need must not have been dropped for it.
func (it Item) group() Need {
	if it.isTempered() {
		return it.Need + " by a change"
	}
	return it.Need
}

// isTempered reports whether memory that is mapped with MAP_JIT makes the item weaker.
func (it Item) isTempered() bool {
	return it.Need == UnsignedMemory && slices.Contains(protectors, it.Symbol)
}

// temper takes back what changing the protection of memory proves, where there is memory
// that is mapped with MAP_JIT: that may be executable and writable, and has to be made
// so, with allow-jit alone.
func (c *Code) temper() {
	if !slices.ContainsFunc(c.Items, func(it Item) bool { return it.Need == MapJIT && it.Strength.AtLeast(Suggests) }) {
		return
	}
	for i := range c.Items {
		if it := &c.Items[i]; it.isTempered() {
			it.Strength = it.Strength.less()
			if it.PassedOn != "" {
				it.PassedOn = it.PassedOn.less()
			}
		}
	}
}

// protectors change what may be done with memory that is there.
var protectors = []string{"_mprotect", "_vm_protect", "_mach_vm_protect"}

// sort brings the strongest items to the front and drops what is beyond the limit.
func (c *Code) sort() { c.drop(func(it Item) Need { return it.Need }) }

// drop keeps the strongest items of each group, in their order.
func (c *Code) drop(group func(Item) Need) {
	inorder.By(c.Items, compareItems)
	kept := map[Need]int{}
	c.Items = slices.DeleteFunc(c.Items, func(it Item) bool {
		g := group(it)
		kept[g]++
		return kept[g] > maxItems
	})
}

// maxItems bounds what is kept of one slice for one need. Real code has a dozen calls;
// what more says is said by the first.
const maxItems = 16

// maxHeld bounds what is held of one slice at a time: twice what is kept of all groups.
const maxHeld = 2 * maxItems * 7

func compareItems(a, b Item) int {
	return cmp.Or(
		cmp.Compare(slices.Index(Needs(), a.Need), slices.Index(Needs(), b.Need)),
		cmp.Compare(a.Strength.rank(), b.Strength.rank()),
		cmp.Compare(a.Address, b.Address),
		cmp.Compare(a.Text, b.Text),
		cmp.Compare(a.Symbol, b.Symbol),
	)
}
