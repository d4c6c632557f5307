// Copies a page of its own code, writes into the copy, makes it executable, and puts it where the page was.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE, copy = 0;
	vm_prot_t current, most;
	mach_vm_remap(mach_task_self(), &copy, PAGE, 0, VM_FLAGS_ANYWHERE, mach_task_self(), page, 1, &current, &most, VM_INHERIT_NONE);
	mach_vm_protect(mach_task_self(), copy, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE);
	memcpy((void *)(copy + ((mach_vm_address_t)answer & (PAGE - 1))), code, size);
	mach_vm_protect(mach_task_self(), copy, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
	return mach_vm_remap(mach_task_self(), &page, PAGE, 0, VM_FLAGS_OVERWRITE, mach_task_self(), copy, 0, &current, &most, VM_INHERIT_NONE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
