// Loads a library of the system, by a constant path: it is Apple's.
#include "mac.h"

NOINLINE int load(void) {
	return dlopen("/usr/lib/libz.1.dylib", RTLD_LAZY) == 0;
}

int main(int argc, char **argv) {
	return load();
}
