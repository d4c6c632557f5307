package boundedplist

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"unicode/utf16"
)

// The format: eight bytes of magic, the objects, a table of their offsets, and
// a trailer of 32 bytes that says where the table is and how wide an offset and
// a reference are. Everything is big-endian.
const (
	binaryHeader  = "bplist00"
	binaryTrailer = 32
)

// Object tags, in the high half of an object's first byte.
const (
	tagSimple  = 0x0
	tagInteger = 0x1
	tagReal    = 0x2
	tagDate    = 0x3
	tagData    = 0x4
	tagASCII   = 0x5
	tagUTF16   = 0x6
	tagUID     = 0x8
	tagArray   = 0xA
	tagDict    = 0xD
)

type binaryScanner struct {
	b         []byte
	count     uint64 // of objects
	table     uint64 // offset of the offset table: where objects end
	offsetLen uint64
	refLen    uint64
	limits    Limits

	used  uint64  // bytes of the objects visited
	nodes []*node // of the objects visited, by reference
}

// node is what is known of one object: how deep it is and what it expands to.
type node struct {
	open  bool // being visited: a reference to it now is a cycle
	depth int
	total tally
	key   string // of a string short enough to be one
	isKey bool
}

// scanBinary checks that what b claims of itself is true and within bounds:
// every offset, size and reference, no cycles, no overlap, expanded size.
func scanBinary(b []byte, l Limits) error {
	if !bytes.HasPrefix(b, []byte(binaryHeader)) {
		return errors.New("unknown version")
	}
	if len(b) < len(binaryHeader)+1+1+binaryTrailer {
		return errors.New("too short")
	}
	end := uint64(len(b) - binaryTrailer)
	t := b[end:]
	s := &binaryScanner{
		b:         b,
		limits:    l,
		offsetLen: uint64(t[6]),
		refLen:    uint64(t[7]),
		count:     binary.BigEndian.Uint64(t[8:]),
		table:     binary.BigEndian.Uint64(t[24:]),
	}
	top := binary.BigEndian.Uint64(t[16:])
	switch {
	case s.offsetLen < 1 || s.offsetLen > 8 || s.refLen < 1 || s.refLen > 8:
		return fmt.Errorf("offsets of %d bytes, references of %d", s.offsetLen, s.refLen)
	case s.count > uint64(l.Objects):
		return fmt.Errorf("more than %d objects", l.Objects)
	case s.table <= uint64(len(binaryHeader)) || s.table > end || end-s.table != s.count*s.offsetLen:
		return fmt.Errorf("offset table at %d does not end at the trailer", s.table)
	}
	s.nodes = make([]*node, s.count)
	_, err := s.visit(top, 1)
	return err
}

// visit checks the object that ref refers to and all below it, once.
func (s *binaryScanner) visit(ref uint64, depth int) (*node, error) {
	if ref >= s.count {
		return nil, fmt.Errorf("object %d of %d", ref, s.count)
	}
	n := s.nodes[ref]
	switch {
	case n != nil && n.open:
		return nil, fmt.Errorf("object %d contains itself", ref)
	case depth > maxDepth, n != nil && depth+n.depth-1 > maxDepth:
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	case n != nil:
		return n, nil
	}
	n = &node{open: true, depth: 1}
	s.nodes[ref] = n
	if err := s.object(n, s.uint(s.table+ref*s.offsetLen, s.offsetLen), depth); err != nil {
		return nil, err
	}
	n.open = false
	return n, nil
}

