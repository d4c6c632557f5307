// Makes a page of its own code writable, as a copy, by mach_vm_protect; writes there, and makes it executable again.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE;
	mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_COPY);
	memcpy((void *)answer, code, size);
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
