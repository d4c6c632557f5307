// Sets the most that memory may ever be to read and write, and makes it read-only, by vm_protect.
#include "mac.h"

NOINLINE int seal(vm_size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	vm_protect(mach_task_self(), at, size, 1, VM_PROT_READ | VM_PROT_WRITE);
	return vm_protect(mach_task_self(), at, size, 0, VM_PROT_READ);
}

int main(int argc, char **argv) {
	return seal((vm_size_t)argc << 14);
}
