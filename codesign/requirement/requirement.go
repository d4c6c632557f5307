// Package requirement reads code requirements: what code asks of whoever hosts
// it, loads it or wants to know it again, compiled into a signature. It prints
// them as codesign -d -r- and csreq do, and evaluates them against plain facts.
//
// The format is that of libsecurity_codesigning in Apple's Security: the blobs of
// lib/requirement.h, read as lib/reqreader.cpp does, printed as lib/reqdumper.cpp
// does, and evaluated as lib/reqinterp.cpp does. The language is described in
// https://developer.apple.com/library/archive/documentation/Security/Conceptual/CodeSigningGuide/RequirementLang/RequirementLang.html
// and TN3127. All integers are big-endian.
package requirement

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// MaxSize bounds a set of requirements, in bytes. An operation takes four at
	// least, so it bounds the operations as well. The largest set in the corpus
	// has 228 bytes.
	MaxSize = 64 << 10

	// MaxDepth bounds the nesting of operations: what Apple's interpreter, with a
	// stackLimit of 1000 (lib/reqinterp.h), evaluates without an error.
	MaxDepth = 999
)

const (
	magicSet         = 0xfade0c01 // CSMAGIC_REQUIREMENTS
	magicRequirement = 0xfade0c00 // CSMAGIC_REQUIREMENT

	kindExpression  = 1 // exprForm: an expression
	kindLightweight = 2 // lwcrForm: a lightweight code requirement, in DER
)

// Designated is the type of the requirement that identifies the code itself.
const Designated = "designated"

// typeNames are Requirement::typeNames of lib/requirement.cpp, by SecRequirementType.
var typeNames = [...]string{1: "host", 2: "guest", 3: Designated, 4: "library", 5: "plugin"}

// Requirement is one requirement. It holds none of the bytes it was read from.
type Requirement struct {
	Type string // host, guest, designated, library or plugin
	Text string // in Apple's language; printable ASCII

	root *expr // nil for a lightweight code requirement
}

// Equal reports whether two requirements are of one type and consist of the same
// operations.
func (r Requirement) Equal(s Requirement) bool { return reflect.DeepEqual(r, s) }

// Operations returns how many operations the requirement consists of.
func (r Requirement) Operations() int { return r.root.operations() }

func (e *expr) operations() int {
	if e == nil {
		return 0
	}
	return 1 + e.left.operations() + e.right.operations()
}

// Set is the requirements of one signature, in the order of its index and each
// of another type. It is empty where the signer gave none; for the designated
// requirement the system then makes one up from the identifier and the
// certificates, or from the cdhash.
type Set []Requirement

// Designated returns the designated requirement, and whether there is one.
func (s Set) Designated() (Requirement, bool) {
	i := slices.IndexFunc(s, func(r Requirement) bool { return r.Type == Designated })
	if i < 0 {
		return Requirement{}, false
	}
	return s[i], true
}

// Parse reads the requirements blob of a signature (slot 2), its header included.
//
// It is stricter than Apple's reader where bytes would be left that no tool
// shows: blobs are packed as SuperBlobCore::strictValidateBlob has it, each type
// occurs once, an expression takes up its blob, and padding is zero.
func Parse(b []byte) (Set, error) {
	if len(b) > MaxSize {
		return nil, fmt.Errorf("requirements of %d bytes; the limit is %d", len(b), MaxSize)
	}
	if len(b) < 12 || be32(b) != magicSet || uint64(be32(b[4:])) != uint64(len(b)) {
		return nil, errors.New("not a requirements blob of the length it has")
	}
	index := b[12:]
	count := uint64(be32(b[8:]))
	if count > uint64(len(index)/8) {
		return nil, fmt.Errorf("%d requirements claimed in %d bytes", count, len(b))
	}
	if err := packed(b, int(count)); err != nil {
		return nil, err
	}
	var set Set
	for ; count > 0; count, index = count-1, index[8:] {
		r, err := parse(be32(index), b[be32(index[4:]):])
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(set, func(s Requirement) bool { return s.Type == r.Type }) {
			return nil, fmt.Errorf("a second %s requirement", r.Type)
		}
		set = append(set, r)
	}
	return set, nil
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }

// packed makes sure that the blobs of the index fill what follows it, without
// overlap or gap.
func packed(b []byte, count int) error {
	type span struct{ base, size uint64 }
	spans := make([]span, count)
	for i := range spans {
		base := uint64(be32(b[16+8*i:]))
		if base+12 > uint64(len(b)) {
			return fmt.Errorf("a requirement at offset %d past the end %d", base, len(b))
		}
		spans[i] = span{base, uint64(be32(b[base+4:]))}
	}
	inorder.By(spans, func(x, y span) int { return cmp.Compare(x.base, y.base) })
	end := uint64(12 + 8*count)
	for _, s := range spans {
		if s.base != end || s.size < 12 {
			return fmt.Errorf("a requirement of %d bytes at offset %d where one belongs at %d", s.size, s.base, end)
		}
		end += s.size
	}
	if end != uint64(len(b)) {
		return fmt.Errorf("requirements that end at %d in a blob of %d bytes", end, len(b))
	}
	return nil
}

// parse reads one requirement at the beginning of b, which it lies inside of.
func parse(number uint32, b []byte) (Requirement, error) {
	if number == 0 || uint64(number) >= uint64(len(typeNames)) {
		return Requirement{}, fmt.Errorf("a requirement of the unknown type %d", number)
	}
	r := Requirement{Type: typeNames[number]}
	magic, size, kind := be32(b), be32(b[4:]), be32(b[8:])
	if magic != magicRequirement {
		return Requirement{}, fmt.Errorf("%s requirement: magic %#08x instead of %#08x", r.Type, magic, uint32(magicRequirement))
	}
	in := reader{b: b[:size], pos: 12}
	switch kind {
	case kindExpression:
		r.root = in.expr(1)
	case kindLightweight:
		r.Text = fmt.Sprintf("lightweight code requirement of %d bytes", len(in.data()))
	default:
		in.fail("the kind %d, which is unknown", kind)
	}
	if n := len(in.b) - in.pos; n > 0 {
		in.fail("%d bytes after the end", n)
	}
	if in.err != nil {
		return Requirement{}, fmt.Errorf("%s requirement: %w", r.Type, in.err)
	}
	if r.root != nil {
		r.Text = r.root.text()
	}
	return r, nil
}
