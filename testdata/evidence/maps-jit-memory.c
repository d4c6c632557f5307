// Maps memory for code with MAP_JIT: all arguments are constants.
#include "mac.h"

NOINLINE void *reserve_code(size_t size) {
	return mmap(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED;
}
