// Makes memory writable and executable by mach_vm_protect when it is asked to, and otherwise does not.
#include "mac.h"

NOINLINE int make_code(size_t size, int wanted) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	int prot = wanted ? VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE : VM_PROT_READ | VM_PROT_WRITE;
	return mach_vm_protect(mach_task_self(), (mach_vm_address_t)p, size, 0, prot);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14, argc > 1);
}
