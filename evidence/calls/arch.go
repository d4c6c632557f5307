package calls

// An arch is what Find has to know of an instruction set.
type arch struct {
	args         []int // registers of the first integer arguments
	sysArgs      []int // the same for system calls
	clobbered    []int // registers a call may change
	result       int
	sp           int
	number       int // register of the system call's number
	sysClobbered []int
	align        int // instructions start at multiples of it

	// step executes the instruction at the start of code in s.
	step func(m *memory, s *state, pc uint64, code []byte) flow

	// control is the flow of the instruction at the start of code, without a state.
	control func(pc uint64, code []byte) flow

	// selects reports whether the instruction at the start of code chooses by a condition.
	selects func(code []byte) (cond int, ok bool)
	equal   int // the condition that two values are equal

	// scan finds references to targets in n bytes of code, from an offset on, which are of
	// one block, and lists in jumps where it jumps. The code begins at pc.
	scan func(p *pass, pc uint64, code []byte, from, n int)

	// key has 32 bits of an address, by which jumps are listed.
	key func(addr uint64) uint32

	// padding is the size of an instruction that only fills up, at the start of code, or 0.
	padding func(code []byte) int

	// prologue reports whether a function probably starts at an offset in code.
	prologue func(code []byte, at int) bool
}

func archOf(a Arch) *arch {
	switch a {
	case ARM64:
		return arm64
	case X8664:
		return x8664
	}
	return nil
}

// A flow is where the program goes on after an instruction.
type flow struct {
	size   int // bytes of the instruction
	kind   flowKind
	target uint64 // address, if direct
	to     Value  // address, if not direct
	direct bool
	link   bool // a call, which comes back
	when   test // of a branch by a register: taken if it holds, or if it does not
	not    bool
	flags  bool // of a branch by the flags, on cond
	cond   int
	rare   bool // a system call in a form that no compiler writes: bytes of data, mostly
}

type flowKind int

const (
	flowNext    flowKind = iota
	flowGo               // jump or call
	flowBranch           // target or next
	flowSyscall          // system call, then next
	flowStop             // return, trap
	flowBad              // no instruction
)

// memory is what a program can read that does not change.
type memory struct {
	p      Program
	loaded map[string]bool // symbols whose pointers were loaded
}

// load returns what is at an address that is surely known.
func (m *memory) load(addr Value, offset int64, size int) Value {
	if len(addr) == 0 {
		return unknown(Memory)
	}
	return addr.each(func(b Bits) Bits {
		v, ok := b.Exact(64)
		if !ok {
			if b.From == Import && offset == 0 {
				return Bits{From: Memory, Name: b.Name, Zero: ^mask(size * 8)}
			}
			if b.From == Computed && b.N != 0 {
				// Perhaps an element of a table, which a parameter chooses.
				return Bits{From: Computed, N: b.N, Zero: ^mask(size * 8)}
			}
			return Bits{From: Memory, Zero: ^mask(size * 8)}
		}
		v += uint64(offset)
		if symbol, ok := m.p.Pointers[v]; ok && size == 8 {
			m.loaded[symbol] = true
			return Bits{From: Import, Name: symbol}
		}
		if !m.constant(v, uint64(size)) {
			return Bits{From: Memory, Zero: ^mask(size * 8)}
		}
		var raw [8]byte
		if m.p.Read(v, raw[:size]) != nil {
			return Bits{From: Memory, Zero: ^mask(size * 8)}
		}
		var n uint64
		for i := size - 1; i >= 0; i-- {
			n = n<<8 | uint64(raw[i])
		}
		return exact(n)
	})
}

func (m *memory) constant(addr, size uint64) bool {
	for _, list := range [][]Section{m.p.Text, m.p.Const} {
		for _, s := range list {
			if s.has(addr, size) {
				return true
			}
		}
	}
	return false
}

// read is a load from the frame or from what does not change.
func (m *memory) read(s *state, addr Value, offset int64, size int) Value {
	if _, ok := stackAt(addr); ok {
		return s.load(addr, offset, size)
	}
	return m.load(addr, offset, size)
}

// systemCalls are those of bsd/kern/syscalls.master that matter here, machTraps of osfmk/kern/syscall_sw.c.
var systemCalls = map[uint32]string{26: "_ptrace", 59: "_execve", 74: "_mprotect", 197: "_mmap"}

var machTraps = map[uint32]string{10: "_mach_vm_allocate", 14: "_mach_vm_protect", 15: "_mach_vm_map"}

// systemCall returns the function that a system call's number stands for.
func (a *arch) systemCall(n uint32) (symbol string, ok bool) {
	if a.align == 1 {
		return systemCallX86(n)
	}
	if int32(n) < 0 {
		symbol, ok = machTraps[-n]
	} else {
		symbol, ok = systemCalls[n]
	}
	return symbol, ok
}

// systemCallX86 has the class in the top byte: 1 for Mach, 2 for Unix.
func systemCallX86(n uint32) (symbol string, ok bool) {
	switch n >> 24 {
	case 1:
		symbol, ok = machTraps[n&0xffffff]
	case 2:
		symbol, ok = systemCalls[n&0xffffff]
	}
	return symbol, ok
}
