// Has MAP_JIT among its flags, and clears it again before the call.
#include "mac.h"

NOINLINE void *reserve_data(size_t size, int shared) {
	int flags = MAP_PRIVATE | MAP_ANON | MAP_JIT;
	if (shared)
		flags = MAP_SHARED | MAP_ANON | MAP_JIT;
	flags &= ~MAP_JIT;
	return mmap(0, size, PROT_READ | PROT_WRITE, flags, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14, argc > 1) == MAP_FAILED;
}
