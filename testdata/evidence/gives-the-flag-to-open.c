// Gives 0x800, which is O_EXCL there, to open, and maps the file to read.
#include "mac.h"

NOINLINE void *map_file(const char *path, size_t size) {
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0x180);
	return mmap(0, size, PROT_READ, MAP_SHARED, fd, 0);
}

int main(int argc, char **argv) {
	return map_file(argv[1], (size_t)argc << 14) == MAP_FAILED;
}
