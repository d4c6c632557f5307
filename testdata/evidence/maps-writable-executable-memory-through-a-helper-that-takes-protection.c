// Maps memory through a function that is given the protection: writable and executable by one that calls it.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int prot) {
	return mmap(0, size, prot, MAP_PRIVATE | MAP_ANON, -1, 0);
}

NOINLINE void *reserve_code(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE | PROT_EXEC);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED || reserve_data((size_t)argc << 15) == MAP_FAILED;
}
