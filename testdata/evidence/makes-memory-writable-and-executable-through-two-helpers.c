// Makes memory writable and executable, through a function that calls a function.
#include "mac.h"

NOINLINE int protect(void *p, size_t size, int prot) {
	return mprotect(p, size, prot);
}

NOINLINE int protect_pages(int prot, size_t pages, void *p) {
	return protect(p, pages << 14, prot);
}

NOINLINE int make_code(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	return protect_pages(PROT_READ | PROT_WRITE | PROT_EXEC, size >> 14, p);
}

NOINLINE int keep_data(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	return protect_pages(PROT_READ | PROT_WRITE, size >> 14, p);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14) || keep_data((size_t)argc << 15);
}
