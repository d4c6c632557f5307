package evidence

import "slices"

// importFact is what an imported function says by being there. That it is imported does
// not say that it is called.
type importFact struct {
	symbol   string
	need     Need
	strength Strength
	text     string
}

var importFacts = []importFact{
	// pthread_jit_write_protect_np(3): they concern regions mapped with MAP_JIT and nothing else.
	{"_pthread_jit_write_protect_np", MapJIT, Suggests, "imports pthread_jit_write_protect_np, which is for memory mapped with MAP_JIT alone"},
	{"_pthread_jit_write_with_callback_np", MapJIT, Suggests, "imports pthread_jit_write_with_callback_np, which is for memory mapped with MAP_JIT alone"},
	{"_pthread_jit_write_protect_supported_np", MapJIT, Consistent, "imports pthread_jit_write_protect_supported_np, which asks how memory mapped with MAP_JIT is protected"},
	{"_sys_icache_invalidate", MapJIT, Consistent, "imports sys_icache_invalidate, which is for code that was written to memory"},
	{"___clear_cache", MapJIT, Consistent, "imports __clear_cache, which is for code that was written to memory"},

	// The page of allow-unsigned-executable-memory names it.
	{"_NSCreateObjectFileImageFromMemory", UnsignedMemory, Suggests, "imports NSCreateObjectFileImageFromMemory, which makes code of memory"},

	{"_mach_vm_remap", PageProtection, Consistent, "imports mach_vm_remap, which can put pages in place of code"},
	{"_vm_remap", PageProtection, Consistent, "imports vm_remap, which can put pages in place of code"},

	{"_NSAddImage", ForeignCode, Consistent, "imports NSAddImage, which loads libraries by their paths"},
	{"_NSLinkModule", ForeignCode, Consistent, "imports NSLinkModule, which loads code"},
	{"_OBJC_CLASS_$_NSBundle", ForeignCode, Consistent, "uses NSBundle, which can load plug-ins"},
	{"_CFBundleLoadExecutable", ForeignCode, Consistent, "imports CFBundleLoadExecutable, which loads plug-ins"},
	{"_CFBundleLoadExecutableAndReturnError", ForeignCode, Consistent, "imports CFBundleLoadExecutableAndReturnError, which loads plug-ins"},
	{"_CFBundleGetFunctionPointerForName", ForeignCode, Consistent, "imports CFBundleGetFunctionPointerForName, which loads plug-ins"},
	{"_CFBundleGetFunctionPointersForNames", ForeignCode, Consistent, "imports CFBundleGetFunctionPointersForNames, which loads plug-ins"},
	{"_CFBundleGetDataPointerForName", ForeignCode, Consistent, "imports CFBundleGetDataPointerForName, which loads plug-ins"},
	{"_CFPlugInInstanceCreate", ForeignCode, Consistent, "imports CFPlugInInstanceCreate, which loads plug-ins"},
	{"_AudioComponentInstanceNew", ForeignCode, Consistent, "imports AudioComponentInstanceNew, which may load audio plug-ins into the program"},

	// Interpreters load extension modules, which anybody may have built.
	{"_Py_Initialize", ForeignCode, Consistent, "runs Python, which loads extension modules"},
	{"_Py_InitializeEx", ForeignCode, Consistent, "runs Python, which loads extension modules"},
	{"_Py_InitializeFromConfig", ForeignCode, Consistent, "runs Python, which loads extension modules"},
	{"_perl_parse", ForeignCode, Consistent, "runs Perl, which loads extension modules"},
	{"_Tcl_CreateInterp", ForeignCode, Consistent, "runs Tcl, which loads packages"},
	{"_JNI_CreateJavaVM", ForeignCode, Consistent, "runs Java, which loads native libraries"},

	{"_task_for_pid", Debugger, Consistent, "imports task_for_pid, which gives hold of a process"},
	{"_processor_set_tasks", Debugger, Consistent, "imports processor_set_tasks, which gives hold of all processes"},
}

// controls are what is done to a process of which one has hold.
var controls = []string{"_mach_vm_write", "_vm_write", "_thread_set_state", "_thread_create_running", "_mach_vm_allocate_external"}

// lookups are functions of <mach-o/dyld.h> that do what dlsym does, by names that are not looked at.
var lookups = []string{"_NSLookupSymbolInImage", "_NSLookupAndBindSymbol", "_NSLookupSymbolInModule"}

// imports looks at the names of the imported functions.
func (i *image) imports() {
	has := func(symbol string) bool {
		_, ok := slices.BinarySearch(i.Imports, symbol)
		return ok
	}
	for _, t := range importFacts {
		if has(t.symbol) {
			i.add(Item{Need: t.need, Strength: t.strength, Symbol: t.symbol, Text: t.text})
		}
	}
	for _, symbol := range lookups {
		if has(symbol) {
			i.gap([]Need{MapJIT, UnsignedMemory, PageProtection, Debugger}, "functions are looked up with %s", symbol[1:])
		}
	}
	if has("_task_for_pid") {
		if n := slices.IndexFunc(controls, has); n >= 0 {
			i.add(Item{
				Need: Debugger, Strength: Suggests, Symbol: controls[n],
				Text: "imports task_for_pid and " + controls[n][1:] + ", which take hold of a process and change it",
			})
		}
	}
}
