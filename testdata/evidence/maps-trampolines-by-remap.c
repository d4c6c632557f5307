// Maps a page of its own code a second time, unchanged, as libffi does for its closures: the pages stay those that are signed.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

NOINLINE int trampolines(void) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE, again = 0;
	vm_prot_t current, most;
	return mach_vm_remap(mach_task_self(), &again, PAGE, 0, VM_FLAGS_ANYWHERE, mach_task_self(), page, 0, &current, &most, VM_INHERIT_NONE);
}

int main(int argc, char **argv) {
	return trampolines() || answer(argc);
}
