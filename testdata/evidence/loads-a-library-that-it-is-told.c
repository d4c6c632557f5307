// Loads the library whose path is its first argument.
#include "mac.h"

NOINLINE int load(const char *path) {
	return dlopen(path, RTLD_NOW) == 0;
}

int main(int argc, char **argv) {
	return load(argv[1]);
}
