// Makes memory of a process that it has hold of writable and executable, as debuggers do for breakpoints.
#include "mac.h"

NOINLINE kern_return_t put_breakpoint(int pid, mach_vm_address_t at, void *data) {
	mach_port_t task = 0;
	kern_return_t err = task_for_pid(mach_task_self(), pid, &task);
	if (err)
		return err;
	mach_vm_protect(task, at, 4, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
	return mach_vm_write(task, at, (vm_offset_t)data, 4);
}

int main(int argc, char **argv) {
	return put_breakpoint(argc << 8, 0x100000000, argv);
}
