// Gets the task of another process, and writes into its memory.
#include "mac.h"

NOINLINE kern_return_t write_into(int pid, mach_vm_address_t at, void *data, unsigned size) {
	mach_port_t task = 0;
	kern_return_t err = task_for_pid(mach_task_self(), pid, &task);
	if (err)
		return err;
	return mach_vm_write(task, at, (vm_offset_t)data, size);
}

int main(int argc, char **argv) {
	return write_into(argc << 8, 0x100000000, argv, 8);
}
