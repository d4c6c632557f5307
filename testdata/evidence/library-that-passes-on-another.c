// A library that re-exports the one that maps memory with MAP_JIT, which it finds beside itself.
#include "mac.h"

int library_version(void) {
	return 1;
}
