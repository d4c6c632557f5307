// Writes code by pthread_jit_write_with_callback_np, if it is supported.
#include "mac.h"

static int put(void *context) {
	return context == 0;
}

// The list of what may be called that way, which the call wants.
int (*const allowed[])(void *) __attribute__((used, section("__DATA_CONST,__pth_jit_func"))) = {put, 0};

NOINLINE int write_code(void *context) {
	if (!pthread_jit_write_protect_supported_np())
		return 1;
	return pthread_jit_write_with_callback_np(put, context);
}

int main(int argc, char **argv) {
	return write_code(argv);
}
