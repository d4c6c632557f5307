// Maps memory that is writable and executable, without MAP_JIT, by a pointer in a table of calls that can be replaced, as SQLite does.
#include "mac.h"

typedef void *(*map_call)(void *, size_t, int, int, int, off_t);

static struct {
	const char *name;
	void *current;
} calls[] = {
	{"mmap", mmap},
	{"munmap", munmap},
};

NOINLINE void replace_call(int i, void *by) {
	calls[i].current = by;
}

NOINLINE void *reserve_code(size_t size) {
	return ((map_call)calls[0].current)(0, size, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANON, -1, 0);
}

int main(int argc, char **argv) {
	if (argc > 2)
		replace_call(0, 0);
	return reserve_code((size_t)argc << 14) == MAP_FAILED;
}
