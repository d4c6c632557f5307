// Returns how often it was given an argument.
#include "mac.h"

int main(int argc, char **argv) {
	return argc;
}
