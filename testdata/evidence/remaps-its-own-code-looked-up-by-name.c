// Puts a changed copy where a page of its own code was, by a mach_vm_remap that it asks dlsym for.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int patch(const void *code, size_t size) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE, copy = 0;
	vm_prot_t current, most;
	kern_return_t (*remap)(vm_map_t, mach_vm_address_t *, mach_vm_size_t, mach_vm_offset_t, int, vm_map_t,
		mach_vm_address_t, boolean_t, vm_prot_t *, vm_prot_t *, vm_inherit_t) = dlsym(RTLD_DEFAULT, "mach_vm_remap");
	remap(mach_task_self(), &copy, PAGE, 0, VM_FLAGS_ANYWHERE, mach_task_self(), page, 1, &current, &most, VM_INHERIT_NONE);
	mach_vm_protect(mach_task_self(), copy, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE);
	memcpy((void *)(copy + ((mach_vm_address_t)answer & (PAGE - 1))), code, size);
	mach_vm_protect(mach_task_self(), copy, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
	return remap(mach_task_self(), &page, PAGE, 0, VM_FLAGS_OVERWRITE, mach_task_self(), copy, 0, &current, &most, VM_INHERIT_NONE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8) || answer(argc);
}
