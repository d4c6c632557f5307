// Package imagetest writes disk images for tests: UDIF in each of its compressions,
// partition maps, and HFS+ and APFS volumes, right and wrong ones. It is the counterpart of
// what reads them, written from the same sources and not from that code.
package imagetest

import "encoding/binary"

// match is a run of literals, and what is repeated after it.
type match struct {
	literals []byte
	length   int
	distance int
}

// window is what matches may look like in a format.
type window struct {
	literals, least, most, distance int
}

// matches finds repetitions by the last place of each four bytes.
func matches(data []byte, w window) []match {
	var list []match
	last := map[uint32]int{}
	start, at := 0, 0
	for at < len(data) {
		n, from := 0, 0
		if at+4 <= len(data) {
			key := binary.LittleEndian.Uint32(data[at:])
			if p, ok := last[key]; ok && at-p <= w.distance {
				for from = p; n < w.most && at+n < len(data) && data[from+n] == data[at+n]; {
					n++
				}
			}
			last[key] = at
		}
		switch {
		case n >= max(w.least, 4):
			list = append(list, match{data[start:at], n, at - from})
			at += n
			start = at
			continue
		case at-start == w.literals:
			list = append(list, match{data[start:at], 0, 0})
			start = at
		}
		at++
	}
	if start < len(data) {
		list = append(list, match{data[start:], 0, 0})
	}
	return list
}

// LZVN packs data as LZVN.
func LZVN(data []byte) []byte {
	var b []byte
	literals := func(l []byte) {
		if len(l) >= 16 {
			b = append(append(b, 0xe0, byte(len(l)-16)), l...)
		} else if len(l) > 0 {
			b = append(append(b, 0xe0|byte(len(l))), l...)
		}
	}
	previous := 0
	for _, m := range matches(data, window{271, 4, 10 + 15 + 271, 65535}) {
		l := m.literals
		if m.length == 0 {
			literals(l)
			continue
		}
		if len(l) > 3 {
			literals(l[:len(l)-len(l)%4])
			l = l[len(l)-len(l)%4:]
		}
		first := min(m.length, 10-2*len(l)) // other instructions begin with what is longer
		op := byte(len(l))<<6 | byte(first-3)<<3
		switch {
		case m.distance == previous && len(l) > 0:
			b = append(b, op|6)
		case m.distance < 0x600:
			b = append(b, op|byte(m.distance>>8), byte(m.distance))
		case m.distance < 1<<14:
			first = min(m.length, 34)
			two := first - 3
			b = append(b, 0xa0|byte(len(l))<<3|byte(two>>2), byte(two&3)|byte(m.distance<<2), byte(m.distance>>6))
		default:
			b = append(b, op|7, byte(m.distance), byte(m.distance>>8))
		}
		b = append(b, l...)
		previous = m.distance
		for rest := m.length - first; rest > 0; {
			n := min(rest, 271)
			if n >= 16 {
				b = append(b, 0xf0, byte(n-16))
			} else {
				b = append(b, 0xf0|byte(n))
			}
			rest -= n
		}
	}
	return append(b, 6, 0, 0, 0, 0, 0, 0, 0)
}

// ADC packs data as Apple Data Compression.
func ADC(data []byte) []byte {
	var b []byte
	for _, m := range matches(data, window{128, 4, 67, 65536}) {
		if len(m.literals) > 0 {
			b = append(append(b, 0x80|byte(len(m.literals)-1)), m.literals...)
		}
		switch d := m.distance - 1; {
		case m.length == 0:
		case m.length <= 18 && d < 1024:
			b = append(b, byte(m.length-3)<<2|byte(d>>8), byte(d))
		default:
			b = append(b, 0x40|byte(m.length-4), byte(d>>8), byte(d))
		}
	}
	return b
}
