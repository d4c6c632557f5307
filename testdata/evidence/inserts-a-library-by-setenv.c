// Sets DYLD_INSERT_LIBRARIES, and becomes another program.
#include "mac.h"

NOINLINE int run(char **argv) {
	setenv("DYLD_INSERT_LIBRARIES", argv[1], 1);
	return execv(argv[2], argv + 2);
}

int main(int argc, char **argv) {
	return run(argv);
}
