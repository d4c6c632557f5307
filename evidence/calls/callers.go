package calls

import "slices"

// maxListed bounds the code of which is listed where it jumps, in bytes. What the list takes is a
// seventh of that, and a quarter at most.
const maxListed = 256 << 20

// jumps are the keys of the places to which the blocks of a chunk jump.
type jumps struct {
	keys []uint32
	ends [chunk / sieveBlock]int32 // of those of each block
	full bool                      // there are too many, as in no code, or some are not listed
}

// ended notes that a block, or a part of it, ends after n jumps that are yet to be added, and
// returns how many of them to keep.
func (j *jumps) ended(block uint64, n int, partial bool) int {
	switch {
	case j == nil || j.full:
		return 0
	case partial, len(j.keys)+n > maxJumps:
		*j = jumps{full: true}
		return 0
	}
	j.ends[block/sieveBlock%uint64(len(j.ends))] = int32(len(j.keys) + n)
	return n
}

func (j *jumps) add(keys []uint32) {
	switch {
	case j == nil:
	case j.keys == nil: // with room for those of its last bytes, which are looked at later
		j.keys = append(make([]uint32, 0, len(keys)+lookahead/2), keys...)
	default:
		j.keys = append(j.keys, keys...)
	}
}

// may reports whether a block may jump to a target.
func (j *jumps) may(block uint64, t *targets) bool {
	if j == nil || j.full {
		return true
	}
	n := block / sieveBlock % uint64(len(j.ends))
	start, end := int32(0), j.ends[n]
	if n > 0 {
		start = j.ends[n-1]
	}
	for _, key := range j.keys[min(start, end):end] {
		if t.keys.has(uint64(key)) {
			return true
		}
	}
	return false
}

// listed begins the lists of where code jumps, which tell who calls functions of the program's
// own. They are left out where nothing is called of which it matters.
func (f *finder) listed() [][]jumps {
	all := make([][]jumps, len(f.text))
	matters := func(imports map[uint64]string) bool {
		for _, symbol := range imports {
			if f.isWanted(symbol) && !slices.Contains(f.p.Plain, symbol) {
				return true
			}
		}
		return false
	}
	if !matters(f.p.Stubs) && !matters(f.p.Pointers) {
		return all
	}
	left := uint64(maxListed)
	for n, t := range f.text {
		if t.Size > left {
			break
		}
		left -= t.Size
		all[n] = make([]jumps, t.Size/chunk+2)
	}
	return all
}

// listOf returns the list of a chunk of a section, nil if there is none.
func (s *Scan) listOf(section, k int) *jumps {
	if s.jumps[section] == nil {
		return nil
	}
	return &s.jumps[section][k]
}

// callers returns what jumps to functions, by address: of the blocks that may, the code is read
// once more.
func (s *Scan) callers(functions []uint64) ([]reference, error) {
	t := s.f.targets()
	for _, start := range functions {
		t.call(s.f.arch, start)
	}
	var found references
	var buf []byte
	for n, text := range s.f.text {
		if err := s.f.eachChunk(n, func(k int, at, size uint64) error {
			if err := s.f.ctx.Err(); err != nil {
				return err
			}
			list := s.listOf(n, k)
			for end := at + size; at != end; {
				// Blocks that may, one after the other.
				start := at
				for at != end && list.may(at, t) {
					at += min(end-at, sieveBlock-at%sieveBlock)
				}
				if at == start {
					at += min(end-at, sieveBlock-at%sieveBlock)
					continue
				}
				b := slices.Grow(buf, chunk+lookahead)[:min(at-start+lookahead, text.Size-(start-text.Addr))]
				buf = b[:0]
				if s.f.read(start, b) != nil {
					s.f.gap("code at %#x could not be read", start)
					return errUnread
				}
				for _, r := range s.look(t, nil, start, b, 0, int(at-start)).found {
					found.add(r)
				}
			}
			return nil
		}); err != nil && err != errUnread {
			return nil, err
		}
	}
	return s.f.sorted(&found), nil
}
