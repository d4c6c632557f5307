// Maps memory for code with MAP_JIT, through a function that calls a function: the second has more arguments, in another order.
#include "mac.h"

NOINLINE void *map_memory(void *at, int flags, int prot, size_t size) {
	return mmap(at, size, prot, flags, -1, 0);
}

NOINLINE void *reserve_memory(int prot, int flags, size_t size) {
	return map_memory(0, flags, prot, size << 1);
}

NOINLINE void *reserve_code(size_t size) {
	return reserve_memory(PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, size);
}

NOINLINE void *reserve_data(size_t size) {
	return reserve_memory(PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, size);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED || reserve_data((size_t)argc << 15) == MAP_FAILED;
}
