// Maps memory that is writable, and executable too when it is for code: one of two constants.
#include "mac.h"

NOINLINE void *reserve_memory(size_t size, int code) {
	int prot = code ? PROT_READ | PROT_WRITE | PROT_EXEC : PROT_READ | PROT_WRITE;
	return mmap(0, size, prot, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_memory((size_t)argc << 14, argc > 1) == MAP_FAILED;
}
