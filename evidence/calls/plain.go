package calls

import "slices"

// plainSites notes the calls in fn, if all of refs are calls of stubs of Plain symbols
// with constants that are set in the same block, and reports whether that is so.
func (f *finder) plainSites(fn function, refs []reference) bool {
	for _, r := range refs {
		if !slices.Contains(f.p.Plain, f.p.Stubs[r.target]) {
			return false
		}
	}
	w := f.newWalk(fn, 1, maxFlow)
	w.findBlocks()
	var sites []Site
	for _, r := range refs {
		at, ok := w.offset(r.at)
		symbol := f.p.Stubs[r.target]
		if !ok || !w.starts[r.at] {
			return false
		}
		n, found := slices.BinarySearch(w.order, at)
		if !found {
			n--
		}
		var args []Value
		w.block(w.order[n], f.arch.nothing(), func(a arrival) {
			if a.at == r.at && a.symbol == symbol {
				args = a.args
			}
		}, 0)
		if args == nil || !f.plain(symbol, args) {
			return false
		}
		site := Site{Symbol: symbol, Call: Call{r.at, fn.start}, Via: ViaStub, Partial: w.hasOrphans()}
		f.fill(&site, [][]Value{args}, false)
		sites = append(sites, site)
	}
	f.steps -= maxFlow - w.left
	for _, s := range sites {
		f.note(s, nil)
	}
	return true
}

// plain reports whether the arguments of interest are known, and there is nothing to
// follow: dlsym that looks up a wanted function has what it returns called.
func (f *finder) plain(symbol string, args []Value) bool {
	for _, n := range f.wanted[symbol] {
		if !args[n].Known(64) {
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
func (w *walk) hasOrphans() bool {
	for _, b := range w.blocks {
		if b.orphan {
			return true
		}
	}
	return w.fn.window || w.fn.part
}
