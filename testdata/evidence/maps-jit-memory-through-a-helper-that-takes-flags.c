// Maps memory with MAP_JIT through a function that is given the flags, by another that gives it others.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int flags) {
	return mmap(0, size, PROT_NONE, flags, -1, 0);
}

NOINLINE void *reserve_code(size_t size) {
	return map_memory(size, MAP_PRIVATE | MAP_ANON | MAP_JIT);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, MAP_PRIVATE | MAP_ANON);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED || reserve_data((size_t)argc << 15) == MAP_FAILED;
}
