// Makes a page of its arguments writable, as a copy: VM_PROT_COPY, but no page of code.
#include "mac.h"

NOINLINE int change(const void *data) {
	mach_vm_address_t page = (mach_vm_address_t)data & -(mach_vm_address_t)PAGE;
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_COPY);
}

int main(int argc, char **argv) {
	return change(argv[0]);
}
