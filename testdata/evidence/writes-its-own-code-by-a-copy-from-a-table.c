// Makes a page of its own code writable, as a copy, by a pointer in a table of calls that can be replaced.
#include "mac.h"

NOINLINE int answer(int n) {
	return n * 3;
}

typedef kern_return_t (*protect_call)(vm_map_t, mach_vm_address_t, mach_vm_size_t, boolean_t, vm_prot_t);

static struct {
	const char *name;
	protect_call current;
} calls[] = {
	{"mach_vm_protect", mach_vm_protect},
};

NOINLINE void replace_call(int i, void *by) {
	calls[i].current = by;
}

NOINLINE int patch(const void *code, size_t size, int wanted) {
	mach_vm_address_t page = (mach_vm_address_t)answer & -(mach_vm_address_t)PAGE;
	if (wanted)
		replace_call(0, 0);
	calls[0].current(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_COPY);
	memcpy((void *)answer, code, size);
	return mach_vm_protect(mach_task_self(), page, PAGE, 0, VM_PROT_READ | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	return patch(argv[0], 8, argc > 1) || answer(argc);
}
