// Makes memory writable and executable, by a system call of its own: there is no import of mprotect.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	return (int)system_call(BSD(74), (long)p, (long)size, PROT_READ | PROT_WRITE | PROT_EXEC, 0, 0, 0);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
