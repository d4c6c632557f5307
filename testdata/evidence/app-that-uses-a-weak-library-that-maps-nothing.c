// An app that links a library of its own weakly, which maps plain memory.
#include "mac.h"

void *library_reserve_data(size_t);

int main(int argc, char **argv) {
	return library_reserve_data((size_t)argc << 14) == MAP_FAILED;
}
