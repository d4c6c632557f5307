// A library that names itself among the libraries that it loads.
#include "mac.h"

int library_self(int n) {
	return n > 0 ? library_self(n - 1) : 0;
}
