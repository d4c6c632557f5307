package calls

import "encoding/binary"

// AAPCS64: x0 to x7 carry arguments, x0 the result, x0 to x17 and x30 are the
// callee's; system calls take their number in x16 and set x0 and x1.
var arm64 = &arch{
	args:         []int{0, 1, 2, 3, 4, 5, 6, 7},
	sysArgs:      []int{0, 1, 2, 3, 4, 5, 6, 7},
	clobbered:    []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 30},
	result:       0,
	sp:           31,
	number:       16,
	align:        4,
	sysClobbered: []int{0, 1},
	step:         stepARM64,
	control:      controlARM64,
	scan:         scanARM64,
	key:          keyARM64,
	prologue:     prologueARM64,
	padding:      paddingARM64,
	selects:      selectsARM64,
	equal:        equalARM64,
}

// paddingARM64 knows nop, and brk #1, which Clang puts after what does not return.
func paddingARM64(code []byte) int {
	if len(code) >= 4 {
		switch binary.LittleEndian.Uint32(code) {
		case 0xd503201f, 0xd4200020:
			return 4
		}
	}
	return 0
}

// prologueARM64 knows pacibsp, and a pair stored with writeback and sub sp, sp after
// an instruction that does not go on to them, or a call, which may not come back.
func prologueARM64(code []byte, at int) bool {
	if len(code) < at+4 {
		return false
	}
	w := binary.LittleEndian.Uint32(code[at:])
	switch {
	case w == 0xd503237f:
		return true
	case w&0xffe003e0 != 0xa9a003e0 && w&0xff8003ff != 0xd10003ff:
		return false
	}
	if at < 4 || paddingARM64(code[at-4:]) != 0 {
		return true
	}
	f := controlARM64(0, code[at-4:])
	return f.kind == flowStop || f.kind == flowBad || f.kind == flowGo
}

// controlARM64 is the flow of branches, with C4.1.94 of DDI 0487 ("Branches,
// exception generating and system instructions").
func controlARM64(pc uint64, code []byte) flow {
	if len(code) < 4 {
		return flow{kind: flowBad, size: 4}
	}
	w := binary.LittleEndian.Uint32(code)
	next := flow{size: 4}
	rt := int(w & 31)
	switch {
	case w&0x7c000000 == 0x14000000: // b, bl
		return flow{size: 4, kind: flowGo, direct: true, target: pc + uint64(int64(w)<<38>>36), link: w>>31 != 0}
	case w&0xff000000 == 0x54000000: // b.cond, bc.cond
		f := flow{size: 4, kind: flowBranch, direct: true, target: pc + uint64(int64(w)<<40>>45<<2), flags: true, cond: int(w & 15)}
		switch w & 15 {
		case 14, 15: // always
			f.kind = flowGo
		}
		return f
	case w&0x7e000000 == 0x34000000: // cbz, cbnz
		f := flow{size: 4, kind: flowBranch, direct: true, target: pc + uint64(int64(w)<<40>>45<<2), not: w>>24&1 != 0}
		if rt != 31 {
			f.when = test{ok: true, reg: rt, mask: mask(32 << (w >> 31))}
		}
		return f
	case w&0x7e000000 == 0x36000000: // tbz, tbnz
		f := flow{size: 4, kind: flowBranch, direct: true, target: pc + uint64(int64(w)<<45>>50<<2), not: w>>24&1 != 0}
		if rt != 31 {
			f.when = test{ok: true, reg: rt, mask: 1 << (w>>19&31 | w>>31<<5)}
		}
		return f
	case w&0xfe000000 == 0xd6000000: // br, blr, ret and their authenticated forms
		switch w >> 21 & 7 {
		case 0:
			return flow{size: 4, kind: flowGo}
		case 1:
			return flow{size: 4, kind: flowGo, link: true}
		}
		return flow{size: 4, kind: flowStop}
	case w&^svcNumber == svc: // XNU looks at x16 and not at the number in it (handle_svc in osfmk/arm64/sleh.c)
		return flow{size: 4, kind: flowSyscall, rare: w != svc && w != svc|0x80<<5}
	case w&0xff000000 == 0xd4000000: // brk, hlt and the like
		return flow{size: 4, kind: flowStop}
	case w>>25&15 <= 1: // udf, reserved, SME
		return flow{size: 4, kind: flowBad}
	}
	return next
}

// equalARM64 is the condition eq.
const equalARM64 = 0

// selectsARM64 knows csel and its kin.
func selectsARM64(code []byte) (cond int, ok bool) {
	if len(code) < 4 {
		return 0, false
	}
	w := binary.LittleEndian.Uint32(code)
	return int(w >> 12 & 15), w&0x3fe00800 == 0x1a800000 && w>>13&7 != 7
}
