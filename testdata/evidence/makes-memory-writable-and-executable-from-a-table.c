// Makes memory writable and executable, by a pointer in a table of calls that can be replaced, as SQLite does.
#include "mac.h"

static struct {
	const char *name;
	void *current;
} calls[] = {
	{"munmap", munmap},
	{"mprotect", mprotect},
};

NOINLINE void replace_call(int i, void *by) {
	calls[i].current = by;
}

NOINLINE int make_code(size_t size) {
	void *p = mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0);
	return ((int (*)(void *, size_t, int))calls[1].current)(p, size, PROT_READ | PROT_WRITE | PROT_EXEC);
}

int main(int argc, char **argv) {
	if (argc > 2)
		replace_call(0, 0);
	return make_code((size_t)argc << 14);
}
