// An app whose library re-exports another one, which maps memory with MAP_JIT; the main executable links only the first.
#include "mac.h"

int library_version(void);
void *library_reserve_code(size_t);

int main(int argc, char **argv) {
	return library_version() && library_reserve_code((size_t)argc << 14) == MAP_FAILED;
}
