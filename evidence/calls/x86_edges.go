package calls

import "encoding/binary"

// The opcodes of edges: call and jmp, jcc, and lea from [rip+disp32].
var (
	callsX86    = byteSieve{mask: [3]byte{0xfe}, value: [3]byte{0xe8}}
	branchesX86 = byteSieve{second: 1, mask: [3]byte{0xff, 0xf0}, value: [3]byte{0x0f, 0x80}}
	leaX86      = byteSieve{second: 1, mask: [3]byte{0xff, 0xc7}, value: [3]byte{0x8d, 0x05}}
)

// edgesX86 looks at n places of one block of code, whether an instruction begins there or not.
// Jumps of 8 bits are not looked for: linkers bind calls between functions by 32 bits.
func edgesX86(e *edges, closed bool, pc uint64, code []byte, n int) []reference {
	e.list = e.list[:0]
	e.displacements(callsX86, 1, reference{at: pc}, code, n)
	e.displacements(branchesX86, 2, reference{at: pc}, code, n)
	if closed {
		e.displacements(leaX86, 2, reference{at: pc, taken: true}, code, n)
	}
	return e.list
}

// displacements adds the instructions of which the opcode has a number of bytes before the
// displacement, as a reference at the start of code.
func (e *edges) displacements(s byteSieve, opcode int, r reference, code []byte, n int) {
	var m byteMarks
	s.mark(&m, code, n)
	pc := r.at
	for _, k := range e.places.of(m[:]) {
		end := int(k) + opcode + 4
		if end > len(code) {
			return
		}
		r.at = pc + uint64(k)
		r.target = pc + uint64(end) + uint64(int64(int32(binary.LittleEndian.Uint32(code[end-4:]))))
		e.list = append(e.list, r)
	}
}
