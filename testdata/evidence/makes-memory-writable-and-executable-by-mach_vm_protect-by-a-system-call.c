// Makes memory writable and executable by mach_vm_protect, by a system call of its own: there is no import of mach_vm_protect.
#include "mac.h"

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return (int)system_call(MACH(14), (long)mach_task_self(), (long)p, (long)size, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE, 0);
}

int main(int argc, char **argv) {
	return make_code((size_t)argc << 14);
}