// object checks the object at offset at.
func (s *binaryScanner) object(n *node, at uint64, depth int) error {
	if at < uint64(len(binaryHeader)) || at >= s.table {
		return fmt.Errorf("offset %d is outside the objects", at)
	}
	tag, info := s.b[at]>>4, uint64(s.b[at]&0xf)
	body, size, err := s.extent(at, tag, info)
	if err != nil {
		return err
	}
	if body > s.table || size > s.table-body {
		return fmt.Errorf("%d bytes at %d reach into the offset table", size, body)
	}
	// Objects do not overlap, so together they are no longer than the file.
	// Without this a thousand offsets could name one long string, and each
	// would be decoded.
	if s.used += body + size - at; s.used > s.table-uint64(len(binaryHeader)) {
		return errors.New("objects overlap")
	}
	if err := n.total.add(tag == tagDict, s.limits); err != nil {
		return err
	}
	switch content := s.b[body : body+size]; {
	case tag == tagArray:
		return s.members(n, body, size/s.refLen, depth)
	case tag == tagDict:
		return s.dict(n, body, size/s.refLen/2, depth)
	case tag == tagASCII && size <= maxKey:
		n.key, n.isKey = string(content), true
	case tag == tagUTF16 && size <= maxKey:
		n.key, n.isKey = decodeUTF16(content), true
	}
	return nil
}

// extent returns where the content of the object at offset at begins, and how
// many bytes it has. The size is a claim still, but not one that overflows.
func (s *binaryScanner) extent(at uint64, tag byte, info uint64) (body, size uint64, err error) {
	body = at + 1
	switch {
	case tag == tagSimple && (info == 8 || info == 9): // false, true
		return body, 0, nil
	case tag == tagInteger && info <= 4:
		return body, 1 << info, nil
	case tag == tagReal && (info == 2 || info == 3), tag == tagDate && info == 3:
		return body, 1 << info, nil
	case tag == tagUID && info < 8:
		return body, info + 1, nil
	}
	var unit uint64
	switch tag {
	case tagData, tagASCII:
		unit = 1
	case tagUTF16:
		unit = 2
	case tagArray:
		unit = s.refLen
	case tagDict:
		unit = 2 * s.refLen
	default:
		return 0, 0, fmt.Errorf("unknown tag %#02x", s.b[at])
	}
	count := info
	if info == 0xf { // the count is an integer object of its own
		if count, body, err = s.longCount(body); err != nil {
			return 0, 0, err
		}
	}
	if count > uint64(len(s.b)) {
		return 0, 0, fmt.Errorf("count %d is more than there are bytes", count)
	}
	return body, count * unit, nil
}

func (s *binaryScanner) longCount(at uint64) (count, next uint64, err error) {
	if at >= s.table || s.b[at]>>4 != tagInteger || s.b[at]&0xf > 3 {
		return 0, 0, fmt.Errorf("no count at %d", at)
	}
	width := uint64(1) << (s.b[at] & 0xf)
	if at+1+width > s.table {
		return 0, 0, fmt.Errorf("count at %d reaches into the offset table", at)
	}
	return s.uint(at+1, width), at + 1 + width, nil
}

// members visits count references from offset at on.
func (s *binaryScanner) members(n *node, at, count uint64, depth int) error {
	for i := range count {
		member, err := s.visit(s.uint(at+i*s.refLen, s.refLen), depth+1)
		if err != nil {
			return err
		}
		n.depth = max(n.depth, 1+member.depth)
		n.total.objects += member.total.objects
		n.total.dicts += member.total.dicts
		if err := n.total.within(s.limits); err != nil {
			return err
		}
	}
	return nil
}

// dict visits count keys and, after them, as many values.
func (s *binaryScanner) dict(n *node, at, count uint64, depth int) error {
	if err := s.members(n, at, 2*count, depth); err != nil {
		return err
	}
	keys := make(map[string]bool, count)
	for i := range count {
		key := s.nodes[s.uint(at+i*s.refLen, s.refLen)]
		switch {
		case !key.isKey:
			return fmt.Errorf("key is no string of at most %d bytes", maxKey)
		case keys[key.key]:
			return fmt.Errorf("duplicate key %.80q", key.key)
		}
		keys[key.key] = true
	}
	return nil
}

// uint reads an integer of at most eight bytes; the caller has checked that
// they are there.
func (s *binaryScanner) uint(at, width uint64) (v uint64) {
	for _, c := range s.b[at : at+width] {
		v = v<<8 | uint64(c)
	}
	return v
}

func decodeUTF16(b []byte) string {
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = binary.BigEndian.Uint16(b[2*i:])
	}
	return string(utf16.Decode(units))
}
