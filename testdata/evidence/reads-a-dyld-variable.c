// Reads DYLD_LIBRARY_PATH and prints it: it sets nothing, and runs nothing.
#include "mac.h"

NOINLINE int print(void) {
	char *value = getenv("DYLD_LIBRARY_PATH");
	return value == 0 || puts(value);
}

int main(int argc, char **argv) {
	return print();
}
