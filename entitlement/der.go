package entitlement

import (
	"bytes"
	"fmt"
	"time"
	"unicode/utf8"
)

// Form is the shape of a DER entitlements blob. The names are those of Apple's
// validator in libCoreEntitlements.
type Form uint8

const (
	// VNext is the current form, since macOS 12: [APPLICATION 16] { INTEGER 1,
	// [CONTEXT 16] { SEQUENCE { UTF8String, value } ... } }. Dictionaries are
	// [CONTEXT 16], TRUE is 0xff and keys are in ascending order of their bytes.
	VNext Form = iota + 1

	// V0 is the form of the macOS 11 tools: a bare SET of the same pairs, in the
	// order of their encodings, which puts shorter pairs first. TRUE is 0x01.
	V0
)

// String returns the form's name in lower case.
func (f Form) String() string { return [...]string{"none", "vnext", "v0"}[min(f, V0)] }

// The tags that occur, as the identifier octets of X.690.
const (
	tagBoolean     = 0x01
	tagInteger     = 0x02
	tagOctetString = 0x04
	tagUTF8String  = 0x0c
	tagTime        = 0x18 // GeneralizedTime
	tagSequence    = 0x30
	tagSet         = 0x31
	tagRoot        = 0x70 // [APPLICATION 16], constructed
	tagDictionary  = 0xb0 // [CONTEXT 16], constructed
)

// ReadDER reads a DER entitlements blob, without the blob's own header.
//
// It is one strict traversal that must consume each level exactly. Apple's three
// walkers measured lengths differently, which hid entitlements from the one that
// judged (CVE-2022-42855,
// https://googleprojectzero.blogspot.com/2023/01/der-entitlements-brief-return-of.html).
// What Apple's validator demands is demanded here: keys sorted and unique, no
// embedded NUL, booleans of exactly one byte, integers of at most 64 bits,
// nothing after the end, bounded depth.
func ReadDER(b []byte) (Set, Form, error) {
	if len(b) > MaxSize {
		return nil, 0, errTooLarge
	}
	r := derReader{rest: b, values: new(int)}
	tag, body, err := r.next()
	if err != nil {
		return nil, 0, err
	}
	if len(r.rest) > 0 {
		return nil, 0, r.errorf("%d bytes after the end", len(r.rest))
	}
	switch tag {
	case tagRoot:
		set, err := body.root()
		return set, VNext, err
	case tagSet:
		set, err := body.pairs(V0, 0)
		return set, V0, err
	default:
		return nil, 0, fmt.Errorf("offset 0: tag 0x%02x where the entitlements begin", tag)
	}
}

// derReader is the rest of one constructed element.
type derReader struct {
	rest   []byte
	offset int  // of rest in the blob
	values *int // how many were read of the whole blob
}

func (r *derReader) errorf(format string, args ...any) error {
	return fmt.Errorf("offset %d: "+format, append([]any{r.offset}, args...)...)
}

// next takes one element off r: a low tag number and a definite length in its
// shortest form, all of it inside r.
func (r *derReader) next() (tag byte, body derReader, err error) {
	b := r.rest
	if len(b) < 2 {
		return 0, body, r.errorf("the element is cut short")
	}
	tag, n, header := b[0], uint64(b[1]), 2
	if tag&0x1f == 0x1f {
		return 0, body, r.errorf("a tag number over 30")
	}
	if b[1] >= 0x80 {
		size := int(b[1] & 0x7f)
		if size == 0 || size > 4 || len(b) < 2+size {
			return 0, body, r.errorf("a length that is indefinite, over 32 bits or cut short")
		}
		n = 0
		for _, c := range b[2 : 2+size] {
			n = n<<8 | uint64(c)
		}
		if n < 0x80 || b[2] == 0 {
			return 0, body, r.errorf("a length that is not in its shortest form")
		}
		header += size
	}
	if n > uint64(len(b)-header) {
		return 0, body, r.errorf("a length of %d where %d bytes are left", n, len(b)-header)
	}
	end := header + int(n)
	body = derReader{b[header:end], r.offset + header, r.values}
	r.rest, r.offset = b[end:], r.offset+end
	return tag, body, nil
}

// root reads the version and the dictionary of the VNext form.
func (r *derReader) root() (Set, error) {
	tag, version, err := r.next()
	if err != nil {
		return nil, err
	}
	if tag != tagInteger || !bytes.Equal(version.rest, []byte{1}) {
		return nil, version.errorf("a version other than 1")
	}
	tag, dict, err := r.next()
	if err != nil {
		return nil, err
	}
	if tag != tagDictionary || len(r.rest) > 0 {
		return nil, dict.errorf("something other than one dictionary after the version")
	}
	return dict.pairs(VNext, 0)
}

