// Calls a function with 0x1802 as its fourth argument, and then mmap with flags that the function returned.
#include "mac.h"

NOINLINE int choose(int a, int b, int prot, int flags) {
	return a == b ? MAP_PRIVATE | MAP_ANON : MAP_SHARED | (prot & 0) | (flags & MAP_ANON);
}

NOINLINE void *reserve_data(size_t size, int n) {
	int flags = choose(n, 2, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT);
	return mmap(0, size, PROT_READ | PROT_WRITE, flags, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14, argc) == MAP_FAILED;
}
