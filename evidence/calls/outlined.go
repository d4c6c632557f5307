package calls

import "encoding/binary"

// LLVM's outliner (llvm/lib/CodeGen/MachineOutliner.cpp), which clang -Oz turns on for
// arm64, makes functions of code that is there more than once. They are straight, and keep no
// register: what they set is what the code that calls them goes on with.
const (
	maxOutlined = 32                    // instructions
	kept        = 0xc0de_c0de_c0de_0000 // what no code sets a register to, but for its number
	keptLo      = 19                    // x19 to x28 are kept by all functions of AAPCS64
	keptHi      = 28
)

// outlined returns the code of a function that is called and does not keep the registers that
// functions keep, up to where it returns or jumps, nil of others.
func (f *finder) outlined(call flow) []byte {
	target := call.target
	if f.arch != arm64 || !call.direct || f.p.Stubs[target] != "" {
		return nil
	}
	if code, ok := f.straight[target]; ok {
		return code
	}
	if f.straight == nil {
		f.straight = map[uint64][]byte{}
	}
	code := f.readStraight(target)
	if code != nil {
		s := f.arch.entry(nil)
		for r := keptLo; r <= keptHi; r++ {
			s.reg[r] = constant(kept | uint64(r))
		}
		(&walk{f: f, mem: &memory{p: f.p, loaded: map[string]bool{}}}).inline(s, target, code)
		keeps := true
		for r := keptLo; r <= keptHi; r++ {
			keeps = keeps && s.reg[r].equal(constant(kept|uint64(r)))
		}
		if keeps {
			code = nil
		}
	}
	f.straight[target] = code
	return code
}

// readStraight reads a function that does not branch.
func (f *finder) readStraight(target uint64) []byte {
	var code []byte
	var b [4]byte
	for range maxOutlined {
		f.steps--
		if f.read(target+uint64(len(code)), b[:]) != nil {
			return nil
		}
		switch fl := controlARM64(target+uint64(len(code)), b[:]); {
		case fl.kind == flowStop && isReturn(binary.LittleEndian.Uint32(b[:])):
			return code
		case fl.kind == flowGo && !fl.link && fl.direct:
			return append(code, b[:]...)
		case fl.kind != flowNext && !fl.link: // it branches, or is no function
			return nil
		}
		code = append(code, b[:]...)
	}
	return nil
}

// isReturn knows ret, retaa and retab.
func isReturn(w uint32) bool { return w&0xfffff000 == 0xd65f0000 }

// inline interprets straight code that is called.
func (w *walk) inline(s *state, pc uint64, code []byte) {
	for ; len(code) >= 4; pc, code = pc+4, code[4:] {
		w.left--
		if fl := w.f.arch.step(w.mem, s, pc, code); fl.kind == flowGo {
			w.f.arch.called(s, unknown(Returned))
		}
	}
}
