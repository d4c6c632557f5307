// Writes into memory, and makes it executable and no longer writable when it is asked to, and otherwise does not.
#include "mac.h"

NOINLINE int make_code(void *code, size_t size, int wanted) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	memcpy(p, code, size);
	int prot = wanted ? PROT_READ | PROT_EXEC : PROT_READ;
	return mprotect(p, size, prot);
}

int main(int argc, char **argv) {
	return make_code(argv[0], (size_t)argc << 14, argc > 1);
}
