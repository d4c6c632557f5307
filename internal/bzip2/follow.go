package bzip2

import "slices"

// The bytes of a block are a list in which each has a link to the next, all over 3.6 MB: the
// processor waits for each. So the list is begun at many places, several of them at a time, and each
// part ends where another begins. What the parts hold is then put one behind the other.
const (
	parts = 32
	lanes = 8
	page  = 1024 // bytes of a part that are beside each other

	// few bytes are followed one by one.
	few = 16 << 10

	mark     = 1 << 31 // of a link at which a part begins; a block has under 2^20 bytes
	linkMask = mark>>8 - 1
)

// part is one piece of the list.
type part struct {
	begin uint32
	first int32 // page
	size  int
	next  int // part
}

// lane is where a part is followed.
type lane struct {
	part int
	at   uint32
	to   int // in the bytes of all parts
}

// walks holds the parts of a block.
type walks struct {
	parts []part
	lanes [lanes]lane
	bytes []byte
	next  []int32 // page of a part
	used  int32   // pages
}

// page takes another page for a lane.
func (w *walks) page(l *lane) {
	if l.to > 0 {
		w.next[(l.to-1)/page] = w.used
	} else {
		w.parts[l.part].first = w.used
	}
	l.to = int(w.used) * page
	w.used++
}

// begin has a lane follow a part, whose first link is marked.
func (w *walks) begin(l *lane, number int, links []uint32) {
	*l = lane{part: number}
	w.page(l)
	v := links[w.parts[number].begin]
	w.bytes[l.to] = byte(v)
	l.to++
	l.at = v >> 8 & linkMask
	w.parts[number].size = 0
}

// follow follows all parts of the list that goes on at a link.
func (w *walks) follow(links []uint32, at uint32) {
	w.parts = append(w.parts[:0], part{begin: at})
	links[at] |= mark
	for n := 1; n < parts; n++ {
		if at := uint32(n * (len(links) / parts)); links[at]&mark == 0 {
			links[at] |= mark
			w.parts = append(w.parts, part{begin: at})
		}
	}
	if pages := len(links)/page + len(w.parts) + 1; pages > len(w.next) {
		w.next, w.bytes = make([]int32, pages), make([]byte, pages*page)
	}
	w.used = 0
	begun := 0
	for ; begun < min(lanes, len(w.parts)); begun++ {
		w.begin(&w.lanes[begun], begun, links)
	}
	for active := w.lanes[:begun]; len(active) > 0; {
		for i := 0; i < len(active); i++ {
			l := &active[i]
			v := links[l.at]
			if v&mark == 0 {
				if l.to%page == 0 {
					w.parts[l.part].size += page
					w.page(l)
				}
				w.bytes[l.to] = byte(v)
				l.to++
				l.at = v >> 8
				continue
			}
			w.end(l)
			if begun < len(w.parts) {
				w.begin(l, begun, links)
				begun++
			} else {
				active[i] = active[len(active)-1]
				active = active[:len(active)-1]
				i--
			}
		}
	}
}

// end notes how long a part is, and which one is behind it.
func (w *walks) end(l *lane) {
	p := &w.parts[l.part]
	p.size += (l.to-1)%page + 1
	p.next = slices.IndexFunc(w.parts, func(q part) bool { return q.begin == l.at })
}

// all yields the n bytes of the list, in pieces. Where that comes back to its beginning
// before, it goes around again.
func (w *walks) all(n int, yield func([]byte) error) error {
	for i := 0; n > 0; i = w.parts[i].next {
		p := w.parts[i]
		at := p.first
		for left := min(p.size, n); left > 0; at = w.next[at] {
			some := w.bytes[int(at)*page:][:min(left, page)]
			if err := yield(some); err != nil {
				return err
			}
			left -= len(some)
			n -= len(some)
		}
	}
	return nil
}

// runs writes the bytes of a block. Four that are equal are followed by the number of those
// that repeat them.
type runs struct {
	dst  []byte
	out  int
	same int
	last byte
}

func (r *runs) write(b []byte) error {
	dst, out, same, last := r.dst, r.out, r.same, r.last
	for _, b := range b {
		if same == 4 {
			if int(b) > len(dst)-out {
				return errLong
			}
			some := dst[out : out+int(b)]
			for i := range some {
				some[i] = last
			}
			out += int(b)
			same = 0
			continue
		}
		if b != last {
			same, last = 0, b
		}
		same++
		if out >= len(dst) {
			return errLong
		}
		dst[out] = b
		out++
	}
	r.out, r.same, r.last = out, same, last
	return nil
}

// follow writes the bytes of a block in their order, of which the first is linked from one place.
func (d *Decoder) follow(dst []byte, links []uint32, first int) (int, error) {
	r := runs{dst: dst}
	at := links[first] >> 8
	if len(links) < few {
		var b [page]byte
		for left := len(links); left > 0; {
			some := b[:min(left, page)]
			for i := range some {
				v := links[at]
				some[i] = byte(v)
				at = v >> 8
			}
			if err := r.write(some); err != nil {
				return 0, err
			}
			left -= len(some)
		}
	} else {
		d.walks.follow(links, at)
		if err := d.walks.all(len(links), r.write); err != nil {
			return 0, err
		}
	}
	if r.same == 4 {
		return 0, errBlock
	}
	return r.out, nil
}
