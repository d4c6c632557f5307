// A plug-in (MH_BUNDLE) that maps memory for code with MAP_JIT.
#include "mac.h"

NOINLINE void *plugin_reserve_code(size_t size) {
	return mmap(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
}
