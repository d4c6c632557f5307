package calls

// Functions with a call, encoded by Clang 14. Beside the code lie stubs of mmap,
// dlsym and abort, a pointer to mmap, and the name "mmap".
type shape struct {
	name   string
	arch   Arch
	asm    string
	code   string
	starts []uint64
	want   []string
}

var shapes = []shape{
	{"V8 adds a flag by a condition", ARM64, `
mmap_jit: mov w8, #0x1002
orr w9, w8, #0x800
cmp w3, #5
csel w3, w9, w8, eq
mov w2, #0
bl Lmmap
ret
`, "48008252090115327f1400712301881a02008052fb030094c0035fd6", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x0, 0x1802 or 0x1002"}},
	{"a tail call", ARM64, `
f: mov w2, #7
mov w3, #0x1802
b Lmmap
`, "e200805243008352fe030014", []uint64{base + 0x0}, []string{"0x8 _mmap stub 0x7, 0x1802"}},
	{"a branch goes around the flag", ARM64, `
f: mov w8, #0x1002
cbz w1, L1
mov w8, #0x1802
L1: mov w3, w8
mov w2, #3
bl Lmmap
ret
`, "480082524100003448008352e303082a62008052fb030094c0035fd6", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x3, 0x1002 or 0x1802"}},
	{"a branch that cannot be taken", ARM64, `
f: mov w1, #0
mov w8, #0x1002
cbz w1, L1
mov w8, #0x1802
L1: mov w3, w8
mov w2, #3
bl Lmmap
ret
`, "01008052480082524100003448008352e303082a62008052fa030094c0035fd6", []uint64{base + 0x0}, []string{"0x18 _mmap stub 0x3, 0x1002"}},
	{"not optimised: through the frame", ARM64, `
f: sub sp, sp, #48
stp x29, x30, [sp, #32]
add x29, sp, #32
stur x0, [x29, #-8]
stur w1, [x29, #-12]
mov w8, #0x1002
str w8, [sp, #16]
ldur w8, [x29, #-12]
cbz w8, L1
ldr w8, [sp, #16]
orr w8, w8, #0x800
str w8, [sp, #16]
L1: mov w2, #7
ldr w3, [sp, #16]
bl Lmmap
ret
`, "ffc300d1fd7b02a9fd830091a0831ff8a1431fb848008252e81300b9a8435fb888000034e81340b908011532e81300b9e2008052e31340b9f2030094c0035fd6", []uint64{base + 0x0}, []string{"0x38 _mmap stub 0x7, 0x1002 or 0x1802"}},
	{"a helper that takes flags", ARM64, `
helper:
Lhelper: mov w3, w1
mov w2, #3
b Lmmap
code: mov w1, #0x1802
bl Lhelper
ret
data: mov w1, #0x1002
b Lhelper
`, "e303012a62008052fe03001441008352fcffff97c0035fd641008252f9ffff17", []uint64{base + 0x0, base + 0xc, base + 0x18}, []string{"0x8 _mmap stub 0x3, parameter 1", "0x8 _mmap stub 0x3, 0x1802 <- 0x10", "0x8 _mmap stub 0x3, 0x1002 <- 0x1c"}},
	{"a helper whose address is taken", ARM64, `
helper:
Lhelper: mov w3, w1
mov w2, #3
b Lmmap
code: mov w1, #0x1802
bl Lhelper
adr x0, Lhelper
ret
`, "e303012a62008052fe03001441008352fcffff9760ffff10c0035fd6", []uint64{base + 0x0, base + 0xc}, []string{"0x8 _mmap stub 0x3, parameter 1", "0x8 _mmap stub 0x3, 0x1802 <- 0x10"}},
	{"two helpers, of which the second adds the flag", ARM64, `
inner:
Linner: mov w3, w0
mov w2, #3
b Lmmap
outer:
Louter: mov w0, #0x1002
cbz w1, L1
orr w0, w0, #0x800
L1: b Linner
code: mov w1, #1
b Louter
`, "e303002a62008052fe030014400082524100003400001532faffff1721008052fbffff17", []uint64{base + 0x0, base + 0xc, base + 0x1c}, []string{"0x8 _mmap stub 0x3, parameter 0", "0x8 _mmap stub 0x3, 0x1002 or 0x1802 <- 0x18"}},
	{"three helpers in a row, and a caller of the last", ARM64, `
a:
La: mov w2, #3
b Lmmap
b:
Lb: mov w3, w0
b La
c:
Lc: mov w0, w1
b Lb
d: mov w1, #0x1802
b Lc
`, "62008052ff030014e303002afdffff17e003012afdffff1741008352fdffff17", []uint64{base + 0x0, base + 0x8, base + 0x10, base + 0x18}, []string{"0x4 _mmap stub 0x3, parameter 3", "0x4 _mmap stub 0x3, parameter 0 <- 0xc", "0x4 _mmap stub 0x3, parameter 1 <- 0xc <- 0x14", "0x4 _mmap stub 0x3, 0x1802 <- 0xc <- 0x14 <- 0x1c"}},
	{"a helper that no one calls", ARM64, `
f: mov w3, w1
mov w2, #3
b Lmmap
`, "e303012a62008052fe030014", []uint64{base + 0x0}, []string{"0x8 _mmap stub 0x3, parameter 1"}},
	{"a helper that calls itself", ARM64, `
f:
Lf: cbz w0, L1
sub w0, w0, #1
bl Lf
L1: mov w3, w0
mov w2, #3
b Lmmap
`, "6000003400040051feffff97e303002a62008052fb030014", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x3, 0x0 or call"}},
	{"a flag that a loop builds", ARM64, `
f: mov w8, #0x1002
L1: orr w8, w8, #0x800
subs w1, w1, #1
b.ne L1
mov w3, w8
mov w2, #7
bl Lmmap
ret
`, "480082520801153221040071c1ffff54e303082ae2008052fa030094c0035fd6", []uint64{base + 0x0}, []string{"0x18 _mmap stub 0x7, 0x1802"}},
	{"a loop counts in the argument", ARM64, `
f: mov w3, #0
L1: add w3, w3, #2
cmp w3, w1
b.ne L1
mov w2, #7
bl Lmmap
ret
`, "03008052630800117f00016bc1ffff54e2008052fb030094c0035fd6", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x7, computed&^0xffffff01 or computed&^0xfffffe01 or computed&^0xfffffc01 or computed&^0xfffff801 or computed&^0xfffff001 or computed"}},
	{"a call before clobbers the register", ARM64, `
f: mov w3, #0x1802
mov w2, #7
bl L1
bl Lmmap
ret
L1: ret
`, "43008352e200805203000094fd030094c0035fd6c0035fd6", []uint64{base + 0x0}, []string{"0xc _mmap stub call, call (partial)"}},
	{"a register of the caller survives a call", ARM64, `
f: mov w19, #0x1802
bl L1
mov w3, w19
mov w2, #7
bl Lmmap
ret
g:
L1: ret
`, "5300835205000094e303132ae2008052fc030094c0035fd6c0035fd6", []uint64{base + 0x0, base + 0x18}, []string{"0x10 _mmap stub 0x7, 0x1802"}},
	{"a pointer in the GOT", ARM64, `
f: adrp x8, #0x4000
ldr x8, [x8, #16]
mov w2, #7
mov w3, #0x1802
blr x8
ret
`, "28000090080940f9e20080524300835200013fd6c0035fd6", []uint64{base + 0x0}, []string{"0x10 _mmap pointer 0x7, 0x1802"}},
	{"a signed pointer in the auth GOT", ARM64, `
f: mov w2, #7
mov w3, #0x1802
adrp x17, #0x4000
add x17, x17, #16
ldr x16, [x17]
braa x16, x17
`, "e2008052430083523100009031420091300240f9110a1fd7", []uint64{base + 0x0}, []string{"0x14 _mmap pointer 0x7, 0x1802"}},
	{"a system call", ARM64, `
f: mov w2, #7
mov w3, #0x1802
mov x16, #197
svc #0x80
ret
`, "e200805243008352b01880d2011000d4c0035fd6", []uint64{base + 0x0}, []string{"0xc _mmap syscall 0x7, 0x1802"}},
	{"a trap of Mach", ARM64, `
f: mov w3, #0
mov w4, #7
mov x16, #-14
svc #0x80
ret
`, "03008052e4008052b0018092011000d4c0035fd6", []uint64{base + 0x0}, []string{"0xc _mach_vm_protect syscall 0x7"}},
	{"a function that dlsym returned", ARM64, `
f: mov x0, #-2
adrp x1, #0x5000
bl Ldlsym
mov x8, x0
mov w2, #7
mov w3, #0x1802
blr x8
ret
`, "20008092210000b002040094e80300aae20080524300835200013fd6c0035fd6", []uint64{base + 0x0}, []string{"0x18 _mmap lookup 0x7, 0x1802"}},
	{"a table of jumps", ARM64, `
f: adr x9, L1
add x9, x9, x1
mov w3, #0x1002
br x9
L1: mov w2, #7
mov w3, #0x1802
b L3
L2: mov w2, #3
L3: bl Lmmap
ret
`, "890000102901018b4300825220011fd6e2008052430083520200001462008052f8030094c0035fd6", []uint64{base + 0x0}, []string{"0x20 _mmap stub 0x7 or 0x3, 0x1802 or 0x1002 (partial)"}},
	{"code after what does not return", ARM64, `
f: mov w3, #0x1002
cbnz w1, L1
mov w3, #0x1802
bl Labort
L1: mov w2, #3
bl Lmmap
ret
`, "4300825261000035430083520504009462008052fb030094c0035fd6", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x3, 0x1002"}},
	{"a call in what catches exceptions", ARM64, `
f: ret
mov w2, #7
mov w3, #0x1802
bl Lmmap
brk #1
`, "c0035fd6e200805243008352fd030094200020d4", []uint64{base + 0x0}, []string{"0xc _mmap stub 0x7, 0x1802 (partial)"}},
	{"JavaScriptCore chooses protection and flags by the same condition", ARM64, `
f: cmp w3, #0
mov w9, #3
csinc w9, w9, wzr, ne
orr w10, w9, #0x4
cmp w4, #0
csel w2, w10, w9, ne
mov w9, #0x1002
mov w10, #0x1802
csel w3, w10, w9, ne
b Lmmap
`, "7f0000716900805229159f1a2a011e329f0000714211891a490082524a0083524311891af7030014", []uint64{base + 0x0}, []string{"0x24 _mmap stub 0x7 or 0x3 or 0x5 or 0x1, 0x1802 or 0x1002"}},
	{"a case that the one before falls into, behind a jump table", ARM64, `
f: cmp w0, #3
b.hi L9
mov w3, #0x1002
adr x9, L9
br x9
nop
mov w3, #0x1802
nop
mov w2, #7
bl Lmmap
L9: ret
`, "1f0c00712801005443008252e900001020011fd61f2003d5430083521f2003d5e2008052f7030094c0035fd6", []uint64{base + 0x0}, []string{"0x24 _mmap stub 0x7, 0x1802 (partial)"}},
	{"an outlined function sets what the second try takes", ARM64, `
f: mov w23, #0x1802
L1: mov w2, #7
mov w3, w23
bl Lmmap
cbz x0, L2
ret
L2: bl out
b L1
out: mov w22, #1
mov w23, #0x1002
ret
`, "57008352e2008052e303172afd030094400000b4c0035fd602000094faffff173600805257008252c0035fd6", []uint64{base + 0x0, base + 0x20}, []string{"0xc _mmap stub 0x7, 0x1802 or 0x1002"}},
	{"a system call with another number in the instruction", ARM64, `
f: mov x16, #197
mov w2, #7
mov w3, #0x1002
svc #0
ret
`, "b01880d2e200805243008252010000d4c0035fd6", []uint64{base + 0x0}, []string{"0xc _mmap syscall 0x7, 0x1002"}},
	{"nothing of interest", ARM64, `
f: mov w3, #0x1802
mov w2, #7
b L1
g:
L1: ret
`, "43008352e200805201000014c0035fd6", []uint64{base + 0x0, base + 0xc}, []string{}},
	{"V8 adds a flag by a condition", X8664, `
f: mov ecx, 0x1002
mov eax, 0x1802
cmp r8d, 5
cmove ecx, eax
xor edx, edx
call Lmmap
ret
`, "b902100000b8021800004183f8050f44c831d2e8e80f0000c390", []uint64{base + 0x0}, []string{"0x13 _mmap stub 0x0, 0x1802 or 0x1002"}},
	{"a tail call", X8664, `
f: mov edx, 7
mov ecx, 0x1802
jmp Lmmap
`, "ba07000000b902180000e9f10f000090", []uint64{base + 0x0}, []string{"0xa _mmap stub 0x7, 0x1802"}},
	{"a branch goes around the flag", X8664, `
f: mov ecx, 0x1002
test sil, sil
je L1
mov ecx, 0x1802
L1: mov edx, 3
call Lmmap
ret
`, "b9021000004084f67405b902180000ba03000000e8e70f0000c390", []uint64{base + 0x0}, []string{"0x14 _mmap stub 0x3, 0x1002 or 0x1802"}},
	{"not optimised: through the frame", X8664, `
f: push rbp
mov rbp, rsp
sub rsp, 32
mov qword ptr [rbp - 8], rdi
mov dword ptr [rbp - 12], esi
mov dword ptr [rbp - 16], 0x1002
cmp dword ptr [rbp - 12], 0
je L1
mov eax, dword ptr [rbp - 16]
or eax, 0x800
mov dword ptr [rbp - 16], eax
L1: mov ecx, dword ptr [rbp - 16]
mov edx, 7
call Lmmap
ret
`, "554889e54883ec2048897df88975f4c745f002100000837df400740b8b45f00d000800008945f08b4df0ba07000000e8cc0f0000c390", []uint64{base + 0x0}, []string{"0x2f _mmap stub 0x7, 0x1002 or 0x1802"}},
	{"a helper that takes flags", X8664, `
helper:
Lhelper: mov ecx, esi
mov edx, 3
jmp Lmmap
code: mov esi, 0x1802
call Lhelper
ret
.fill 120, 1, 0x90
data: mov esi, 0x1002
jmp Lhelper
`, "89f1ba03000000e9f40f0000be02180000e8eaffffffc3909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090909090be02100000e967ffffff90", []uint64{base + 0x0, base + 0xc, base + 0x8f}, []string{"0x7 _mmap stub 0x3, parameter 1", "0x7 _mmap stub 0x3, 0x1802 <- 0x11", "0x7 _mmap stub 0x3, 0x1002 <- 0x94"}},
	{"a helper whose address is taken", X8664, `
helper:
Lhelper: mov ecx, esi
mov edx, 3
jmp Lmmap
code: mov esi, 0x1802
call Lhelper
lea rax, [rip + Lhelper]
ret
`, "89f1ba03000000e9f40f0000be02180000e8eaffffff488d05e3ffffffc390", []uint64{base + 0x0, base + 0xc}, []string{"0x7 _mmap stub 0x3, parameter 1", "0x7 _mmap stub 0x3, 0x1802 <- 0x11"}},
	{"a jump to it by a condition", X8664, `
f: mov edx, 7
mov ecx, 0x1802
test edi, edi
jne Lmmap
ret
`, "ba07000000b90218000085ff0f85ee0f0000c390", []uint64{base + 0x0}, []string{"0xc _mmap stub 0x7, 0x1802"}},
	{"a call through a pointer", X8664, `
f: mov edx, 7
mov ecx, 0x1802
call qword ptr [rip + 0x4000]
L0: ret
`, "ba07000000b902180000ff1500400000c390", []uint64{base + 0x0}, []string{"0xa _mmap pointer 0x7, 0x1802"}},
	{"a pointer in a register", X8664, `
f: mov rax, qword ptr [rip + 0x4009]
mov edx, 7
mov ecx, 0x1802
call rax
ret
`, "488b0509400000ba07000000b902180000ffd0c390", []uint64{base + 0x0}, []string{"0x11 _mmap pointer 0x7, 0x1802"}},
	{"a system call", X8664, `
f: mov edx, 7
mov r10d, 0x1802
mov eax, 0x20000c5
syscall
ret
`, "ba0700000041ba02180000b8c50000020f05c390", []uint64{base + 0x0}, []string{"0x10 _mmap syscall 0x7, 0x1802"}},
	{"a function that dlsym returned", X8664, `
f: mov rdi, -2
lea rsi, [rip + 0x4ff2]
call Ldlsym
mov edx, 7
mov ecx, 0x1802
call rax
ret
`, "48c7c7feffffff488d35f24f0000e8fd0f0000ba07000000b902180000ffd0c390", []uint64{base + 0x0}, []string{"0x1d _mmap lookup 0x7, 0x1802"}},
	{"bytes that only look like a call", X8664, `
f: movabs rax, 0xe8
mov edx, 7
mov ecx, 0x1802
ret
`, "48b8e800000000000000ba07000000b902180000c390", []uint64{base + 0x0}, []string{}},
}
