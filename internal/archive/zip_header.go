package archive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// Flags of an entry (4.4.4).
const (
	zipEncrypted = 1 << 0
	zipStreamed  = 1 << 3 // sizes and checksum are behind the contents
	zipPatched   = 1 << 5
	zipMasked    = 1 << 13 // the local header hides what it says
)

// zipHeader is what a local and a central header both say of an entry.
type zipHeader struct {
	flags, method uint16
	sum           uint32
	packed, size  uint64
	name          string
}

// zipCentralHeader is an entry of the central directory.
type zipCentralHeader struct {
	zipHeader
	host  byte   // of which the attributes are
	attrs uint32 // external attributes: of Unix in the upper half
}

// readZipCentral reads the next entry of the central directory, and where its local
// header is.
func readZipCentral(r *blockReader) (h zipCentralHeader, local uint64, err error) {
	b, err := r.next(zipCentralSize)
	if err != nil {
		return h, 0, err
	}
	if !bytes.HasPrefix(b, []byte(zipCentral)) {
		return h, 0, errors.New("no header of the central directory is there")
	}
	le := binary.LittleEndian
	h.host, h.attrs = b[5], le.Uint32(b[38:])
	h.flags, h.method, h.sum = le.Uint16(b[8:]), le.Uint16(b[10:]), le.Uint32(b[16:])
	h.packed, h.size, local = uint64(le.Uint32(b[20:])), uint64(le.Uint32(b[24:])), uint64(le.Uint32(b[42:]))
	name, extra, comment := int(le.Uint16(b[28:])), int(le.Uint16(b[30:])), int(le.Uint16(b[32:]))
	if b, err = r.next(name + extra + comment); err != nil {
		return h, 0, err
	}
	h.name = string(b[:name])
	err = h.widen(b[name:name+extra], &h.size, &h.packed, &local)
	return h, local, err
}

// widen replaces numbers that say that they are in the extra field of Zip64 (4.5.3), in
// their order. An entry whose name is told by another extra field, too (4.6.9), has two.
func (h *zipHeader) widen(extra []byte, numbers ...*uint64) error {
	seen := false
	for len(extra) > 0 {
		if len(extra) < 4 {
			return nil // padding, as zipalign writes it
		}
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if size > len(extra)-4 {
			return nil
		}
		field := extra[4 : 4+size]
		extra = extra[4+size:]
		switch id {
		case 0x0001:
			if seen {
				return Ambiguous("%.200q has two extra fields of Zip64", h.name)
			}
			seen = true
			for _, n := range numbers {
				if *n != math.MaxUint32 {
					continue
				}
				if len(field) < 8 {
					return fmt.Errorf("the extra field of Zip64 of %.200q is too short", h.name)
				}
				*n, field = binary.LittleEndian.Uint64(field), field[8:]
			}
		case 0x7075:
			if len(field) > 5 && string(field[5:]) != h.name {
				return Ambiguous("%.200q is named %.200q in its extra field", h.name, field[5:])
			}
		}
	}
	return nil
}

// local reads the local header at an offset, and returns where the contents begin.
func (z *zipReader) local(offset, limit int64) (h zipHeader, begin int64, err error) {
	b := make([]byte, zipLocalSize)
	if err := readAt(z.r, limit, b, offset); err != nil {
		return h, 0, err
	}
	if !bytes.HasPrefix(b, []byte(zipLocal)) {
		return h, 0, errors.New("there is none")
	}
	le := binary.LittleEndian
	h.flags, h.method, h.sum = le.Uint16(b[6:]), le.Uint16(b[8:]), le.Uint32(b[14:])
	h.packed, h.size = uint64(le.Uint32(b[18:])), uint64(le.Uint32(b[22:]))
	name, extra := int(le.Uint16(b[26:])), int(le.Uint16(b[28:]))
	b = make([]byte, name+extra)
	if err := readAt(z.r, limit, b, offset+zipLocalSize); err != nil {
		return h, 0, err
	}
	h.name = string(b[:name])
	err = h.widen(b[name:], &h.size, &h.packed)
	return h, offset + zipLocalSize + int64(len(b)), err
}

// differs returns in what a local header says something else than the central one. Where
// sizes and checksum follow the contents it has zeros, or what was expected of them.
func (h zipCentralHeader) differs(local zipHeader) error {
	const counted = zipEncrypted | zipStreamed | zipPatched | zipMasked
	zeros := h.flags&zipStreamed != 0 && local.sum == 0
	switch {
	case local.name != h.name:
		return Ambiguous("it is named %.200q in its local header", local.name)
	case local.method != h.method:
		return Ambiguous("it is packed by method %d by the central directory and %d by its local header", h.method, local.method)
	case (local.flags^h.flags)&counted != 0:
		return Ambiguous("its flags are %#x in the central directory and %#x in its local header", h.flags, local.flags)
	case !(zeros && (local.size == 0 || local.size == math.MaxUint32)) && local.size != h.size,
		!(zeros && (local.packed == 0 || local.packed == math.MaxUint32)) && local.packed != h.packed,
		!zeros && local.sum != h.sum:
		return Ambiguous("its size or checksum in the central directory is not that in its local header")
	}
	return nil
}
