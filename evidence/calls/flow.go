package calls

import (
	"maps"
	"slices"
	"sort"
)

// A function is code that is interpreted as a whole.
type function struct {
	start  uint64
	code   []byte
	params []Value // what is passed to it; nil: the parameters stay symbols
	window bool    // start is not the start of a function, but a place before a call
	part   bool    // there is more of the function

	want     map[uint64]bool // addresses at which what arguments can be is to be known; nil: at all calls
	indirect bool            // and at what calls or jumps through a register
}

// An arrival is an instruction that calls, and the registers there.
type arrival struct {
	at     uint64
	symbol string
	via    Via
	target uint64  // address called, of code in the program
	args   []Value // all that registers can pass
}

// An outcome is what interpreting a function came to.
type outcome struct {
	arrivals []arrival
	loaded   map[string]bool // symbols whose pointers were loaded
	starts   map[uint64]bool // instructions that call directly, reached or not
	partial  bool
	limit    bool // too many steps: the values are not to be relied on
}

// interpret follows all ways through fn. Code that nothing visible leads to (the
// cases of a jump table, what catches exceptions) is entered with the state at the
// jumps through registers, or with none.
//
// Ways are told apart only where that can matter: when more than one argument of a
// call has alternatives.
func (f *finder) interpret(fn function) outcome {
	out := f.walk(fn, 1, maxFlow)
	if !out.limit && slices.ContainsFunc(out.arrivals, f.ambiguous) {
		if apart := f.walk(fn, maxWays, maxApart); !apart.limit {
			return apart
		}
	}
	return out
}

// ambiguous reports whether more than one argument of interest has alternatives.
func (f *finder) ambiguous(a arrival) bool {
	n := 0
	if a.symbol == "" && f.wrappers[a.target] {
		for _, v := range a.args {
			n += min(1, len(v)/2)
		}
	}
	for _, i := range f.wanted[a.symbol] {
		n += min(1, len(a.args[i])/2)
	}
	return n > 1
}

// walk is interpret with so many ways to a block told apart, in so many steps.
func (f *finder) walk(fn function, ways, steps int) outcome {
	if f.steps <= 0 {
		f.gap("more than %d instructions: what is left was not interpreted", maxSteps)
		return outcome{limit: true}
	}
	w := f.newWalk(fn, ways, steps)
	before := w.left
	w.findBlocks()
	if fn.window {
		w.enter(0, f.arch.nothing())
		w.partial = true
	} else {
		w.enter(0, f.arch.entry(fn.params))
	}
	w.run()
	w.enterOrphans()
	out := w.collect()
	f.steps -= before - w.left
	return out
}

func (f *finder) newWalk(fn function, ways, steps int) *walk {
	return &walk{
		f: f, fn: fn, ways: ways, mem: &memory{p: f.p, loaded: map[string]bool{}},
		blocks: map[int]*block{}, starts: map[uint64]bool{}, left: min(steps, f.steps),
	}
}

// A block is code that is entered only at its start.
type block struct {
	ins     []*state // at the start, on ways that are told apart
	waits   []bool   // those that are to be visited
	visits  int
	orphan  bool // no branch of the function leads here, and none falls through
	waiting bool
	useless bool // no way leads on to what is of interest
}

// What depends on one condition belongs together, as protection and flags do: ways
// to a block are told apart up to maxWays, and outcomes of conditional selects up to
// maxForks of them in a block. What is more is joined.
const (
	maxWays  = 6
	maxForks = 3
)

type walk struct {
	ways    int // to a block that are told apart
	f       *finder
	fn      function
	mem     *memory
	starts  map[uint64]bool
	blocks  map[int]*block // by offset in fn.code
	order   []int          // the offsets, sorted
	queue   []int          // blocks to be visited, a heap by offset
	jumps   *state         // join of the states at jumps to unknown places
	visited state          // in the block at hand
	left    int
	partial bool
	events  []event // by address

	indirect bool // it calls or jumps through registers
}

