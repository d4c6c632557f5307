// Looks into what is loaded already: RTLD_NOLOAD loads nothing.
#include "mac.h"

NOINLINE int loaded(const char *path) {
	return dlopen(path, RTLD_LAZY | RTLD_NOLOAD) == 0;
}

int main(int argc, char **argv) {
	return loaded(argv[1]);
}