// pairs reads the pairs of a dictionary.
func (r *derReader) pairs(form Form, depth int) (Set, error) {
	set := Set{}
	for last := []byte(nil); len(r.rest) > 0; {
		whole := r.rest
		tag, pair, err := r.next()
		if err != nil {
			return nil, err
		}
		if tag != tagSequence {
			return nil, pair.errorf("tag 0x%02x where a pair belongs", tag)
		}
		key, err := pair.key()
		if err != nil {
			return nil, err
		}
		if _, dup := set[key]; dup {
			return nil, pair.errorf("the key %q twice in one dictionary", key)
		}
		order := []byte(key)
		if form == V0 {
			order = whole[:len(whole)-len(r.rest)]
		}
		if bytes.Compare(last, order) >= 0 {
			return nil, pair.errorf("the key %q is out of order", key)
		}
		last = order
		if set[key], err = pair.value(form, depth+1); err != nil {
			return nil, err
		}
		if len(pair.rest) > 0 {
			return nil, pair.errorf("%d bytes after the value of %q", len(pair.rest), key)
		}
	}
	return set, nil
}

func (r *derReader) key() (string, error) {
	tag, body, err := r.next()
	if err != nil {
		return "", err
	}
	if tag != tagUTF8String || len(body.rest) == 0 {
		return "", body.errorf("a key that is not a string")
	}
	if len(body.rest) > MaxKey {
		return "", body.errorf("a key of more than %d bytes", MaxKey)
	}
	return body.text()
}

func (r *derReader) text() (string, error) {
	if !utf8.Valid(r.rest) || bytes.IndexByte(r.rest, 0) >= 0 {
		return "", r.errorf("a string that is not UTF-8 or has a NUL in it")
	}
	return string(r.rest), nil
}

// value reads one value and all it holds.
func (r *derReader) value(form Form, depth int) (Value, error) {
	if depth > MaxDepth {
		return Value{}, r.errorf("values nest deeper than %d", MaxDepth)
	}
	if *r.values++; *r.values > MaxValues {
		return Value{}, r.errorf("more than %d values", MaxValues)
	}
	tag, body, err := r.next()
	if err != nil {
		return Value{}, err
	}
	switch tag {
	case tagBoolean:
		return body.boolean()
	case tagInteger:
		return body.integer()
	case tagOctetString:
		return Value{Kind: Data, Data: bytes.Clone(body.rest)}, nil
	case tagUTF8String:
		s, err := body.text()
		return Str(s), err
	case tagTime:
		t, err := time.Parse("20060102150405Z", string(body.rest))
		if err != nil {
			return Value{}, body.errorf("a date that is not of the form YYYYMMDDhhmmssZ")
		}
		return Value{Kind: Date, Date: t}, nil
	case tagSequence:
		return body.array(form, depth)
	case tagDictionary, tagSet:
		if (tag == tagSet) != (form == V0) {
			return Value{}, body.errorf("a dictionary in the other form's encoding")
		}
		set, err := body.pairs(form, depth)
		return Value{Kind: Dictionary, Dict: set}, err
	default:
		return Value{}, body.errorf("tag 0x%02x where a value belongs", tag)
	}
}

func (r *derReader) array(form Form, depth int) (Value, error) {
	v := Value{Kind: Array, Array: []Value{}}
	for len(r.rest) > 0 {
		e, err := r.value(form, depth+1)
		if err != nil {
			return Value{}, err
		}
		v.Array = append(v.Array, e)
	}
	return v, nil
}

// boolean accepts the TRUE of either form, so that a blob of one form written by
// a tool of the other is read; any other octet is refused.
func (r *derReader) boolean() (Value, error) {
	if len(r.rest) != 1 || r.rest[0] != 0 && r.rest[0] != 1 && r.rest[0] != 0xff {
		return Value{}, r.errorf("a boolean that is not one byte of 0x00, 0x01 or 0xff")
	}
	return Bool(r.rest[0] != 0), nil
}

func (r *derReader) integer() (Value, error) {
	b := r.rest
	if len(b) == 0 || len(b) > 8 {
		return Value{}, r.errorf("an integer of %d bytes", len(b))
	}
	if len(b) > 1 && (b[0] == 0 && b[1] < 0x80 || b[0] == 0xff && b[1] >= 0x80) {
		return Value{}, r.errorf("an integer that is not in its shortest form")
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:] {
		n = n<<8 | int64(c)
	}
	return Int(n), nil
}
