// Makes memory writable and executable: all is constant.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	return mprotect(p, size, PROT_READ | PROT_WRITE | PROT_EXEC);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
