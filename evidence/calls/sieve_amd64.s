#include "go_asm.h"
#include "textflag.h"

// The loops of wordSieve and byteSieve with AVX2.

DATA iota<>+0(SB)/8, $0x0000000100000000
DATA iota<>+8(SB)/8, $0x0000000300000002
DATA iota<>+16(SB)/8, $0x0000000500000004
DATA iota<>+24(SB)/8, $0x0000000700000006
GLOBL iota<>(SB), RODATA|NOPTR, $32

// func markWords(m *wordMarks, code *byte, n int, s *wordSieve)
TEXT ·markWords(SB), NOSPLIT, $0-32
	MOVQ         m+0(FP), DI
	MOVQ         code+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         s+24(FP), BX
	VMOVD        wordSieve_shift(BX), X0
	VPBROADCASTD wordSieve_start(BX), Y1
	VPBROADCASTD wordSieve_step(BX), Y2
	VPBROADCASTD wordSieve_mask(BX), Y3
	VPBROADCASTD wordSieve_width(BX), Y4
	VPMULLD      iota<>(SB), Y2, Y5
	VPADDD       Y5, Y1, Y1             // start + n*step
	VPSLLD       $3, Y2, Y2

words:
	VMOVDQU   (SI), Y5
	VPSRLD    X0, Y5, Y5
	VPADDD    Y1, Y5, Y5
	VPAND     Y3, Y5, Y5
	VPMINUD   Y4, Y5, Y6
	VPCMPEQD  Y5, Y6, Y6 // no more than width
	VMOVMSKPS Y6, AX
	ORB       AX, (DI)
	VPADDD    Y2, Y1, Y1
	ADDQ      $32, SI
	INCQ      DI
	DECQ      CX
	JNZ       words
	VZEROUPPER
	RET

// func markBytes(m *byteMarks, code *byte, n int, s *byteSieve)
TEXT ·markBytes(SB), NOSPLIT, $0-32
	MOVQ         m+0(FP), DI
	MOVQ         code+8(FP), SI
	MOVQ         n+16(FP), CX
	MOVQ         s+24(FP), BX
	MOVQ         byteSieve_second(BX), R8
	MOVQ         byteSieve_third(BX), R9
	VPBROADCASTB (byteSieve_mask+0)(BX), Y0
	VPBROADCASTB (byteSieve_mask+1)(BX), Y1
	VPBROADCASTB (byteSieve_mask+2)(BX), Y2
	VPBROADCASTB (byteSieve_value+0)(BX), Y3
	VPBROADCASTB (byteSieve_value+1)(BX), Y4
	VPBROADCASTB (byteSieve_value+2)(BX), Y5

bytes:
	VPAND     (SI), Y0, Y6
	VPCMPEQB  Y3, Y6, Y6
	VPAND     (SI)(R8*1), Y1, Y7
	VPCMPEQB  Y4, Y7, Y7
	VPAND     (SI)(R9*1), Y2, Y8
	VPCMPEQB  Y5, Y8, Y8
	VPAND     Y7, Y6, Y6
	VPAND     Y8, Y6, Y6
	VPMOVMSKB Y6, AX
	ORL       AX, (DI)
	ADDQ      $32, SI
	ADDQ      $4, DI
	DECQ      CX
	JNZ       bytes
	VZEROUPPER
	RET
