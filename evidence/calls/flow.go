package calls

import (
	"maps"
	"slices"
)

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
	partial  bool
	limit    bool // too many steps: the values are not to be relied on
}

// interpret follows all ways through a function. Code that nothing visible leads to (the
// cases of a jump table, what catches exceptions) is entered with the state at the
// jumps through registers, or with none.
//
// Ways are told apart only where that can matter: when more than one argument of a
// call has alternatives, and one of interest is not the same on all ways.
func (f *finder) interpret(l *layout) outcome {
	if l == nil || f.steps <= 0 {
		f.gap("more than %d instructions: what is left was not interpreted", maxSteps)
		return outcome{limit: true}
	}
	l.prune(f.arch)
	out := f.walk(l, 1, maxFlow)
	matters := l.fn.params != nil || slices.ContainsFunc(out.arrivals, f.open)
	if !out.limit && matters && slices.ContainsFunc(out.arrivals, f.ambiguous) {
		if apart := f.walk(l, maxWays, maxApart); !apart.limit {
			return apart
		}
	}
	return out
}

// ambiguous reports whether more than one argument of a wanted function, or of one whose callers
// are looked for, has alternatives.
func (f *finder) ambiguous(a arrival) bool {
	n := 0
	if _, ok := f.wrappers[a.target]; ok && a.symbol == "" {
		for _, v := range a.args {
			n += min(1, len(v)/2)
		}
	}
	for _, i := range f.wanted[a.symbol] {
		n += min(1, len(a.args[i])/2)
	}
	return n > 1
}

// open reports whether an argument of interest has alternatives, or may be joined of some.
func (f *finder) open(a arrival) bool {
	args := f.wanted[a.symbol]
	if a.symbol == "" {
		args = f.wrappers[a.target]
	}
	return slices.ContainsFunc(args, func(i int) bool { return !a.args[i].single() })
}

// single reports whether v has one alternative, which cannot be joined of others.
func (v Value) single() bool {
	return len(v) == 1 && (v.Known(64) || v[0].From == Parameter && v[0].Zero|v[0].One == 0)
}

// walk is interpret with so many ways to a block told apart, in so many steps.
func (f *finder) walk(l *layout, ways, steps int) outcome {
	w := f.newWalk(l, ways, steps)
	before := w.left
	w.visit()
	out := w.collect()
	f.steps -= before - w.left
	return out
}

func (f *finder) newWalk(l *layout, ways, steps int) *walk {
	return &walk{
		f: f, l: l, ways: ways, mem: &memory{p: f.p, loaded: map[string]bool{}},
		left: min(steps, f.steps),
	}
}

// What depends on one condition belongs together, as protection and flags do: ways
// to a block are told apart up to maxWays, and outcomes of conditional selects up to
// maxForks of them in a block. What is more is joined.
const (
	maxWays  = 6
	maxForks = 3
)

type walk struct {
	ways      int // to a block that are told apart
	f         *finder
	l         *layout
	mem       *memory
	entrances []entrance // for each block, where they are visited
	waiting   []int      // blocks to be visited, the first of them last
	jumps     *state     // join of the states at jumps to unknown places
	visited   state      // in the block at hand
	other     state      // on the other way of a branch
	left      int
	partial   bool
}

// An entrance is what is known of the states at the start of a block.
type entrance struct {
	ins     []*state // on ways that are told apart
	waits   []bool   // those that are to be visited
	visits  int
	waiting bool
}

// enter has the block at an offset visited with s, alone or joined with others.
func (w *walk) enter(at int, s *state) {
	k, ok := w.l.block(at)
	if !ok || !w.l.blocks[k].leads {
		return // past the end, or nothing comes of it
	}
	b := &w.entrances[k]
	s.flags.known, s.flags.truth = 0, 0
	w.left -= perJoin * len(b.ins)
	for _, in := range b.ins {
		if in.covers(s, b.visits) {
			return
		}
	}
	if len(b.ins) == 0 || len(b.ins) < w.ways && b.visits < 2*w.ways {
		kept := new(state)
		*kept = *s
		b.ins, b.waits = append(b.ins, kept), append(b.waits, true)
	} else {
		last := len(b.ins) - 1
		b.ins[last].join(s, b.visits-w.ways)
		b.waits[last] = true
	}
	if !b.waiting {
		b.waiting = true
		w.push(k)
	}
}

