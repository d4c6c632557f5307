// Maps memory for code with MAP_JIT, by a pointer out of a constant table, of which one is chosen as it runs.
#include "mac.h"

typedef void *(*map_call)(void *, size_t, int, int, int, off_t);

NOINLINE void *no_memory(void *at, size_t size, int prot, int flags, int fd, off_t offset) {
	return MAP_FAILED;
}

const map_call calls[] = {mmap, no_memory};

NOINLINE void *reserve_code(size_t size, int way) {
	return calls[way & 1](0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14, argc) == MAP_FAILED;
}
