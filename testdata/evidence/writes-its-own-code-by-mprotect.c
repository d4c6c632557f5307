// Makes a page of its own code writable by mprotect, and writes there.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE;
	mprotect((void *)page, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
	memcpy((void *)answer, code, size);
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
