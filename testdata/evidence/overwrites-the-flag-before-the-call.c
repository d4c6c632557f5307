// Has MAP_JIT, and write with execute, in the registers of flags and protection, and overwrites both before the call.
#include "mac.h"

NOINLINE void *reserve_data(size_t size) {
	long prot = PROT_READ | PROT_WRITE | PROT_EXEC, flags = MAP_PRIVATE | MAP_ANON | MAP_JIT;
	__asm__ volatile(
#ifdef __arm64__
		"mov x2, %0\n\tmov x3, %1" :: "r"(prot), "r"(flags) : "x2", "x3"
#else
		"mov %0, %%rdx\n\tmov %1, %%rcx" :: "r"(prot), "r"(flags) : "rdx", "rcx"
#endif
	);
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED;
}
