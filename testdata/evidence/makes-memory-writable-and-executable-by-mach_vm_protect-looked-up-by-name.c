// Makes memory writable and executable by mach_vm_protect, by a function that it asks dlsym for: there is no import of mach_vm_protect.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	kern_return_t (*change)(vm_map_t, mach_vm_address_t, mach_vm_size_t, boolean_t, vm_prot_t) = dlsym(RTLD_DEFAULT, "mach_vm_protect");
	return change(mach_task_self(), (mach_vm_address_t)p, size, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
