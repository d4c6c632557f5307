// Maps memory for code with MAP_JIT, by a system call of its own: there is no import of mmap.
#include "mac.h"

NOINLINE void *reserve_code(size_t size) {
	return (void *)system_call(BSD(197), 0, (long)size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED;
}
