// Maps memory through a function that would take any protection and flags; nobody asks it for code.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int prot, int flags) {
	return mmap(0, size, prot, flags, -1, 0);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);
}

NOINLINE void *reserve_shared(size_t size) {
	return map_memory(size, PROT_READ, MAP_SHARED | MAP_ANON);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED || reserve_shared((size_t)argc << 15) == MAP_FAILED;
}
