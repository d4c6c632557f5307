// Writes into memory, and makes it executable and no longer writable, by a system call of its own: there is no import of mprotect.
#include "mac.h"

NOINLINE int make_code(void *code, size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	memcpy(p, code, size);
	return (int)system_call(BSD(74), (long)p, (long)size, PROT_READ | PROT_EXEC, 0, 0, 0);
}

int main(int argc, char **argv) {
	return make_code(argv[0], (size_t)argc << 14);
}
