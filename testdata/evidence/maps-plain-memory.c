// Maps memory that is private and anonymous, to read and write.
#include "mac.h"

NOINLINE void *reserve_data(size_t size) {
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	return reserve_data((size_t)argc << 14) == MAP_FAILED;
}
