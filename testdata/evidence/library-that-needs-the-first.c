// One of two libraries that load each other.
#include "mac.h"

int library_first(int);

int library_second(int n) {
	return n > 0 ? library_first(n - 1) : 0;
}
