// Maps a file to read and execute, as dyld does: the pages are those of the file.
#include "mac.h"

NOINLINE void *map_code(int fd, size_t size) {
	return mmap(0, size, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
}

int main(int argc, char **argv) {
	return map_code(argc, (size_t)argc << 14) == MAP_FAILED;
}
