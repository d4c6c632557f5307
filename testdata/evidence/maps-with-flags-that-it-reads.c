// Maps memory with protection and flags that a file of its user says: nothing here says which.
#include "mac.h"

NOINLINE void *map_as_told(const int *told, size_t size) {
	return mmap(0, size, told[0], told[1], -1, 0);
}

int main(int argc, char **argv) {
	int told[2] = {0, 0};
	read(0, told, sizeof told);
	return map_as_told(told, (size_t)argc << 14) == MAP_FAILED;
}
