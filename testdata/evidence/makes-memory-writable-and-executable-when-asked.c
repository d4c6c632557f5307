// Makes memory writable and executable when it is asked to, and otherwise does not.
#include "mac.h"

NOINLINE int make_code(size_t size, int wanted) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	int prot = wanted ? PROT_READ | PROT_WRITE | PROT_EXEC : PROT_READ | PROT_WRITE;
	return mprotect(p, size, prot);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14, argc > 1);
}
