// Maps memory that is executable and comes from no file, to be filled by another way.
#include "mac.h"

NOINLINE void *reserve_code(size_t size) {
	return mmap(0, size, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_code((size_t)argc << 14) == MAP_FAILED;
}
