// Maps 0x800 bytes: the number of MAP_JIT, as the length and as the offset.
#include "mac.h"

NOINLINE void *reserve_data(int fd) {
	return mmap(0, 0x800, PROT_READ, MAP_PRIVATE, fd, 0x1800);
}

int main(int argc, char **argv) {
	return reserve_data(argc) == MAP_FAILED;
}
