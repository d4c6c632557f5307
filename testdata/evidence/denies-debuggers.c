// Asks that no debugger attaches to it: ptrace, but not of another process.
#include "mac.h"

NOINLINE int deny(void) {
	return ptrace(PT_DENY_ATTACH, 0, 0, 0);
}

int main(int argc, char **argv) {
	return deny();
}
