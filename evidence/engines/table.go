package engines

import "bytes"

// known is what is known of an engine. Its clues are of these kinds; that a list has
// several does not make them independent of each other where its comment says so.
type known struct {
	name     string
	category string
	whole    []string // strings, from zero to zero
	begins   []string // what strings begin with
	versions []string // what strings begin with, before the version of the engine
	crates   []string // crates of Rust, whose sources are named in the file
	symbols  []string // symbols that are defined
	defines  []string // what symbols that are defined begin with

	// number returns the version that a string is, which begins with a digit; empty
	// for none. It is a clue where no other program has one of that form.
	number       func([]byte) string
	numberIsClue bool

	needs []Need
}

const (
	javascript = "javascript-engine"
	language   = "language-runtime"
	regex      = "regex-jit"
	emulator   = "emulator"
)

// table is every engine that is recognised. Where a file is named, it is the one of
// the engine's source that has the string or maps the memory.
var table = [...]known{
	{
		// Strings: src/flags/flag-definitions.h, src/api/api.cc, src/heap/heap.cc,
		// src/compiler/backend/code-generator.cc; the same from 6.1 to 15.7.
		// Memory: src/base/platform/platform-posix.cc passes MAP_JIT where
		// V8_HAS_PTHREAD_JIT_WRITE_PROTECT, which is arm64 (9.0, 9.4, 10.2), and on all
		// of Darwin for pages that will have code later (12.4), which
		// src/base/page-allocator.cc asks for on arm64 only. macOS on arm64 never had a V8
		// without it (nodejs/node#35986). On x86_64 pages are made executable by mprotect,
		// which allow-jit alone does not allow (openai/codex#27422, of 14.9); but Chromium
		// brings an allocator of its own, with MAP_JIT where the program may: Electron
		// needs no more than allow-jit since 12, which is V8 8.9 (electron/notarize, README).
		name: "V8", category: javascript,
		whole: []string{
			"\n#\n# Fatal error in %s\n# %s\n#\n\n",
			"Enables optimizations which favor memory size over execution speed",
			"Fixed seed to use to hash property keys (0 means random)(with snapshots this option cannot override the baked-in seed)",
			"Write V8 startup blob file. (mksnapshot only)",
			"[Initializing isolate from scratch took %0.3f ms]\n",
			"optimization filter for TurboFan compiler",
			"deoptimize every n times a deopt point is passed",
		},
		defines: []string{"__ZN2v88internal8compiler", "__ZN2v88internal4Heap"},
		number:  v8Version,
		needs: []Need{
			{Memory: MapJIT, Arch: "arm64"},
			{Memory: Unsigned, Arch: "x86_64"},
			{Memory: MapJIT, Arch: "x86_64", Since: "8.9"},
		},
	},
	{
		// Strings: Source/JavaScriptCore/runtime/OptionsList.h (descriptions), which a
		// build without JIT has too; jit/ExecutableAllocator.cpp, bytecode/CodeBlock.cpp
		// and dfg/DFGTierUpCheckInjectionPhase.cpp, which it has not.
		// Memory: Source/WTF/wtf/posix/OSAllocatorPOSIX.cpp, MAP_EXECUTABLE_FOR_JIT.
		name: "JavaScriptCore", category: javascript,
		whole: []string{
			" bytes of executable memory with JITCompilationMustSucceed.\n",
			": FTL-optimizing after warm-up.",
			": Optimizing after warm-up.",
			" (NeverFTLOptimize)",
			"JIT compilation successful.\n",
		},
		defines: []string{"__ZN3JSC3DFG", "__ZN3JSC3FTL"},
		needs:   []Need{{Memory: MapJIT}},
	},
	{
		// Strings: js/src/vm/JSContext.cpp and js/src/jsapi.cpp (JavaScript-C), wasm/WasmCode.cpp,
		// jit/ExecutableAllocator.cpp; js/src/gc/Statistics.cpp names the kinds of code.
		// Memory: js/src/jit/ProcessExecutableMemory.cpp has MAP_JIT on Darwin, and had
		// mprotect alone in 115.
		name: "SpiderMonkey", category: javascript,
		whole: []string{
			"JIT (baseline-interpreter)",
			"failed to allocate executable memory for module",
		},
		versions: []string{"JavaScript-C"},
		defines:  []string{"__ZN2js3jit"},
		needs: []Need{
			{Memory: Unsigned, Before: "128"},
			{Memory: MapJIT, Since: "116"},
		},
	},
	{
		// Strings: sljit_get_platform_name in sljitNativeX86_common.c and
		// sljitNativeARM_64.c, which PCRE has only with its JIT (src/pcre2_jit_misc.c),
		// and the version of pcre2_config, which it always has.
		// Memory: allocator_src/sljitExecAllocatorApple.c; on x86_64 it asks for MAP_JIT
		// once it was refused memory without, that is, under the Hardened Runtime.
		name: "PCRE with sljit", category: regex,
		whole: []string{
			"ARM-64 64bit (little endian + unaligned)",
			"x86 64bit (little endian + unaligned)",
		},
		symbols:      []string{"_sljit_generate_code", "_sljit_create_compiler"},
		number:       pcreVersion,
		numberIsClue: true,
		needs:        []Need{{Memory: MapJIT}},
	},
	{
		// Strings: LUAJIT_VERSION; lj_errmsg.h has the other only with LJ_HASJIT.
		// Memory: src/lj_mcode.c has MAP_JIT since its revision 0254770 of 2025-03-09
		// (LuaJIT/LuaJIT#1334); the third number is the time of the last commit.
		name: "LuaJIT", category: language,
		whole:    []string{"runtime code generation failed, restricted kernel?"},
		versions: []string{"LuaJIT "},
		symbols:  []string{"_lj_mcode_reserve", "_lj_trace_ins"},
		needs: []Need{
			{Memory: Unsigned, Before: "2.1.1742000000"},
			{Memory: MapJIT, Since: "2.1.1741000000"},
		},
	},
	{
		// Symbols: src/coreclr/dlls/mscoree/mscorwks_unixexports.src, less those that Mono
		// offers too, and what a program in a single file exports.
		// Memory: src/coreclr/minipal/Unix/doublemapping.cpp and pal/src/map/virtual.cpp,
		// with MAP_JIT under the Hardened Runtime; dotnet/runtime#51294 took
		// allow-unsigned-executable-memory off the host.
		name: "CoreCLR", category: language,
		symbols: []string{
			"_g_dacTable", "_MetaDataGetDispenser", "_GetCLRRuntimeHost",
			"_g_CLREngineMetrics", "_CLRJitAttachState", "_DotNetRuntimeInfo",
		},
		needs: []Need{{Memory: MapJIT}},
	},
	{
		// Strings: mono/mini/driver.c, mini.c, debug-mini.c.
		// Memory: mono/utils/mono-mmap.c, MONO_MMAP_JIT. A runtime with ahead-of-time
		// code alone has the strings as well.
		name: "Mono", category: language,
		whole: []string{
			"Attempting to allocate from the global code manager while running in aot-only mode.\n",
			"Mono Warning: --llvm not enabled in this runtime.\n",
			"<%p - JIT trampoline for %s>",
		},
		begins:  []string{"Mono JIT compiler version %s"},
		symbols: []string{"_mono_jit_init", "_mono_jit_exec"},
		needs:   []Need{{Memory: MapJIT}},
	},
	{
		// Strings: share/compiler/compileBroker.cpp, share/code/codeCache.cpp and
		// share/runtime/abstract_vm_version.cpp.
		// Memory: os/bsd/os_bsd.cpp has MAP_JIT since 16 (JDK-8234930); builds of 11
		// and 8 may have it too (openjdk/jdk11u-dev#710).
		name: "HotSpot", category: language,
		whole: []string{
			"CodeCache is full. Compiler has been disabled.",
			"Could not reserve enough space for code cache (%luK)",
			"#   Set larger code cache with -XX:ReservedCodeCacheSize=",
		},
		versions: []string{"OpenJDK 64-Bit Server VM (", "Java HotSpot(TM) 64-Bit Server VM ("},
		needs: []Need{
			{Memory: Unsigned, Before: "16"},
			{Memory: MapJIT, Since: "8"},
		},
	},
	{
		// Strings: runtime/vm/dart.cc, which has the first without
		// DART_PRECOMPILED_RUNTIME only; runtime/vm/version_in.cc.
		// Memory: runtime/vm/virtual_memory_posix.cc, with MAP_JIT on macOS.
		name: "Dart", category: language,
		whole:        []string{"JIT runtime cannot run a precompiled snapshot"},
		number:       dartVersion,
		numberIsClue: true,
		needs:        []Need{{Memory: MapJIT}},
	},
	{
		// Strings: runtime/vm/dart.cc and dart_api_impl.cc with DART_PRECOMPILED_RUNTIME.
		name: "Dart AOT", category: language,
		whole: []string{
			"Precompiled runtime requires a precompiled snapshot",
			"%s: Cannot compile on an AOT runtime.",
			"%s: All classes are already finalized in AOT runtime.",
		},
		number: dartVersion,
	},
	{
		// Strings: llvm/lib/ExecutionEngine/ExecutionEngine.cpp, MCJIT/MCJIT.cpp,
		// Orc/Core.cpp; lib/Support/CommandLine.cpp for the version, which every program
		// with LLVM's options has, so it is no clue of code being run.
		// Memory: llvm/lib/Support/Unix/Memory.inc, mmap and mprotect without MAP_JIT.
		name: "LLVM JIT", category: language,
		whole: []string{
			"JIT has not been linked in.",
			"Failed to materialize symbols: ",
			"JIT session error: ",
		},
		begins:  []string{"MCJIT::runFunction does not support full-featured argument passing."},
		symbols: []string{"_LLVMOrcCreateLLJIT", "_LLVMCreateMCJITCompilerForModule", "_LLVMLinkInMCJIT"},
		defines: []string{"__ZN4llvm3orc5LLJIT", "__ZN4llvm5MCJIT"},
		needs:   []Need{{Memory: Unsigned}},
	},
	{
		// Memory: cranelift/jit/src/memory.rs, mprotect after writing. Cranelift writes
		// no memory by itself: what calls it may write files alone.
		name: "Cranelift", category: language,
		crates:  []string{"cranelift-codegen-", "regalloc2-", "cranelift-frontend-", "cranelift-jit-"},
		defines: []string{"__ZN17cranelift_codegen", "__ZN13cranelift_jit"},
		needs:   []Need{{Memory: Unsigned}},
	},
	{
		// Symbols: crates/c-api. Memory:
		// crates/wasmtime/src/runtime/vm/sys/unix/mmap.rs, make_executable.
		name: "Wasmtime", category: language,
		crates:  []string{"wasmtime-", "wasmtime-environ-"},
		symbols: []string{"_wasmtime_module_new", "_wasmtime_store_new", "_wasmtime_instance_new"},
		defines: []string{"__ZN8wasmtime7runtime", "__ZN16wasmtime_environ"},
		needs:   []Need{{Memory: Unsigned}},
	},
	{
		// Strings: tcg/region.c, accel/tcg/translate-all.c, tcg-all.c. Memory:
		// tcg/region.c, MAP_JIT with CONFIG_DARWIN. An interpreter of TCG has the first too.
		name: "QEMU TCG", category: emulator,
		whole: []string{
			"allocate %zu bytes for jit buffer",
			"mprotect of jit buffer",
			"Restarting code generation for code_gen_buffer overflow\n",
			"TCG translation block cache size",
		},
		symbols: []string{"_tcg_gen_code", "_tcg_prologue_init"},
		needs:   []Need{{Memory: MapJIT}},
	},
	{
		// Symbols: src/closures.c and src/x86/ffi64.c. On arm64 it remaps a page of its
		// own text (FFI_EXEC_TRAMPOLINE_TABLE), for which nothing is needed; on x86_64 it
		// maps pages to write and execute.
		name:    "libffi closures",
		symbols: []string{"_ffi_closure_alloc", "_ffi_prep_closure_loc"},
		needs:   []Need{{Memory: Unsigned, Arch: "x86_64"}},
	},
	{
		// Strings: Python/jit.c of 3.13 and later, with _Py_JIT only. Memory: the same,
		// with mprotect in 3.13, and with MAP_JIT in some later ones (python/cpython#126196).
		name: "CPython JIT", category: language,
		whole: []string{
			"JIT unable to allocate memory (%d)",
			"JIT unable to protect executable memory (%d)",
			"JIT %s (%d)",
			"unable to protect executable memory",
		},
		symbols: []string{"__PyJIT_Compile", "__PyJIT_Free"},
		needs:   []Need{{Memory: Unsigned}, {Memory: MapJIT}},
	},
	{
		// Strings: yjit.c, from 3.1 on; version.c. Memory: yjit.c, mprotect.
		name: "Ruby YJIT", category: language,
		whole: []string{
			"Couldn't make JIT page (%p) executable, errno: %s",
			"Couldn't make JIT page region (%p, %lu bytes) executable, errno: %s",
		},
		versions: []string{"ruby "},
		symbols:  []string{"_rb_yjit_init", "_rb_yjit_iseq_gen_entry_point"},
		needs:    []Need{{Memory: Unsigned}},
	},
	{
		// Strings: ext/opcache/jit/zend_jit.c, zend_accelerator_module.c. Memory:
		// ext/opcache/shared_alloc_mmap.c and zend_jit.c, mprotect (php/php-src#13638);
		// MAP_JIT for threads on arm64 (php/php-src#22712).
		name: "PHP JIT", category: language,
		whole: []string{
			"JIT is incompatible with third party extensions that override zend_execute_ex(). JIT disabled.",
			"Could not enable JIT!",
			"JIT$$exception_handler",
		},
		needs: []Need{{Memory: Unsigned}, {Memory: MapJIT, Arch: "arm64"}},
	},
	{
		// Strings: erts/emulator/beam/erl_init.c (the version), and what RTTI has of
		// erts/emulator/beam/jit and of asmjit. Memory: asmjit's virtmem.cpp.
		name: "BeamAsm", category: language,
		whole:    []string{"19BeamGlobalAssembler", "19BeamModuleAssembler", "13BeamAssembler"},
		begins:   []string{"N6asmjit"},
		versions: []string{"Erlang/OTP "},
		needs:    []Need{{Memory: MapJIT}},
	},
	{
		// Strings: c/scheme.c. Memory: c/segment.c, MAP_JIT on arm64.
		name: "Chez Scheme", category: language,
		whole: []string{
			"first object on boot file not code object\n",
			"second object on boot file not code object\n",
			"cannot find compatible boot file %s%s in search path:\n  \"%s%s\"\n",
		},
		needs: []Need{{Memory: MapJIT, Arch: "arm64"}, {Memory: Unsigned, Arch: "x86_64"}},
	},
	{
		// Strings: tccrun.c, tccelf.c, tccpp.c, tccgen.c. Memory: tccrun.c,
		// protect_pages, which was set_pages_executable.
		name: "TinyCC", category: language,
		whole: []string{
			"'tcc_relocate()' twice is no longer supported",
			"mprotect failed (did you mean to configure --with-selinux?)",
			"#include recursion too deep",
			"Unknown relocation type for got: %d",
		},
		symbols: []string{"_tcc_relocate", "_tcc_compile_string", "__tcc_error_noabort"},
		needs:   []Need{{Memory: Unsigned}},
	},
	{
		// Symbols and strings of substratevm, which compiles all code before it is run
		// (com.oracle.svm.core.VM and graal_isolate.h).
		name: "GraalVM native image", category: language,
		begins:   []string{"Classes cannot be defined at runtime by default when using ahead-of-time Native Image"},
		versions: []string{"GraalVM CE ", "Oracle GraalVM "},
		symbols:  []string{"___svm_version_info", "___svm_code_section", "_graal_create_isolate"},
	},
	{
		// Strings: lib/BCGen/HBC and lib/VM, which interprets. Hermes has no JIT for macOS.
		name: "Hermes", category: javascript,
		whole: []string{
			"HermesBuiltin.throwTypeError",
			"HermesBuiltin.copyDataProperties",
			"HermesBuiltin.ensureObject",
		},
		defines: []string{"__ZN8facebook6hermes", "__ZN6hermes2vm"},
	},
}

