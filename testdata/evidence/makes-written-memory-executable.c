// Writes into memory, and makes it executable and no longer writable: all is constant.
#include "mac.h"

NOINLINE int make_code(void *code, size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	memcpy(p, code, size);
	return mprotect(p, size, PROT_READ | PROT_EXEC);
}

int main(int argc, char **argv) {
	return make_code(argv[0], (size_t)argc << 14);
}
