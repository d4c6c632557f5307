// Maps plain memory by a system call of its own.
#include "mac.h"

NOINLINE void *reserve_data(size_t size) {
	return (void *)system_call(BSD(197), 0, (long)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED;
}
