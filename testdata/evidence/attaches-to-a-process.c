// Attaches to another process as a debugger.
#include "mac.h"

NOINLINE int attach(int pid) {
	return ptrace(PT_ATTACHEXC, pid, 0, 0);
}

int main(int argc, char **argv) {
	return attach(argc << 8);
}
