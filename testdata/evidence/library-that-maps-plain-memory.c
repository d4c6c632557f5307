// A library with a function that maps plain memory.
#include "mac.h"

NOINLINE void *library_reserve_data(size_t size) {
	return mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
}
