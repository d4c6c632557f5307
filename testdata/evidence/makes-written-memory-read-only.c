// Writes into memory, and makes it read-only: a sealed table.
#include "mac.h"

NOINLINE int seal(void *data, size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	memcpy(p, data, size);
	return mprotect(p, size, PROT_READ);
}

int main(int argc, char **argv) {
	return seal(argv[0], (size_t)argc << 14);
}
