// An app whose run path is in terms of itself, with libraries that load themselves and each other: what resolves it has to end.
#include "mac.h"

int library_self(int);
int library_first(int);

int main(int argc, char **argv) {
	return library_self(argc) + library_first(argc);
}
