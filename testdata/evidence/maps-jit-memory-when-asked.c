// Maps memory with MAP_JIT when it is for code: one of two constants.
#include "mac.h"

NOINLINE void *reserve_memory(size_t size, int code) {
	int flags = code ? MAP_PRIVATE | MAP_ANON | MAP_JIT : MAP_PRIVATE | MAP_ANON;
	return mmap(0, size, PROT_NONE, flags, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_memory((size_t)argc << 14, argc > 1) == MAP_FAILED;
}
