// Lets memory become writable and executable, and leaves it as it is: it sets the maximum alone.
#include "mac.h"

NOINLINE int raise(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	return vm_protect(mach_task_self(), at, size, 1, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return raise((size_t)argc << 14);
}
