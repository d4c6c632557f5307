package calls

import (
	"cmp"
	"fmt"
	"maps"
	"math/bits"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

// A chain is a site with arguments that come from the parameters of the
// outermost of links.
type chain struct {
	site  int    // its index in f.sites
	links []link // innermost first
}

// A link is a function of a chain, and its call of the one before, or of the site.
type link struct {
	fn   function
	call uint64
}

func (c chain) outer() function { return c.links[len(c.links)-1].fn }

// evaluate interprets the functions around references, and what calls them.
func (f *finder) evaluate(refs []reference) error {
	var chains []chain
	for len(refs) > 0 {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		if len(f.sites) >= maxSites {
			f.gap("more than %d calls: the others were left out", maxSites)
			break
		}
		fn, ok := f.containing(refs[0].at)
		if !ok {
			f.gap("the function at %#x could not be read", refs[0].at)
			refs = refs[1:]
			continue
		}
		n := 1
		for n < len(refs) && refs[n].at-fn.start < uint64(len(fn.code)) {
			n++
		}
		chains = append(chains, f.sitesIn(fn, refs[:n])...)
		refs = refs[n:]
	}
	for depth := 1; len(chains) > 0; depth++ {
		if depth > maxDepth {
			f.gap("arguments that come through more than %d functions were not followed", maxDepth)
			return nil
		}
		var err error
		if chains, err = f.outwards(chains); err != nil {
			return err
		}
	}
	return nil
}

// sitesIn notes the wanted calls in fn, of which refs are known already, and returns
// those that depend on its parameters.
func (f *finder) sitesIn(fn function, refs []reference) []chain {
	fn.want = map[uint64]bool{}
	for _, r := range refs {
		symbol, ok := f.p.Stubs[r.target]
		fn.want[r.at] = true
		// A function whose address is loaded or looked up is called through a register.
		fn.indirect = fn.indirect || r.taken || !ok && r.target != 0 || symbol == "_dlsym"
	}
	l := f.layout(fn)
	if f.plainSites(l, refs) {
		return nil
	}
	var chains []chain
	out := f.interpret(l)
	called, seen := map[string]bool{}, map[uint64]bool{}
	type place struct {
		at     uint64
		symbol string
		via    Via
	}
	noted := map[place]bool{}
	for _, a := range out.arrivals {
		called[a.symbol], seen[a.at] = true, true
		if a.via == ViaSyscall && a.symbol == "" {
			f.gap("a system call at %#x: its number is not known", a.at)
		}
		if _, ok := f.wanted[a.symbol]; !ok {
			continue
		}
		p := place{a.at, a.symbol, a.via}
		if noted[p] {
			continue
		}
		noted[p] = true
		site := Site{Symbol: a.symbol, Call: Call{a.at, fn.start}, Via: a.via, Partial: out.partial || out.limit}
		f.fill(&site, out.argsAt(a.at, a.symbol, a.via, 0), out.limit)
		chains = append(chains, f.note(site, []link{{fn, a.at}})...)
	}
	for _, r := range refs {
		// Code that no way leads to, and after too many steps all of it. On x86-64
		// the bytes may be in the middle of an instruction.
		symbol, ok := f.p.Stubs[r.target]
		if _, wanted := f.wanted[symbol]; !ok || !wanted || seen[r.at] || !out.limit && !f.callsStub(l, r.at) {
			continue
		}
		site := Site{Symbol: symbol, Call: Call{r.at, fn.start}, Via: ViaStub, Partial: true}
		f.fill(&site, [][]Value{slices.Repeat([]Value{unknown(NoCode)}, maxArgs)}, out.limit)
		f.note(site, []link{{fn, r.at}})
	}
	for symbol := range out.loaded {
		if _, ok := f.wanted[symbol]; ok && !called[symbol] {
			f.gap("%s: its address is loaded in the function at %#x, which does not call it", symbol, fn.start)
		}
	}
	return chains
}

// fill sets the arguments of interest from what registers hold on each way.
func (f *finder) fill(s *Site, ways [][]Value, limit bool) {
	s.Args, s.Ways = map[int]Value{}, nil
	if limit {
		ways = [][]Value{slices.Repeat([]Value{unknown(Limit)}, maxArgs)}
	}
	for _, args := range ways {
		way := map[int]Value{}
		for _, n := range f.wanted[s.Symbol] {
			way[n] = args[n]
			s.Args[n] = join(s.Args[n], args[n])
		}
		if !slices.ContainsFunc(s.Ways, func(w map[int]Value) bool { return maps.EqualFunc(w, way, Value.equal) }) {
			s.Ways = append(s.Ways, way)
		}
	}
}

// note adds a site, and returns its chain if there is something to follow.
func (f *finder) note(s Site, links []link) []chain {
	if len(f.sites) >= maxSites {
		f.gap("more than %d calls: the others were left out", maxSites)
		return nil
	}
	var chains []chain
	if s.params() != 0 && !links[len(links)-1].fn.window && (f.p.Follow == nil || f.p.Follow(s)) {
		chains = []chain{{len(f.sites), links}}
	}
	f.sites = append(f.sites, s)
	return chains
}

func (s Site) params() (m int64) {
	for _, v := range s.Args {
		m |= v.params()
	}
	return m
}

// outwards finds the calls of the outermost functions of chains, and returns the longer
// chains that these make.
func (f *finder) outwards(chains []chain) ([]chain, error) {
	byStart := map[uint64][]chain{}
	for _, c := range chains {
		start := c.outer().start
		if byStart[start] == nil && len(byStart) == maxWrappers {
			f.gap("more than %d functions pass arguments on: the others were not followed", maxWrappers)
			continue
		}
		byStart[start] = append(byStart[start], c)
	}
	f.wrappers, f.outcomes = map[uint64][]int{}, nil
	for start, list := range byStart {
		var needs int64
		for _, c := range list {
			needs |= f.sites[c.site].params()
		}
		for ; needs != 0; needs &= needs - 1 {
			f.wrappers[start] = append(f.wrappers[start], bits.TrailingZeros64(uint64(needs)))
		}
	}
	refs, err := f.callers(slices.Collect(maps.Keys(byStart)))
	if err != nil {
		return nil, err
	}
	count := map[uint64]int{}
	refs = slices.DeleteFunc(refs, func(r reference) bool {
		if count[r.target]++; count[r.target] > maxCallers {
			f.gap("the function at %#x has more than %d callers: the others were left out", r.target, maxCallers)
			return true
		}
		return false
	})
	var longer []chain
	for len(refs) > 0 {
		if err := f.ctx.Err(); err != nil {
			return nil, err
		}
		fn, ok := f.containing(refs[0].at)
		if !ok {
			refs = refs[1:]
			continue
		}
		fn.want = map[uint64]bool{}
		for _, r := range refs {
			if r.at-fn.start < uint64(len(fn.code)) {
				fn.want[r.at] = true
			}
		}
		out := f.interpret(f.layout(fn))
		n := 0
		for ; n < len(refs) && (n == 0 || refs[n].at-fn.start < uint64(len(fn.code))); n++ {
			r := refs[n]
			ways := out.argsAt(r.at, "", "", r.target)
			if len(ways) == 0 {
				continue // never reached, or on x86-64 bytes that only look like a call
			}
			for _, c := range byStart[r.target] {
				longer = append(longer, f.through(c, ways, link{fn, r.at}, out.partial)...)
			}
		}
		refs = refs[n:]
	}
	inorder.By(longer, func(a, b chain) int { return cmp.Compare(a.site, b.site) })
	return longer, nil
}

// through notes the site of c with what a caller passes to its outermost function.
func (f *finder) through(c chain, ways [][]Value, from link, partial bool) []chain {
	inner := f.sites[c.site]
	needs := inner.params()
	s := Site{Symbol: inner.Symbol, Call: inner.Call, Via: inner.Via, Partial: partial}
	s.Through = append(slices.Clip(inner.Through), Call{from.call, from.fn.start})
	limit := false
	for i := len(c.links) - 1; i >= 0; i-- {
		symbol, via, target := s.Symbol, s.Via, uint64(0)
		if i > 0 {
			symbol, via, target = "", "", c.links[i-1].fn.start
		}
		var next [][]Value
		for _, args := range ways {
			fn := c.links[i].fn
			fn.params = passed(args, needs)
			fn.want, fn.indirect = map[uint64]bool{c.links[i].call: true}, true
			out := f.cached(fn)
			s.Partial = s.Partial || out.partial || out.limit
			limit = limit || out.limit
			for _, args := range out.argsAt(c.links[i].call, symbol, via, target) {
				next = together(next, args)
			}
		}
		ways, needs = next, -1
	}
	if len(ways) == 0 && !limit {
		return nil // not with these arguments
	}
	f.fill(&s, ways, limit)
	return f.note(s, append(slices.Clip(c.links), from))
}

// passed keeps what a function is given for the parameters that matter. Addresses
// in the caller's frame mean nothing in another.
func passed(args []Value, needs int64) []Value {
	list := make([]Value, len(args))
	for i, v := range args {
		if i < 63 && needs>>i&1 != 0 {
			list[i] = v.each(func(b Bits) Bits {
				if b.From == Stack {
					return Bits{From: Computed}
				}
				return b
			})
		}
	}
	return list
}

// argsAt is what reaches a function from one call, on each way.
func (o outcome) argsAt(at uint64, symbol string, via Via, target uint64) (ways [][]Value) {
	for _, a := range o.arrivals {
		if a.at == at && a.symbol == symbol && a.via == via && a.target == target {
			ways = together(ways, a.args)
		}
	}
	return ways
}

// together adds one more way, which is joined with the last when there are many.
func together(ways [][]Value, args []Value) [][]Value {
	if slices.ContainsFunc(ways, func(w []Value) bool { return slices.EqualFunc(w, args, Value.equal) }) {
		return ways
	}
	if len(ways) < maxTold {
		return append(ways, args)
	}
	last := slices.Clone(ways[maxTold-1])
	for i := range last {
		last[i] = join(last[i], args[i])
	}
	ways[maxTold-1] = last
	return ways
}

// cached is interpret for functions that many callers give the same arguments.
func (f *finder) cached(fn function) outcome {
	key := fmt.Sprint(fn.start, fn.params, fn.want)
	out, ok := f.outcomes[key]
	if !ok {
		out = f.interpret(f.layout(fn))
		if f.outcomes == nil {
			f.outcomes = map[string]outcome{}
		}
		f.outcomes[key] = out
	}
	return out
}
