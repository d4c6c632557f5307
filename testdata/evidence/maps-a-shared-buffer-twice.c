// Maps the same memory at two places to read and write, by mach_vm_remap, as ring buffers do.
#include "mac.h"

NOINLINE int mirror(mach_vm_size_t size) {
	vm_address_t at = 0;
	mach_vm_address_t again = 0;
	vm_prot_t current, most;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	return mach_vm_remap(mach_task_self(), &again, size, 0, VM_FLAGS_ANYWHERE, mach_task_self(), at, 0, &current, &most, VM_INHERIT_NONE);
}

int main(int argc, char **argv) {
	return mirror((mach_vm_size_t)argc << 14);
}
