package calls

import "slices"

// plainSites notes the calls in fn, if all of refs are calls of stubs with constants that are set in
// the same block of l, and reports whether that is so. Whether the program gets there is not looked at:
// that takes most of the time, in large functions above all.
func (f *finder) plainSites(l *layout, refs []reference) bool {
	if l == nil {
		return false
	}
	for _, r := range refs {
		if !f.isWanted(f.p.Stubs[r.target]) {
			return false
		}
	}
	w := f.newWalk(l, 1, maxFlow)
	defer func(before int) { f.steps -= before - w.left }(w.left)
	if l.indirect && slices.ContainsFunc(refs, func(r reference) bool { return !slices.Contains(f.p.Plain, f.p.Stubs[r.target]) }) {
		return false // it may call the same by a pointer
	}
	symbols, blocks := map[uint64]string{}, map[int]bool{}
	for _, r := range refs {
		if !f.callsStub(l, r.at) {
			return false
		}
		at, _ := l.offset(f.arch, r.at)
		symbols[r.at], blocks[int(l.blocks[l.around(at)].at)] = f.p.Stubs[r.target], true
	}
	args := map[uint64][]Value{}
	for at := range blocks {
		if w.left <= 0 {
			return false
		}
		w.block(at, f.arch.nothing(), func(a arrival) {
			if symbol, ok := symbols[a.at]; ok && a.symbol == symbol {
				args[a.at] = a.args
			}
		}, 0)
	}
	for at, symbol := range symbols {
		if args[at] == nil || !f.plain(symbol, args[at]) {
			return false
		}
	}
	for _, r := range refs {
		site := Site{Symbol: symbols[r.at], Call: Call{r.at, l.fn.start}, Via: ViaStub, Partial: l.hasOrphans()}
		f.fill(&site, [][]Value{args[r.at]}, false)
		f.note(site, nil)
	}
	return true
}

// plain reports whether the arguments of interest are known, and there is nothing to
// follow: dlsym that looks up a wanted function has what it returns called.
func (f *finder) plain(symbol string, args []Value) bool {
	for _, n := range f.wanted[symbol] {
		if !args[n].Known(64) || len(args[n]) > 1 && !slices.Contains(f.p.Plain, symbol) {
			return false
		}
	}
	if symbol != "_dlsym" {
		return true
	}
	name := args[1]
	if !name.Known(64) {
		return false
	}
	v, _ := name[0].Exact(64)
	s, ok := f.p.CString(v, maxName)
	return len(name) == 1 && ok && !f.isWanted("_"+s)
}

// hasOrphans reports whether there is code that nothing visible leads to.
func (l *layout) hasOrphans() bool {
	return slices.ContainsFunc(l.blocks, func(b block) bool { return b.orphan }) || l.fn.window || l.fn.part
}