// findBlocks decodes fn once, from start to end.
func (w *walk) findBlocks() {
	targets := map[int]bool{0: true}
	orphans := map[int]bool{}
	heads := make([]uint64, len(w.fn.code)/64+1) // bit for each instruction
	ended := false                               // the instruction before leads elsewhere
	for at := 0; at < len(w.fn.code); {
		if n := w.f.arch.padding(w.fn.code[at:]); ended && n > 0 {
			at += n
			continue
		}
		if ended {
			orphans[at] = true
		}
		fl := w.f.arch.control(w.fn.start+uint64(at), w.fn.code[at:])
		next := at + fl.size
		heads[at/64] |= 1 << (at % 64)
		w.left--
		w.indirect = w.indirect || fl.kind == flowGo && !fl.direct
		ended = fl.kind == flowStop || fl.kind == flowBad || fl.kind == flowGo && !fl.link ||
			fl.direct && fl.link && noReturn[w.f.p.Stubs[fl.target]]
		if _, ok := w.f.p.Stubs[fl.target]; ok && fl.direct {
			w.starts[w.fn.start+uint64(at)] = true
		}
		if fl.kind == flowBranch || fl.kind == flowGo && !fl.link && fl.direct {
			if t, ok := w.offset(fl.target); ok {
				targets[t] = true
			}
		}
		if fl.kind == flowBranch {
			targets[next] = true
		}
		if fl.kind != flowNext || w.fn.want != nil {
			w.event(at, fl, ended)
		}
		at = next
	}
	straight := true // no jump leads into the middle of an instruction
	for at := range targets {
		straight = straight && (at >= len(w.fn.code) || heads[at/64]>>(at%64)&1 != 0)
	}
	for at := range targets {
		w.blocks[at] = &block{}
	}
	for at := range orphans {
		if w.blocks[at] == nil && at < len(w.fn.code) {
			w.blocks[at] = &block{orphan: true}
		}
	}
	for at := range w.blocks {
		w.order = append(w.order, at)
	}
	sort.Ints(w.order)
	if straight {
		w.prune()
	}
}

func (w *walk) offset(addr uint64) (int, bool) {
	at := addr - w.fn.start
	return int(at), at < uint64(len(w.fn.code)) && at%uint64(w.f.arch.align) == 0
}

// enter has the block at an offset visited with s, alone or joined with others.
func (w *walk) enter(at int, s *state) {
	b := w.blocks[at]
	if b == nil || b.useless {
		return // past the end, or nothing comes of it
	}
	c := *s
	c.flags.known, c.flags.truth = 0, 0
	w.left -= perJoin * len(b.ins)
	for _, in := range b.ins {
		if in.covers(&c, b.visits) {
			return
		}
	}
	if len(b.ins) == 0 || len(b.ins) < w.ways && b.visits < 2*w.ways {
		kept := new(state)
		*kept = c
		b.ins, b.waits = append(b.ins, kept), append(b.waits, true)
	} else {
		last := len(b.ins) - 1
		b.ins[last].join(&c, b.visits-w.ways)
		b.waits[last] = true
	}
	if !b.waiting {
		b.waiting = true
		w.push(at)
	}
}

// What a visit of a block and a comparison of states cost in steps.
const (
	perVisit = 8
	perJoin  = 4

	// slotsPerStep is how many slots of the frame are copied in the time of a step.
	slotsPerStep = 32
)

// run visits the first block that waits until none does.
func (w *walk) run() {
	for len(w.queue) > 0 && w.left > 0 {
		at := w.pop()
		b := w.blocks[at]
		b.waiting = false
		for i := range b.ins {
			if b.waits[i] {
				b.waits[i] = false
				b.visits++
				w.left -= perVisit
				w.visited = *b.ins[i]
				w.block(at, &w.visited, nil, 0)
			}
		}
	}
}

