// One of two libraries that load each other.
#include "mac.h"

int library_second(int);

int library_first(int n) {
	return n > 0 ? library_second(n - 1) : 0;
}
