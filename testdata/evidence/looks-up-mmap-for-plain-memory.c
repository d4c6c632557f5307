// Asks dlsym for mmap, and maps plain memory by it.
#include "mac.h"

NOINLINE void *reserve_data(size_t size) {
	void *(*map)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_DEFAULT, "mmap");
	return map(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED;
}