// block interprets from an offset to the end of the block, and enters what comes next.
// With arrivals it only notes calls.
func (w *walk) block(at int, s *state, arrivals func(arrival), forks int) {
	quiet := arrivals != nil
	for first := true; at < len(w.fn.code); first = false {
		if !first && w.blocks[at] != nil {
			if !quiet {
				w.enter(at, s)
			}
			return
		}
		// What is kept of the frame is copied where it changes.
		if w.left -= 1 + len(s.slots)/slotsPerStep; w.left <= 0 && !quiet {
			return
		}
		if cond, ok := w.f.arch.selects(w.fn.code[at:]); ok && w.ways > 1 && forks < maxForks {
			if yes, no := s.decide(cond, w.f.arch.equal); yes && no {
				c := *s
				c.settle(cond, w.f.arch.equal, true)
				s.settle(cond, w.f.arch.equal, false)
				forks++
				w.block(at, &c, arrivals, forks)
			}
		}
		pc := w.fn.start + uint64(at)
		fl := w.f.arch.step(w.mem, s, pc, w.fn.code[at:])
		next := at + fl.size
		switch fl.kind {
		case flowStop:
			return
		case flowBad:
			w.partial = true
			return
		case flowBranch:
			if _, ok := w.offset(fl.target); !ok && quiet {
				w.call(s, pc, fl, arrivals) // a tail call on a condition
			}
			if !quiet {
				w.branch(s, fl, next)
			}
			return
		case flowSyscall:
			w.syscall(s, pc, fl.rare, arrivals)
		case flowGo:
			result, returns, inside := w.call(s, pc, fl, arrivals)
			if !fl.link {
				if inside && !quiet {
					t, _ := w.offset(fl.target)
					w.enter(t, s)
				}
				return
			}
			if !returns {
				return
			}
			if code := w.f.outlined(fl); code != nil {
				w.inline(s, fl.target, code)
			} else {
				w.f.arch.called(s, result)
			}
		}
		at = next
	}
	if w.fn.part {
		w.partial = true
	}
}

// branch enters both ways that are possible.
func (w *walk) branch(s *state, fl flow, next int) {
	yes, no := true, true
	switch {
	case fl.flags:
		yes, no = s.decide(fl.cond, w.f.arch.equal)
	case fl.when.ok:
		if yes, no = s.possible(fl.when); fl.not {
			yes, no = no, yes
		}
	}
	way := func(at int, taken bool) {
		c := *s
		switch {
		case fl.flags:
			c.settle(fl.cond, w.f.arch.equal, taken)
		case fl.when.ok:
			c.assume(fl.when, taken != fl.not)
		}
		w.enter(at, &c)
	}
	if no {
		way(next, false)
	}
	if t, ok := w.offset(fl.target); yes && ok {
		way(t, true)
	}
}

// call tells what a call or jump reaches: functions outside, or a place inside fn.
func (w *walk) call(s *state, pc uint64, fl flow, arrivals func(arrival)) (result Value, returns, inside bool) {
	result, returns = unknown(Returned), true
	arrive := func(symbol string, via Via, target uint64) {
		if arrivals != nil {
			arrivals(arrival{at: pc, symbol: symbol, via: via, target: target, args: w.args(s, w.f.arch.args, fl.link)})
		}
		if symbol == "_dlsym" {
			result = w.lookup(s)
		}
	}
	if fl.direct {
		if symbol, ok := w.f.p.Stubs[fl.target]; ok {
			arrive(symbol, ViaStub, 0)
			// It returns once more, with whatever was stored until then.
			w.partial = w.partial || returnsTwice[symbol]
			return result, !noReturn[symbol], false
		}
		if _, ok := w.offset(fl.target); ok && !fl.link {
			if fl.target == w.fn.start && !w.fn.window {
				arrive("", "", fl.target) // itself, by a tail call or a loop; it is joined as a loop
			}
			return result, true, true
		}
		arrive("", "", fl.target)
		return result, true, false
	}
	known := false
	for _, b := range fl.to {
		switch b.From {
		case Import:
			known = true
			arrive(b.Name, ViaPointer, 0)
			returns = returns && !(len(fl.to) == 1 && noReturn[b.Name])
		case Lookup:
			known = true
			arrive(b.Name, ViaLookup, 0)
		default:
			if v, ok := b.Exact(64); ok {
				if symbol, ok := w.f.p.Stubs[v]; ok { // by a thunk
					known = true
					arrive(symbol, ViaStub, 0)
				} else {
					arrive("", "", v)
				}
			}
		}
	}
	if !fl.link && !known && arrivals == nil {
		// A jump table, or a tail call through a pointer. What a case falls into from the one
		// before is a place like any other, of which nothing tells that the table leads there.
		w.partial = true
		if w.jumps == nil {
			c := *s
			w.jumps = &c
		} else {
			w.jumps.join(s, mergeAfter)
		}
	}
	return result, returns, false
}

