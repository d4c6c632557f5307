// Maps memory through a function that is told in a word of its own whether it is for code, and sets MAP_JIT then.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int code) {
	int flags = MAP_PRIVATE | MAP_ANON;
	if (code)
		flags |= MAP_JIT;
	return mmap(0, size, PROT_NONE, flags, -1, 0);
}

NOINLINE void *reserve_code(size_t size) {
	return map_memory(size, 1);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED || reserve_data((size_t)argc << 15) == MAP_FAILED;
}
