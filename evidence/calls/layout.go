package calls

import "math/bits"

// A layout is the code of a function, divided into blocks.
type layout struct {
	fn       function
	blocks   []block // by offset
	heads    offsets // at which instructions begin that are decoded one after the other
	begins   offsets // at which blocks begin
	ranks    []int32 // how many blocks begin before each word of begins
	straight bool    // no branch leads into the middle of an instruction
	indirect bool    // it calls or jumps through registers
}

// A block is code that is entered only at its start.
type block struct {
	at     int32 // offset in the function
	to     int32 // offset that it branches or jumps to, -1 for none
	falls  bool  // the next block comes after it
	jumps  bool  // it jumps to an unknown place
	calls  bool  // it calls or jumps through a register
	odd    bool  // it has a system call, or bytes that are no instruction
	orphan bool  // no branch of the function leads here, and none falls through
	leads  bool  // it leads to something of interest, or has it
}

// offsets has a bit for each byte of a function.
type offsets []uint64

func (o offsets) has(at int) bool { return o[at/64]>>(at%64)&1 != 0 }
func (o offsets) add(at int)      { o[at/64] |= 1 << (at % 64) }

// layout decodes fn once, from start to end. Where no steps are left it is nil.
func (f *finder) layout(fn function) *layout {
	if f.steps <= 0 {
		return nil
	}
	size := len(fn.code)
	words := size/64 + 1
	room := make(offsets, 3*words)
	l := &layout{fn: fn, heads: room[:words], begins: room[words : 2*words]}
	orphans := room[2*words:]
	l.begins.add(0)
	ways := f.ways[:0]
	ended := false // the instruction before leads elsewhere
	for at := 0; at < size; {
		if ended {
			if n := f.arch.padding(fn.code[at:]); n > 0 {
				l.heads.add(at)
				at += n
				continue
			}
			orphans.add(at)
		}
		fl := f.arch.control(fn.start+uint64(at), fn.code[at:])
		next := at + fl.size
		l.heads.add(at)
		f.steps--
		ended = f.ends(fl)
		if fl.kind != flowNext {
			goes := fl.kind == flowGo && !fl.direct
			w := way{
				at: int32(at), to: -1, ends: ended, jumps: goes && !fl.link, calls: goes,
				odd: fl.kind == flowSyscall || fl.kind == flowBad,
			}
			if t, ok := l.offset(f.arch, fl.target); ok && (fl.kind == flowBranch || fl.kind == flowGo && !fl.link && fl.direct) {
				w.to = int32(t)
				l.begins.add(t)
			}
			if fl.kind == flowBranch && next < size {
				l.begins.add(next)
			}
			ways = append(ways, w)
		}
		at = next
	}
	l.divide(orphans, ways)
	f.ways = ways
	return l
}

// A way is an instruction after which the program may go on elsewhere. It says of itself what
// its block says.
type way struct {
	at, to                  int32
	ends, jumps, calls, odd bool // ends: it does not go on with the next
}

// ends reports whether what follows an instruction does not come after it.
func (f *finder) ends(fl flow) bool {
	return fl.kind == flowStop || fl.kind == flowBad || fl.kind == flowGo && !fl.link ||
		fl.direct && fl.link && noReturn[f.p.Stubs[fl.target]]
}

func (l *layout) offset(a *arch, addr uint64) (int, bool) {
	at := addr - l.fn.start
	return int(at), at < uint64(len(l.fn.code)) && at%uint64(a.align) == 0
}

// divide makes the blocks, which begin where something leads to and after what ends, from where
// the function may go on elsewhere.
func (l *layout) divide(orphans offsets, ways []way) {
	l.straight = true
	n := int32(0)
	l.ranks = make([]int32, len(l.begins))
	for i, word := range l.begins {
		l.straight = l.straight && word&^l.heads[i] == 0
		orphans[i] &^= word
		l.begins[i] |= orphans[i]
		l.ranks[i] = n
		n += int32(bits.OnesCount64(l.begins[i]))
	}
	l.blocks = make([]block, 0, n)
	for i, word := range l.begins {
		for ; word != 0; word &= word - 1 {
			at := i*64 + bits.TrailingZeros64(word)
			l.blocks = append(l.blocks, block{at: int32(at), to: -1, falls: true, orphan: orphans.has(at)})
		}
	}
	for _, w := range ways {
		b := &l.blocks[l.around(int(w.at))]
		b.to, b.falls = w.to, !w.ends
		b.jumps, b.calls, b.odd = b.jumps || w.jumps, b.calls || w.calls, b.odd || w.odd
		l.indirect = l.indirect || w.calls
	}
}

// around returns the block that an offset is in, by where blocks begin.
func (l *layout) around(at int) int {
	return int(l.ranks[at/64]) + bits.OnesCount64(l.begins[at/64]<<(63-at%64)) - 1
}

// block returns the block that begins at an offset.
func (l *layout) block(at int) (k int, ok bool) {
	if at >= len(l.fn.code) || !l.begins.has(at) {
		return 0, false
	}
	return l.around(at), true
}

// callsStub reports whether the instruction at an address, reached or not, calls or jumps to
// a stub.
func (f *finder) callsStub(l *layout, addr uint64) bool {
	at, ok := l.offset(f.arch, addr)
	if !ok || !l.heads.has(at) {
		return false
	}
	fl := f.arch.control(addr, l.fn.code[at:])
	_, stub := f.p.Stubs[fl.target]
	return fl.direct && stub
}

// prune marks the blocks from which a way leads to something of interest: what the others do
// makes no difference to it. In functions of which a small part calls, that is most. With a
// branch into the middle of an instruction, it is not known where ways lead.
func (l *layout) prune(a *arch) {
	var queue []int32
	use := func(k int) {
		if b := &l.blocks[k]; !b.leads {
			b.leads = true
			queue = append(queue, int32(k))
		}
	}
	for k, b := range l.blocks {
		last := k == len(l.blocks)-1
		if !l.straight || b.odd || b.calls && l.fn.indirect || b.falls && l.fn.part && last {
			use(k)
		}
	}
	for addr := range l.fn.want {
		if at, ok := l.offset(a, addr); ok && l.heads.has(at) {
			use(l.around(at))
		}
	}
	if len(queue) > 0 { // a jump to an unknown place may lead to all that is of interest
		for k, b := range l.blocks {
			if b.jumps {
				use(k)
			}
		}
	}
	into := l.into()
	for len(queue) > 0 {
		k := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, before := range into.of(int(k)) {
			use(int(before))
		}
	}
}

// A pairing has the blocks before each, one after the other.
type pairing struct{ ends, list []int32 }

func (p pairing) of(k int) []int32 {
	if k == 0 {
		return p.list[:p.ends[0]]
	}
	return p.list[p.ends[k-1]:p.ends[k]]
}

// into returns which blocks lead to which.
func (l *layout) into() pairing {
	n := len(l.blocks)
	room := make([]int32, 3*n)
	p := pairing{ends: room[:n], list: room[n:]}
	each := func(yield func(from, to int)) {
		for k, b := range l.blocks {
			if b.to >= 0 {
				yield(k, l.around(int(b.to)))
			}
			if b.falls && k+1 < n {
				yield(k, k+1)
			}
		}
	}
	each(func(_, to int) { p.ends[to]++ })
	sum := int32(0)
	for k, count := range p.ends {
		p.ends[k] = sum // where its list begins, until it is filled
		sum += count
	}
	each(func(from, to int) {
		p.list[p.ends[to]] = int32(from)
		p.ends[to]++
	})
	return p
}
