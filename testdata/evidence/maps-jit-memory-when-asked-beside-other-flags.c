// Maps memory with MAP_JIT when it is for code, beside flags that it works out before, as V8 does.
#include "mac.h"

NOINLINE void *reserve_memory(size_t size, int code, int fd) {
	int flags = MAP_PRIVATE | MAP_NORESERVE;
	if (fd < 0)
		flags |= MAP_ANON;
	if (code)
		flags |= MAP_JIT;
	return mmap(0, size, PROT_NONE, flags, fd, 0);
}

int main(int argc, char **argv) {
	return reserve_memory((size_t)argc << 14, argc > 1, -(argc > 2)) == MAP_FAILED;
}
