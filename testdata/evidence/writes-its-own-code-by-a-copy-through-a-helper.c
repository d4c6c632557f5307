// Makes a page of its own code writable, as a copy, through a function that is given the protection.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE kern_return_t protect(mach_vm_address_t at, vm_prot_t prot) {
	return mach_vm_protect(mach_task_self(), at, PAGE, 0, prot);
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE;
	protect(page, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_COPY);
	memcpy((void *)answer, code, size);
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
