// Makes memory writable and executable by mach_vm_protect, through a function that is given the protection, by another that gives it another.
#include "mac.h"

NOINLINE int protect(void *p, size_t size, int prot) {
	return mach_vm_protect(mach_task_self(), (mach_vm_address_t)p, size, 0, prot);
}

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return protect(p, size, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

NOINLINE int keep_data(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return protect(p, size, VM_PROT_READ | VM_PROT_WRITE);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14) || keep_data((size_t)argc << 15);
}
