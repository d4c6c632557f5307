// Maps memory for code with MAP_JIT, through a function that is given the protection and the flags.
// No call of it has both write and execute without MAP_JIT.
#include "mac.h"

NOINLINE void *map_memory(size_t size, int prot, int flags) {
	return mmap(0, size, prot, flags, -1, 0);
}

NOINLINE void *reserve_code(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT);
}

NOINLINE void *reserve_data(size_t size) {
	return map_memory(size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED || reserve_data((size_t)argc << 15) == MAP_FAILED;
}