// noReturn are functions of libSystem and libc++ that never return.
var noReturn = map[string]bool{
	"_abort": true, "_exit": true, "__exit": true, "___stack_chk_fail": true, "___assert_rtn": true,
	"__Unwind_Resume": true, "___cxa_throw": true, "___cxa_rethrow": true, "__ZSt9terminatev": true,
	"_longjmp": true, "__longjmp": true, "_pthread_exit": true,
}

// Known returns the symbols of which calls change the ways through code, so that they are of use
// among Stubs without being wanted.
func Known() []string {
	return slices.AppendSeq(slices.Collect(maps.Keys(noReturn)), maps.Keys(returnsTwice))
}

// returnsTwice are functions of libSystem to which longjmp returns, or that are a fork.
var returnsTwice = map[string]bool{"_setjmp": true, "__setjmp": true, "_sigsetjmp": true, "_vfork": true}

// args are the registers of arguments, and what is on the stack: on x86-64 in
// slots of 8 bytes before a call, on Apple's arm64 packed, by types that are not known,
// so that of an int there only the first is.
func (w *walk) args(s *state, regs []int, stack bool) []Value {
	list := make([]Value, maxArgs)
	for i := range list {
		switch {
		case i < len(regs):
			list[i] = s.reg[regs[i]]
		case stack && w.f.arch == x8664:
			list[i] = s.load(s.reg[rsp], int64(i-len(regs))*8, 8)
		case stack && i == len(regs):
			list[i] = s.load(s.reg[w.f.arch.sp], 0, 4)
		default:
			list[i] = unknown(Memory)
		}
	}
	return list
}

// lookup is what dlsym returns: the function its second argument names.
func (w *walk) lookup(s *state) Value {
	return s.reg[w.f.arch.args[1]].each(func(b Bits) Bits {
		if v, ok := b.Exact(64); ok && v != 0 {
			if name, ok := w.f.p.CString(v, maxName); ok && name != "" {
				return Bits{From: Lookup, Name: "_" + name}
			}
		}
		return Bits{From: Returned}
	})
}

// maxName bounds the names that dlsym is asked for. Mangled names of C++ can be longer; none is wanted.
const maxName = 256

// syscall is one of the system calls of XNU that are known by number.
func (w *walk) syscall(s *state, pc uint64, rare bool, arrivals func(arrival)) {
	if arrivals != nil {
		for _, b := range s.reg[w.f.arch.number] {
			n, known := b.Exact(32)
			symbol, ok := "", !known && !rare
			if known {
				symbol, ok = w.f.arch.systemCall(uint32(n))
			}
			if ok {
				arrivals(arrival{at: pc, symbol: symbol, via: ViaSyscall, args: w.args(s, w.f.arch.sysArgs, false)})
			}
		}
	}
	for _, r := range w.f.arch.sysClobbered {
		s.set(r, unknown(Returned))
	}
	s.flags = test{}
	s.forget(s.escaped)
}

