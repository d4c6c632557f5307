// Has the name of a variable in a message, and runs another program without it.
#include "mac.h"

NOINLINE int run(char **argv) {
	puts("usage: run PROGRAM; DYLD_INSERT_LIBRARIES is not passed on");
	unsetenv("LANG");
	return execv(argv[1], argv + 1);
}

int main(int argc, char **argv) {
	return run(argv);
}
