package calls

import "encoding/binary"

// branchesARM64 marks b and bl.
var branchesARM64 = wordSieve{shift: 26, start: -5 & 0x1f, mask: 0x1f}

// edgesARM64 looks at n bytes of one block of code, which are whole instructions.
func edgesARM64(e *edges, closed bool, pc uint64, code []byte, n int) []reference {
	pc, code, n = wholeWords(pc, code, n)
	e.list = e.list[:0]
	var m wordMarks
	branchesARM64.mark(&m, code[:n])
	for _, k := range e.places.of(m[:]) {
		at := pc + 4*uint64(k)
		e.list = append(e.list, reference{at: at, target: branchTarget(at, binary.LittleEndian.Uint32(code[4*int(k):]))})
	}
	for k := 0; k < n && closed; k += 4 {
		at, w := pc+uint64(k), binary.LittleEndian.Uint32(code[k:])
		switch w & 0x9f000000 {
		case 0x10000000: // adr
			e.list = append(e.list, reference{at, at + uint64(int64(adrImm(w))<<43>>43), true})
		case 0x90000000: // adrp
			completions(code[k:], func(i int, load bool, offset uint64) {
				if !load {
					e.list = append(e.list, reference{at + uint64(i), adrpBase(at, w) + offset, true})
				}
			})
		}
	}
	return e.list
}
