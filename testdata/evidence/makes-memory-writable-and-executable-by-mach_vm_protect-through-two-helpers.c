// Makes memory writable and executable by mach_vm_protect, through a function that calls a function.
#include "mac.h"

NOINLINE int protect(void *p, size_t size, int prot) {
	return mach_vm_protect(mach_task_self(), (mach_vm_address_t)p, size, 0, prot);
}

NOINLINE int protect_pages(int prot, size_t pages, void *p) {
	return protect(p, pages << 14, prot);
}

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return protect_pages(VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE, size >> 14, p);
}

NOINLINE int keep_data(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return protect_pages(VM_PROT_READ | VM_PROT_WRITE, size >> 14, p);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14) || keep_data((size_t)argc << 15);
}
