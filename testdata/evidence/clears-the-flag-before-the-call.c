// Maps memory through a function that takes MAP_JIT out of the flags that it is given, and execute out of the protection.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int prot, int flags) {
	return mmap(0, size, prot & ~PROT_EXEC, flags & ~MAP_JIT, -1, 0);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT);
}

NOINLINE void *reserve_other(size_t size) {
	return map_memory(size, PROT_READ, MAP_PRIVATE | MAP_ANON);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED || reserve_other((size_t)argc << 15) == MAP_FAILED;
}
