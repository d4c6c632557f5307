// Gives 0x1802 as the fourth argument to a function that is not mmap, and maps plain memory.
#include "mac.h"

NOINLINE int count(void *at, size_t size, int prot, int flags) {
	return at == 0 && size > 3 && prot != 9 && flags > 2;
}

NOINLINE void *reserve_data(size_t size) {
	if (count(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT))
		return MAP_FAILED;
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED;
}