// What a visit of a block and a comparison of states cost in steps.
const (
	perVisit = 8
	perJoin  = 4

	// slotsPerStep is how many slots of the frame are copied in the time of a step.
	slotsPerStep = 32
)

// visit visits all blocks that lead to something of interest.
func (w *walk) visit() {
	w.entrances = make([]entrance, len(w.l.blocks))
	if w.l.fn.window {
		w.enter(0, w.f.arch.nothing())
		w.partial = true
	} else {
		w.enter(0, w.f.arch.entry(w.l.fn.params))
	}
	w.run()
	w.enterOrphans()
}

// run visits the first block that waits until none does.
func (w *walk) run() {
	for len(w.waiting) > 0 && w.left > 0 {
		k := w.pop()
		b := &w.entrances[k]
		b.waiting = false
		for i := range b.ins {
			if b.waits[i] {
				b.waits[i] = false
				b.visits++
				w.left -= perVisit
				w.visited = *b.ins[i]
				w.block(int(w.l.blocks[k].at), &w.visited, nil, 0)
			}
		}
	}
}

// block interprets from an offset to the end of the block, and enters what comes next.
// With arrivals it only notes calls.
func (w *walk) block(at int, s *state, arrivals func(arrival), forks int) {
	quiet := arrivals != nil
	code := w.l.fn.code
	for first := true; at < len(code); first = false {
		if !first && w.l.begins.has(at) {
			if !quiet {
				w.enter(at, s)
			}
			return
		}
		// What is kept of the frame is copied where it changes.
		if w.left -= 1 + len(s.slots)/slotsPerStep; w.left <= 0 && !quiet {
			return
		}
		if cond, ok := w.f.arch.selects(code[at:]); ok && w.ways > 1 && forks < maxForks {
			if yes, no := s.decide(cond, w.f.arch.equal); yes && no {
				c := *s
				c.settle(cond, w.f.arch.equal, true)
				s.settle(cond, w.f.arch.equal, false)
				forks++
				w.block(at, &c, arrivals, forks)
			}
		}
		pc := w.l.fn.start + uint64(at)
		fl := w.f.arch.step(w.mem, s, pc, code[at:])
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
	if w.l.fn.part {
		w.partial = true
	}
}

func (w *walk) offset(addr uint64) (int, bool) { return w.l.offset(w.f.arch, addr) }

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
	way := func(s *state, at int, taken bool) {
		switch {
		case fl.flags:
			s.settle(fl.cond, w.f.arch.equal, taken)
		case fl.when.ok:
			s.assume(fl.when, taken != fl.not)
		}
		w.enter(at, s)
	}
	t, ok := w.offset(fl.target)
	if ok && yes && no {
		w.other = *s
		way(&w.other, next, false)
	} else if no {
		way(s, next, false)
	}
	if ok && yes {
		way(s, t, true)
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
			if fl.target == w.l.fn.start && !w.l.fn.window {
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
	for k, b := range w.l.blocks {
		if !b.orphan || len(w.entrances[k].ins) > 0 {
			continue
		}
		w.partial = true
		s := w.f.arch.nothing()
		if w.jumps != nil {
			*s = *w.jumps
		}
		w.enter(int(b.at), s)
		w.run()
	}
}

// collect goes over all blocks once more and notes the calls.
func (w *walk) collect() outcome {
	out := outcome{limit: w.left <= 0, loaded: w.mem.loaded}
	for k, b := range w.l.blocks {
		for _, in := range w.entrances[k].ins {
			w.visited = *in
			w.block(int(b.at), &w.visited, func(a arrival) { out.arrivals = append(out.arrivals, a) }, 0)
		}
	}
	out.partial = w.partial
	if out.limit && w.ways == 1 {
		w.f.gap("the function at %#x takes too many steps", w.l.fn.start)
	}
	return out
}

func (w *walk) push(k int) {
	i, _ := slices.BinarySearchFunc(w.waiting, k, func(a, b int) int { return b - a })
	w.waiting = slices.Insert(w.waiting, i, k)
}

// pop returns the first block that waits: the order in which compilers lay out code, so
// that most are visited after all that leads to them.
func (w *walk) pop() int {
	k := w.waiting[len(w.waiting)-1]
	w.waiting = w.waiting[:len(w.waiting)-1]
	return k
}