// enterOrphans visits what has not been reached.
func (w *walk) enterOrphans() {
	for _, at := range w.order {
		b := w.blocks[at]
		if !b.orphan || len(b.ins) > 0 {
			continue
		}
		w.partial = true
		s := w.jumps
		if s == nil {
			s = w.f.arch.nothing()
		}
		c := *s
		w.enter(at, &c)
		w.run()
	}
}

// collect goes over all blocks once more and notes the calls.
func (w *walk) collect() outcome {
	out := outcome{limit: w.left <= 0, loaded: w.mem.loaded, starts: w.starts}
	for _, at := range w.order {
		for _, in := range w.blocks[at].ins {
			w.visited = *in
			w.block(at, &w.visited, func(a arrival) { out.arrivals = append(out.arrivals, a) }, 0)
		}
	}
	out.partial = w.partial
	if out.limit && w.ways == 1 {
		w.f.gap("the function at %#x takes too many steps", w.fn.start)
	}
	return out
}

func (w *walk) push(at int) {
	i, _ := slices.BinarySearchFunc(w.queue, at, func(a, b int) int { return b - a })
	w.queue = slices.Insert(w.queue, i, at)
}

// pop returns the waiting block with the lowest offset: the order in which
// compilers lay out code, so that most are visited after all that leads to them.
func (w *walk) pop() int {
	at := w.queue[len(w.queue)-1]
	w.queue = w.queue[:len(w.queue)-1]
	return at
}

// containing returns the function around an address, as the code to interpret.
func (f *finder) containing(addr uint64) (function, bool) {
	i := slices.IndexFunc(f.text, func(s Section) bool { return s.has(addr, 1) })
	if i < 0 {
		return function{}, false
	}
	section := f.text[i]
	fn := function{start: section.Addr}
	end := section.Addr + section.Size // may be 0, the end of the address space
	n, found := slices.BinarySearch(f.starts, addr)
	if !found {
		n--
	}
	known := n >= 0 && f.starts[n] >= section.Addr
	if known {
		fn.start = f.starts[n]
		for n++; n < len(f.starts) && f.starts[n] == fn.start; n++ {
		}
		if n < len(f.starts) && f.starts[n]-section.Addr < section.Size {
			end = f.starts[n]
		}
	} else {
		fn.start, end, fn.window = f.guess(section, addr)
		fn.part = fn.window
	}
	if size := end - fn.start; size > maxFunction {
		fn.part = true
		if addr-fn.start >= maxFunction-maxGuess {
			fn.start, fn.window = f.resync(fn.start, addr), true
		}
		end = fn.start + min(end-fn.start, maxFunction)
	}
	fn.code = make([]byte, end-fn.start)
	if f.read(fn.start, fn.code) != nil {
		return function{}, false
	}
	return fn, true
}

// guess looks for what seems to be the start of the function around addr, and of the next.
func (f *finder) guess(s Section, addr uint64) (start, end uint64, window bool) {
	first := addr - min(maxGuess, addr-s.Addr)
	first += (addr - first) % uint64(f.arch.align)
	size := addr - first + min(maxGuess, s.Size-(addr-s.Addr))
	code := make([]byte, size)
	if f.read(first, code) != nil {
		return addr, addr, true
	}
	at := int(addr - first)
	start, end, window = f.resync(first, addr), first+size, true
	for i := at; i >= 0; i -= f.arch.align {
		if f.arch.prologue(code, i) {
			start, window = first+uint64(i), false
			break
		}
	}
	for i := at + f.arch.align; i < len(code); i += f.arch.align {
		if f.arch.prologue(code, i) {
			end = first + uint64(i)
			break
		}
	}
	return start, end, window
}

// resync returns an address before addr at which an instruction begins, at most
// half of maxFunction away.
func (f *finder) resync(from, addr uint64) uint64 {
	const half = maxFunction / 2
	if addr-from > half {
		from = addr - half
	}
	return from + (addr-from)%uint64(f.arch.align)
}