// v8Version accepts V8_VERSION_STRING: four numbers and the tag of an embedder. The
// third number counts builds and is never small, as it is in an address; the first is a
// tenth of Chromium's.
func v8Version(s []byte) string {
	if len(s) > maxVersion {
		return ""
	}
	end, n := dotted(s, 4)
	if end == 0 || n[0] < 3 || n[0] > 40 || n[1] > 99 || n[2] < 100 {
		return ""
	}
	for i, c := range s[end:] {
		if i == 0 && c != '-' || !digit(c) && !versionByte(c) {
			return ""
		}
	}
	return string(s)
}

// pcreVersion accepts PCRE2_CONFIG_VERSION, as in 10.46 2025-08-27, and its like in PCRE.
func pcreVersion(s []byte) string {
	const date = "2006-01-02"
	if len(s) < len("8.00 "+date) || len(s) > maxVersion || s[len(s)-len(date)-1] != ' ' {
		return ""
	}
	end, n := dotted(s, 2)
	if end == 0 || n[0] != 8 && n[0] != 10 {
		return ""
	}
	v, day := s[:len(s)-len(date)-1], s[len(s)-len(date):]
	if day[4] != '-' || day[7] != '-' || !digit(day[0]) || !digit(day[9]) || len(token(v)) != len(v) {
		return ""
	}
	return string(v)
}

