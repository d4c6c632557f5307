#include "go_asm.h"
#include "textflag.h"

// The loops of sieveARM64 and sieveX86 with AVX2. A number is no more than a width if the smaller
// of both, unsigned, is the number.

#define WORDS(name, a, b, c, d, e, f, g, h) \
	DATA name<>+0(SB)/4, $a; \
	DATA name<>+4(SB)/4, $b; \
	DATA name<>+8(SB)/4, $c; \
	DATA name<>+12(SB)/4, $d; \
	DATA name<>+16(SB)/4, $e; \
	DATA name<>+20(SB)/4, $f; \
	DATA name<>+24(SB)/4, $g; \
	DATA name<>+28(SB)/4, $h; \
	GLOBL name<>(SB), RODATA|NOPTR, $32
#define ALL(name, value) WORDS(name, value, value, value, value, value, value, value, value)

WORDS(iota, 0, 1, 2, 3, 4, 5, 6, 7)
ALL(eight, 8)
ALL(imm26, 0x03ffffff)
ALL(imm19, 0x0007ffff)
ALL(branchMask, 0x7c000000)
ALL(branchIs, 0x14000000)
ALL(adrpMask, 0x9f000000)
ALL(adrpIs, 0x90000000)
ALL(svcMask, 0xffe0001f)
ALL(svcIs, 0xd4000001)

// LIST appends to (R8) the numbers in an operand whose bit is set in AX.
#define LIST(numbers, temp) \
	MOVQ    AX, R10; \
	SHLQ    $5, R10; \
	VMOVDQU (R9)(R10*1), temp; \
	VPERMD  numbers, temp, temp; \
	VMOVDQU temp, (R8); \
	POPCNTL AX, AX; \
	LEAQ    (R8)(AX*4), R8

// func siftARM64(s *sieveARM64, to *sifted, jumps *uint32, code *byte, n int, compress *[256][8]uint32) (count int)
TEXT ·siftARM64(SB), NOSPLIT, $0-56
	MOVQ         s+0(FP), BX
	MOVQ         to+8(FP), DI
	LEAQ         sifted_others(DI), DI
	MOVQ         jumps+16(FP), R8
	MOVQ         R8, R11
	MOVQ         code+24(FP), SI
	MOVQ         n+32(FP), CX
	MOVQ         compress+40(FP), R9
	VPBROADCASTD sieveARM64_start(BX), Y0
	VPADDD       iota<>(SB), Y0, Y0
	VMOVDQU      eight<>(SB), Y1
	VMOVDQU      imm26<>(SB), Y2
	VMOVDQU      branchMask<>(SB), Y4
	VMOVDQU      branchIs<>(SB), Y5
	VPBROADCASTD sieveARM64_page(BX), Y6
	VMOVDQU      imm19<>(SB), Y7
	VPBROADCASTD sieveARM64_pages(BX), Y8
	VMOVDQU      adrpMask<>(SB), Y9
	VMOVDQU      adrpIs<>(SB), Y10
	VMOVDQU      svcMask<>(SB), Y11

words:
	VMOVDQU   (SI), Y12
	VPADDD    Y0, Y12, Y13
	VPAND     Y2, Y13, Y13
	VPAND     Y4, Y12, Y14
	VPCMPEQD  Y5, Y14, Y14
	VMOVMSKPS Y14, AX
	LIST(Y13, Y15)
	VPSRLD    $5, Y12, Y13
	VPADDD    Y6, Y13, Y13
	VPAND     Y7, Y13, Y13
	VPMINUD   Y8, Y13, Y14
	VPCMPEQD  Y13, Y14, Y14
	VPAND     Y9, Y12, Y13
	VPCMPEQD  Y10, Y13, Y13
	VPAND     Y13, Y14, Y14
	VPAND     Y11, Y12, Y13
	VPCMPEQD  svcIs<>(SB), Y13, Y13
	VPOR      Y13, Y14, Y14
	VMOVMSKPS Y14, AX
	MOVB      AX, (DI)
	VPADDD    Y1, Y0, Y0
	ADDQ      $32, SI
	INCQ      DI
	DECQ      CX
	JNZ       words
	VZEROUPPER
	SUBQ      R11, R8
	SHRQ      $2, R8
	MOVQ      R8, count+48(FP)
	RET

