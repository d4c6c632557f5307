// An app that loads the plug-in in its Contents/PlugIns, by a constant path; the plug-in maps memory with MAP_JIT.
#include "mac.h"

NOINLINE int load(void) {
	void *plugin = dlopen("@executable_path/../PlugIns/plug-in-that-maps-jit-memory.bundle", RTLD_NOW);
	void *(*reserve)(size_t) = dlsym(plugin, "plugin_reserve_code");
	return reserve(1 << 14) == MAP_FAILED;
}

int main(int argc, char **argv) {
	return load();
}
