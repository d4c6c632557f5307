package calls

import (
	"context"
	"maps"
	"slices"
)

// edges are the instructions of one block that lead to other places, and what is used to find them.
type edges struct {
	places places
	list   []reference
}

// signatures are those of the blocks of a chunk, by their address.
type signatures [chunk / sieveBlock]signature

// of returns the signature of the block that has an address.
func (s *signatures) of(addr uint64) *signature { return &s[addr/sieveBlock%uint64(len(s))] }

// A signature is a set of the addresses to which the instructions of a block jump, or of
// which they take one. It may have others too.
type signature [1024 / 64]uint64

// place is where the bit of an address is, by Fibonacci hashing.
func (s *signature) place(addr uint64) (word, bit uint64) {
	h := addr * 0x9e3779b97f4a7c15 >> 54
	return h >> 6 % uint64(len(s)), h & 63
}

func (s *signature) add(addr uint64) {
	word, bit := s.place(addr)
	s[word] |= 1 << bit
}

func (s *signature) has(addr uint64) bool {
	word, bit := s.place(addr)
	return s[word]>>bit&1 != 0
}

// sign makes the signatures of all code, for which it is read once more.
func (s *Scan) sign(ctx context.Context) error {
	buf := make([]byte, chunk+lookahead)
	var edges edges
	for n, t := range s.f.text {
		var list []signatures
		if err := s.f.eachChunk(n, func(_ int, at, size uint64) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			b := buf[:min(size+lookahead, t.Size-(at-t.Addr))]
			if s.f.p.Read(at, b) != nil {
				s.f.gap("code at %#x could not be read", at)
				return errUnread
			}
			list = append(list, signatures{})
			signs := &list[len(list)-1]
			for from := uint64(0); from < size; {
				part := min(size-from, sieveBlock-(at+from)%sieveBlock)
				block := signs.of(at + from)
				for _, r := range s.f.arch.edges(&edges, s.f.p.Closed, at+from, b[from:], int(part)) {
					block.add(r.target)
				}
				from += part
			}
			return nil
		}); err != nil && err != errUnread {
			return err
		}
		s.signatures = append(s.signatures, list)
	}
	return nil
}

// callers returns what refers to functions, by address: of the blocks whose signatures tell of
// one, the code is read again.
func (s *Scan) callers(functions map[uint64]bool) ([]reference, error) {
	if s.signatures == nil {
		if err := s.sign(s.f.ctx); err != nil {
			return nil, err
		}
	}
	starts := slices.Collect(maps.Keys(functions))
	var wanted signature
	for _, start := range starts {
		wanted.add(start)
	}
	var list references
	var edges edges
	buf := make([]byte, sieveBlock+lookahead)
	for n, t := range s.f.text {
		if err := s.f.eachChunk(n, func(k int, at, size uint64) error {
			if err := s.f.ctx.Err(); err != nil {
				return err
			}
			for size > 0 && k < len(s.signatures[n]) {
				part := min(size, sieveBlock-at%sieveBlock)
				if slices.ContainsFunc(starts, s.signatures[n][k].of(at).has) {
					b := buf[:min(part+lookahead, t.Size-(at-t.Addr))]
					if s.f.p.Read(at, b) != nil {
						s.f.gap("code at %#x could not be read", at)
						return errUnread
					}
					for _, r := range s.f.arch.edges(&edges, s.f.p.Closed, at, b, int(part)) {
						if wanted.has(r.target) && functions[r.target] {
							list.add(r)
						}
					}
				}
				at, size = at+part, size-part
			}
			return nil
		}); err != nil && err != errUnread {
			return nil, err
		}
	}
	return s.f.sorted(&list), nil
}
