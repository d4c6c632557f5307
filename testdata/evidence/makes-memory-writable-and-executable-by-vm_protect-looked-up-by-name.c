// Makes memory writable and executable by vm_protect, by a function that it asks dlsym for: there is no import of vm_protect.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	kern_return_t (*change)(vm_map_t, vm_address_t, vm_size_t, boolean_t, vm_prot_t) = dlsym(RTLD_DEFAULT, "vm_protect");
	return change(mach_task_self(), (vm_address_t)p, size, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
