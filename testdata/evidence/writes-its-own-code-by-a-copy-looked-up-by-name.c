// Makes a page of its own code writable, as a copy, by a function that it asks dlsym for.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE;
	kern_return_t (*change)(vm_map_t, mach_vm_address_t, mach_vm_size_t, boolean_t, vm_prot_t) = dlsym(RTLD_DEFAULT, "mach_vm_protect");
	change(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_COPY);
	memcpy((void *)answer, code, size);
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
