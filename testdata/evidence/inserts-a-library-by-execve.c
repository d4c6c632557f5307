// Becomes another program, with an environment that has DYLD_INSERT_LIBRARIES.
#include "mac.h"

NOINLINE int run(char **argv) {
	char *environment[] = {"DYLD_INSERT_LIBRARIES=/usr/local/lib/libtrace.dylib", 0};
	return execve(argv[1], argv + 1, environment);
}

int main(int argc, char **argv) {
	return run(argv);
}
