// An app with two libraries in Contents/Frameworks, found by @rpath: one maps memory with MAP_JIT, one does not.
// The main executable maps nothing itself.
#include "mac.h"

void *library_reserve_code(size_t);
void *library_reserve_data(size_t);

int main(int argc, char **argv) {
	return library_reserve_code((size_t)argc << 14) == library_reserve_data((size_t)argc << 14);
}
