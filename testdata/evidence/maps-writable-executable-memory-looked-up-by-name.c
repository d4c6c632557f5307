// Maps memory that is writable and executable, without MAP_JIT, by an mmap that it asks dlsym for: there is no import of mmap.
#include "mac.h"

NOINLINE void *reserve_code(size_t size) {
	void *(*map)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_DEFAULT, "mmap");
	return map(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED;
}
