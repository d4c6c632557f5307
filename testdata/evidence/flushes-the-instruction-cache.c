// Flushes the instruction cache over memory that it is given; no memory is mapped, nothing is made executable.
#include "mac.h"

NOINLINE void flush(void *at, size_t size) {
	sys_icache_invalidate(at, size);
}

int main(int argc, char **argv) {
	flush(argv, 64);
	return 0;
}
