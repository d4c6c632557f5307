// Turns the protection of JIT memory off and on for its thread; where that memory comes from is not here.
#include "mac.h"

NOINLINE void put(void *to, const void *code, size_t size) {
	pthread_jit_write_protect_np(0);
	memcpy(to, code, size);
	pthread_jit_write_protect_np(1);
	sys_icache_invalidate(to, size);
}

int main(int argc, char **argv) {
	put(argv[0], argv[1], 8);
	return 0;
}
