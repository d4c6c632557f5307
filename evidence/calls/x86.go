package calls

import "bytes"

// Registers of x86-64 by their numbers in instructions.
const (
	rax = iota
	rcx
	rdx
	rbx
	rsp
	rbp
	rsi
	rdi
)

// System V AMD64 psABI: rdi, rsi, rdx, rcx, r8, r9 carry arguments, rax the
// result, rbx, rbp and r12 to r15 are the caller's. System calls take r10 for rcx
// and lose rcx and r11; those of XNU set rax and rdx.
var x8664 = &arch{
	args:         []int{rdi, rsi, rdx, rcx, 8, 9},
	sysArgs:      []int{rdi, rsi, rdx, 10, 8, 9},
	clobbered:    []int{rax, rcx, rdx, rsi, rdi, 8, 9, 10, 11},
	sysClobbered: []int{rax, rcx, rdx, 11},
	result:       rax,
	sp:           rsp,
	number:       rax,
	align:        1,
	step:         stepX86,
	control:      controlX86,
	scan:         scanX86,
	key:          keyX86,
	prologue:     prologueX86,
	padding:      paddingX86,
	selects:      selectsX86,
	equal:        equalX86,
}

// paddingX86 knows nop in all its lengths, and int3 and ud2.
func paddingX86(code []byte) int {
	in, ok := decodeX86(code)
	switch {
	case !ok || in.vector != 0:
	case in.space == oneByte && (in.op == 0x90 || in.op == 0xcc), in.space == space0F && (in.op == 0x1f || in.op == 0x0b):
		return in.size
	}
	return 0
}

// prologueX86 knows push rbp; mov rbp, rsp.
func prologueX86(code []byte, at int) bool {
	return bytes.HasPrefix(code[at:], []byte{0x55, 0x48, 0x89, 0xe5})
}

// equalX86 is the condition e.
const equalX86 = 4

// selectsX86 knows cmov and set, by their opcodes after the prefixes 66 and REX.
func selectsX86(code []byte) (cond int, ok bool) {
	for len(code) > 2 && (code[0] == 0x66 || code[0]&0xf0 == 0x40) {
		code = code[1:]
	}
	if len(code) < 2 || code[0] != 0x0f {
		return 0, false
	}
	return int(code[1] & 15), code[1]&0xf0 == 0x40 || code[1]&0xf0 == 0x90
}

func controlX86(pc uint64, code []byte) flow {
	in, ok := decodeX86(code)
	if !ok {
		return flow{kind: flowBad, size: 1}
	}
	return in.control(pc)
}

func (in *insn) control(pc uint64) flow {
	f := flow{size: in.size}
	relative := pc + uint64(in.size) + uint64(in.imm)
	switch {
	case in.space == oneByte && in.op&0xf0 == 0x70, in.space == space0F && in.op&0xf0 == 0x80 && in.vector == 0,
		in.space == oneByte && in.op >= 0xe0 && in.op <= 0xe3: // jcc; loop, jrcxz
		f.kind, f.direct, f.target = flowBranch, true, relative
		f.flags, f.cond = in.op&0xf0 != 0xe0, int(in.op&15)
	case in.space == space0F && in.vector == 0:
		switch in.op {
		case 0x05:
			f.kind = flowSyscall
		case 0x07, 0x0b, 0x35, 0xb9, 0xff: // sysret, ud2, sysexit, ud1, ud0
			f.kind = flowStop
		}
	case in.space == oneByte:
		switch in.op {
		case 0xe8, 0xe9, 0xeb:
			f.kind, f.direct, f.target, f.link = flowGo, true, relative, in.op == 0xe8
		case 0xc2, 0xc3, 0xca, 0xcb, 0xcf, 0xcc, 0xf1, 0xf4: // ret, iret, int3, int1, hlt
			f.kind = flowStop
		case 0xff:
			switch in.reg & 7 {
			case 2, 4:
				f.kind, f.link = flowGo, in.reg&7 == 2
			case 3, 5, 7:
				f.kind = flowStop
			}
		}
	}
	return f
}
