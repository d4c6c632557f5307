package machotest

import (
	"fmt"
	"maps"
	"slices"
)

// Types of requirements: SecRequirementType of CSCommon.h.
const (
	HostRequirement       = 1
	GuestRequirement      = 2
	DesignatedRequirement = 3
	LibraryRequirement    = 4
	PluginRequirement     = 5
)

// Requirements returns the payload of a requirements blob with compiled expressions by type, in ascending order as
// Apple's Maker writes them. It is for Signature.Requirements.
func Requirements(byType map[uint32][]byte) []byte {
	types := slices.Sorted(maps.Keys(byType))
	var blobs []byte
	index := bigEndian(uint32(len(types)))
	for _, t := range types {
		index = append(index, bigEndian(t, uint32(12+8*len(types)+len(blobs)))...)
		blobs = append(blobs, RequirementBlob(1, byType[t])...)
	}
	return append(index, blobs...)
}

// RequirementBlob returns one requirement of a kind: 1 is an expression.
func RequirementBlob(kind uint32, expression []byte) []byte {
	return Blob{Magic: 0xfade0c00, Payload: append(bigEndian(kind), expression...)}.Bytes()
}

// RequirementsBlob returns a payload as the whole blob.
func RequirementsBlob(payload []byte) []byte {
	return Blob{Magic: magicRequirements, Payload: payload}.Bytes()
}

// Operation returns an opcode and its operands, or a match suffix: an int is a word, a string has its length and padding,
// and []byte, such as another operation, is put as it is.
func Operation(opcode uint32, operands ...any) []byte {
	out := bigEndian(opcode)
	for _, operand := range operands {
		switch v := operand.(type) {
		case int:
			out = append(out, bigEndian(uint32(v))...)
		case string:
			out = append(append(out, bigEndian(uint32(len(v)))...), v...)
			out = append(out, make([]byte, -len(v)&3)...)
		case []byte:
			out = append(out, v...)
		default:
			panic(fmt.Sprintf("machotest: no operand of %T", v))
		}
	}
	return out
}
