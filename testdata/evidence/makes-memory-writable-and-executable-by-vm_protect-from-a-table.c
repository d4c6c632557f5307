// Makes memory writable and executable by vm_protect, by a pointer in a table of calls that can be replaced, as SQLite does.
#include "mac.h"

static struct {
	const char *name;
	void *current;
} calls[] = {
	{"munmap", munmap},
	{"vm_protect", vm_protect},
};

NOINLINE void replace_call(int i, void *by) {
	calls[i].current = by;
}

NOINLINE int make_code(size_t size) {
	vm_address_t at = 0;
	vm_allocate(mach_task_self(), &at, size, VM_FLAGS_ANYWHERE);
	void *p = (void *)at;
	return ((kern_return_t (*)(vm_map_t, vm_address_t, vm_size_t, boolean_t, vm_prot_t))calls[1].current)(mach_task_self(), (vm_address_t)p, size, 0, VM_PROT_READ | VM_PROT_WRITE | VM_PROT_EXECUTE);
}

int main(int argc, char **argv) {
	if (argc > 2)
		replace_call(0, 0);
	return make_code((size_t)argc << 14);
}