ALL(allButOne, 0xfefefefe)
ALL(call, 0xe8e8e8e8)
ALL(escape, 0x0f0f0f0f)
ALL(high, 0xf0f0f0f0)
ALL(jcc, 0x80808080)
ALL(modRM, 0xc7c7c7c7)
ALL(five, 0x05050505)

// LIST1 writes the key of the first of the marks in AX to an offset from R8, and takes it out.
#define LIST1(at) \
	TZCNTL AX, R10; \
	MOVL   1(SI)(R10*1), BX; \
	ADDL   R10, BX; \
	ADDL   R12, BX; \
	MOVL   BX, at(R8); \
	BLSRL  AX, AX

// func siftX86(s *sieveX86, to *sifted, jumps *uint32, code *byte, i uint32, n int) (count int)
TEXT ·siftX86(SB), NOSPLIT, $0-56
	MOVQ         s+0(FP), BX
	MOVL         i+32(FP), AX
	SHRL         $3, AX
	MOVQ         to+8(FP), DI
	ADDQ         AX, DI
	LEAQ         sifted_others(DI), DI
	MOVQ         jumps+16(FP), R8
	MOVQ         R8, R11
	MOVQ         code+24(FP), SI
	MOVQ         n+40(FP), CX
	VPBROADCASTB (sieveX86_slots+highBytes_top)(BX), Y12
	VPBROADCASTB (sieveX86_slots+highBytes_tops)(BX), Y13
	VPBROADCASTB (sieveX86_slots+highBytes_next)(BX), Y14
	VPBROADCASTB (sieveX86_slots+highBytes_nexts)(BX), Y15
	VPBROADCASTB (sieveX86_code+highBytes_top)(BX), Y0
	VPBROADCASTB (sieveX86_code+highBytes_tops)(BX), Y1
	MOVL         sieveX86_end(BX), R12 // the key of where a call at the place ends
	ADDL         i+32(FP), R12

bytes:
	VMOVDQU (SI), Y4
	VMOVDQU 3(SI), Y5
	VMOVDQU 4(SI), Y6

	// the opcode of a call or jump, or the second byte of that of a jcc
	VPAND    allButOne<>(SB), Y4, Y7
	VPCMPEQB call<>(SB), Y7, Y7
	VMOVDQU  -1(SI), Y8
	VPCMPEQB escape<>(SB), Y8, Y8
	VPAND    high<>(SB), Y4, Y9
	VPCMPEQB jcc<>(SB), Y9, Y9
	VPAND    Y8, Y9, Y9
	VPOR     Y9, Y7, Y7

	// ModRM of [rip+disp32] with a displacement to slots, or 05 behind 0f
	VPSUBB    Y12, Y6, Y9
	VPMINUB   Y13, Y9, Y10
	VPCMPEQB  Y9, Y10, Y9
	VPSUBB    Y14, Y5, Y10
	VPMINUB   Y15, Y10, Y11
	VPCMPEQB  Y10, Y11, Y10
	VPAND     Y10, Y9, Y9
	VPAND     modRM<>(SB), Y4, Y10
	VPCMPEQB  five<>(SB), Y10, Y10
	VPAND     Y10, Y9, Y9
	VPCMPEQB  five<>(SB), Y4, Y10
	VPAND     Y8, Y10, Y10
	VPOR      Y10, Y9, Y9
	VPMOVMSKB Y9, AX
	MOVL      AX, (DI)

	// of a call, jump or jcc with a displacement to code
	VPSUBB   Y0, Y6, Y9
	VPMINUB  Y1, Y9, Y10
	VPCMPEQB Y9, Y10, Y9
	VPAND    Y9, Y7, Y7

	// There is one in 28 bytes of real code, and of 32 bytes few have more than three: for a
	// loop that ends after the last of them, the processor would mostly guess wrong.
	VPMOVMSKB Y7, AX
	POPCNTL   AX, R13
	LEAQ      (R8)(R13*4), R13
	LIST1(0)
	LIST1(4)
	LIST1(8)
	TESTL     AX, AX
	JZ        listed

more:
	LIST1(12)
	ADDQ  $4, R8
	TESTL AX, AX
	JNZ   more

listed:
	MOVQ R13, R8
	ADDL $32, R12
	ADDQ $32, SI
	ADDQ $4, DI
	DECQ CX
	JNZ  bytes
	VZEROUPPER
	SUBQ      R11, R8
	SHRQ      $2, R8
	MOVQ      R8, count+48(FP)
	RET
