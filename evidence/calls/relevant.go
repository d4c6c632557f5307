package calls

import "slices"

// An event is an instruction after which the program may go on elsewhere, or that is of
// interest.
type event struct {
	at   int // offset in the function
	to   int // offset to which it jumps or branches, -1 for none
	ends bool
	jump bool // to an unknown place
	want bool // what reaches it is to be known
}

// event is what findBlocks notes of an instruction.
func (w *walk) event(at int, fl flow, ends bool) {
	e := event{at: at, to: -1, ends: ends, jump: fl.kind == flowGo && !fl.link && !fl.direct}
	if fl.direct && (fl.kind == flowBranch || fl.kind == flowGo && !fl.link) {
		if t, ok := w.offset(fl.target); ok {
			e.to = t
		}
	}
	indirect := fl.kind == flowGo && !fl.direct
	e.want = w.fn.want[w.fn.start+uint64(at)] || fl.kind == flowSyscall || fl.kind == flowBad || indirect && w.fn.indirect
	if e.to >= 0 || e.ends || e.want {
		w.events = append(w.events, e)
	}
}

// prune marks the blocks from which no way leads to anything of interest: what they do
// makes no difference to it. In functions of which a small part calls, that is most.
func (w *walk) prune() {
	if w.fn.want == nil {
		return
	}
	into := make([][]int, len(w.order)) // for each block, those before it
	var jumps, queue []int
	useful := make([]bool, len(w.order))
	use := func(k int) {
		if !useful[k] {
			useful[k] = true
			queue = append(queue, k)
		}
	}
	events := w.events
	for k := range w.order {
		falls := true
		for ; len(events) > 0 && (k+1 == len(w.order) || events[0].at < w.order[k+1]); events = events[1:] {
			e := events[0]
			if e.to >= 0 {
				t, _ := slices.BinarySearch(w.order, e.to)
				into[t] = append(into[t], k)
			}
			if e.jump {
				jumps = append(jumps, k)
			}
			if e.want {
				use(k)
			}
			falls = !e.ends
		}
		if falls && k+1 < len(w.order) {
			into[k+1] = append(into[k+1], k)
		}
		if falls && k+1 == len(w.order) && w.fn.part {
			use(k)
		}
	}
	if len(queue) > 0 { // a jump to an unknown place may lead to all that is of interest
		for _, j := range jumps {
			use(j)
		}
	}
	for len(queue) > 0 {
		k := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, before := range into[k] {
			use(before)
		}
	}
	for k, at := range w.order {
		w.blocks[at].useless = !useful[k]
	}
}
