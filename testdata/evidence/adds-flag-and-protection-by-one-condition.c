// Maps memory that is writable and executable with MAP_JIT alone: one condition, tested twice, adds both.
#include "mac.h"

struct arena {
	size_t size;
	int code;
	void *at;
};

NOINLINE void note(const char *s) {
	__asm__ volatile("" : : "r"(s) : "memory");
}

NOINLINE int commit(struct arena *a) {
	int flags = MAP_PRIVATE | MAP_ANON, protection = PROT_READ | PROT_WRITE;
	if (a->code) {
		flags |= MAP_JIT;
		note("code");
	}
	note("arena");
	if (a->code)
		protection |= PROT_EXEC;
	a->at = mmap(0, a->size, protection, flags, -1, 0);
	return a->at == MAP_FAILED;
}

int main(int argc, char **argv) {
	struct arena a = {(size_t)argc << 14, argc > 1, 0};
	return commit(&a);
}
