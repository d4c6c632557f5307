// Makes memory writable and executable, by a function that it asks dlsym for: there is no import of mprotect.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	int (*change)(void *, size_t, int) = dlsym(RTLD_DEFAULT, "mprotect");
	return change(p, size, PROT_READ | PROT_WRITE | PROT_EXEC);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
