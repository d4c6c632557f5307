// Makes 7 bytes read-only: the number of write and execute, as the length.
#include "mac.h"

NOINLINE int seal(void *p) {
	return mprotect(p, 7, PROT_READ);
}

int main(int argc, char **argv) {
	return seal(argv);
}