// dartVersion accepts what runtime/vm/version_in.cc makes, as in
// 3.13.4 (stable) (Tue Sep 15 01:01:15 2026 -0700) on "macos_arm64".
func dartVersion(s []byte) string {
	if len(s) < len(`0.0.0 () on "macos_x64"`) {
		return ""
	}
	if end, _ := dotted(s, 3); end == 0 || !bytes.Contains(s, []byte(`) on "macos_`)) {
		return ""
	}
	return token(s)
}

// clue is a beginning of strings or symbols.
type clue struct {
	text      string
	engine    int
	versioned bool
}

// The table by what is looked for. They are never changed.
var (
	whole, symbols                   = map[string]int{}, map[string]int{}
	prefixes, symbolPrefixes, crates []clue
	numbered                         []int
	filter, symbolFilter             = index()
)

// minText is how long clues are at least; see [set].
const minText = 4

// index fills the variables above.
func index() (strings, names set) {
	for i, k := range table {
		for _, s := range k.whole {
			whole[s] = i
			strings.add(s)
		}
		for _, s := range k.begins {
			prefixes = append(prefixes, clue{s, i, false})
			strings.add(s)
		}
		for _, s := range k.versions {
			prefixes = append(prefixes, clue{s, i, true})
			strings.add(s)
		}
		for _, s := range k.crates {
			crates = append(crates, clue{s, i, s == k.crates[0]})
		}
		for _, s := range k.symbols {
			symbols[s] = i
			names.add(s)
		}
		for _, s := range k.defines {
			symbolPrefixes = append(symbolPrefixes, clue{s, i, false})
			names.add(s)
		}
		if k.number != nil {
			numbered = append(numbered, i)
		}
	}
	return strings, names
}
