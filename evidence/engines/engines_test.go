package engines_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/evidence/engines"
	"github.com/google/go-cmp/cmp"
)

// The clues that more than one test uses.
const (
	flag     = "Enables optimizations which favor memory size over execution speed"
	blob     = "Write V8 startup blob file. (mksnapshot only)"
	sljit    = "ARM-64 64bit (little endian + unaligned)"
	cargo    = "/Users/acme/.cargo/registry/src/index.crates.io-6f17d22bba15001f/"
	dartHead = `3.13.4 (stable) (Tue Sep 15 01:01:15 2026 -0700) on "macos_arm64"`
)

// names tells engines as label tables do.
func names(list []engines.Engine) []string {
	var names []string
	for _, e := range list {
		name := e.Name
		if e.Version != "" {
			name += "@" + e.Version
		}
		names = append(names, name)
	}
	return names
}

func TestEnginesAreKnownByTwoClues(t *testing.T) {
	rust := cargo + "cranelift-codegen-0.117.2/src/isa/mod.rs" + strings.Repeat("called `Option::unwrap()` on a `None` value", 9) +
		cargo + "regalloc2-0.11.1/src/lib.rs"
	for _, tt := range []struct {
		name    string
		strings []string
		symbols []string
		want    []string
	}{
		{"V8 by the descriptions of two flags", []string{flag, blob}, nil, []string{"V8"}},
		{"V8 tells its version, and node's tag of it", []string{flag, blob, "12.4.254.21-node.56"}, nil, []string{"V8@12.4.254.21-node.56"}},
		{"what is no version of V8 is none", []string{flag, blob, "127.0.0.1", "1.3.0.1-motley", "8.8.8.8", "120.0.6099.227", "6.1.534", "9.0.257.17 "}, nil, []string{"V8"}},
		{"of two versions neither is told", []string{flag, blob, "12.4.254.21", "11.3.244.8"}, nil, []string{"V8"}},
		{"one clue met twice is one", []string{flag, flag}, nil, nil},
		{"a string and a symbol are two", []string{flag}, []string{"__ZN2v88internal4Heap14CollectGarbageEv"}, []string{"V8"}},
		{"a version alone is no engine", []string{"12.4.254.21-node.56"}, nil, nil},
		{"text that has clues in it has none", []string{"usage: " + flag, flag + "\n", "--flag " + blob + " type: string"}, nil, nil},
		{"names of engines are no clues", []string{"V8", "JavaScriptCore", "node", "AppleWebKit/605.1.15", "V8 12.4.254.21", "PCRE2", "LLVM", "Chrome/120.0.0.0"}, nil, nil},
		{"functions of V8's API are imported by addons, and no clues", []string{flag}, []string{"__ZN2v87Isolate10GetCurrentEv"}, nil},
		{"JavaScriptCore by what it says of its tiers", []string{": FTL-optimizing after warm-up.", " (NeverFTLOptimize)"}, nil, []string{"JavaScriptCore"}},
		{"JavaScriptCore without a JIT is not told", []string{"allows the DFG JIT to be used if true", "allows the baseline JIT to be used if true"}, nil, nil},
		{"PCRE2 with its JIT", []string{sljit, "10.46 2025-08-27"}, nil, []string{"PCRE with sljit@10.46"}},
		{"PCRE2 before a release", []string{sljit, "10.47-RC1 2025-09-27"}, nil, []string{"PCRE with sljit@10.47-RC1"}},
		{"PCRE2 without its JIT", []string{"10.46 2025-08-27"}, nil, nil},
		{"PCRE and PCRE2, both without", []string{"10.46 2025-08-27", "8.45 2021-06-15"}, nil, nil},
		{"LuaJIT", []string{"LuaJIT 2.1.0-beta3", "runtime code generation failed, restricted kernel?"}, nil, []string{"LuaJIT@2.1.0-beta3"}},
		{"LuaJIT built without its JIT", []string{"LuaJIT 2.1.0-beta3"}, nil, nil},
		{"CoreCLR by what it exports", nil, []string{"_g_dacTable", "_MetaDataGetDispenser", "_coreclr_initialize"}, []string{"CoreCLR"}},
		{"Mono in the place of CoreCLR", nil, []string{"_coreclr_initialize", "_mono_jit_init", "_mono_jit_exec"}, []string{"Mono"}},
		{"HotSpot", []string{"CodeCache is full. Compiler has been disabled.", "OpenJDK 64-Bit Server VM (17.0.21.1+2-1-deb12u1-Debian) for bsd-aarch64 JRE"}, nil, []string{"HotSpot@17.0.21.1+2-1-deb12u1-Debian"}},
		{"Dart that compiles", []string{"JIT runtime cannot run a precompiled snapshot", dartHead}, nil, []string{"Dart@3.13.4"}},
		{"Dart that was compiled", []string{"%s: Cannot compile on an AOT runtime.", "Precompiled runtime requires a precompiled snapshot", dartHead}, nil, []string{"Dart AOT@3.13.4"}},
		{"LLVM that runs what it compiles", []string{"JIT session error: ", "Failed to materialize symbols: "}, nil, []string{"LLVM JIT"}},
		{"LLVM that does not", []string{"LLVM version 14.0.6", "Interpreter has not been linked in."}, nil, nil},
		{"Cranelift in text without zeros", []string{rust}, nil, []string{"Cranelift@0.117.2"}},
		{"Cranelift in paths that end in zeros", []string{cargo + "cranelift-codegen-0.131.0/src/lib.rs", cargo + "cranelift-frontend-0.131.0/src/lib.rs"}, nil, []string{"Cranelift@0.131.0"}},
		{"crates that are spoken of only", []string{"cranelift-codegen-0.117.2 and regalloc2-0.11.1" + strings.Repeat(".", 300)}, nil, nil},
		{"QEMU", []string{"allocate %zu bytes for jit buffer", "TCG translation block cache size"}, nil, []string{"QEMU TCG"}},
		{"libffi with closures", nil, []string{"_ffi_closure_alloc", "_ffi_prep_closure_loc", "_ffi_call"}, []string{"libffi closures"}},
		{"libffi without", nil, []string{"_ffi_call", "_ffi_prep_cif"}, nil},
		{"Ruby with YJIT", []string{"ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) +YJIT [x86_64-darwin22]", "Couldn't make JIT page (%p) executable, errno: %s"}, nil, []string{"Ruby YJIT@3.1.2p20"}},
		{"Ruby without", []string{"ruby 3.1.2p20 (2022-04-12 revision 4491bb740a) [x86_64-darwin22]"}, nil, nil},
		{"a prefix that is to tell a version tells one", []string{"Couldn't make JIT page (%p) executable, errno: %s", "ruby is red"}, nil, nil},
		{"BeamAsm, whose clues begin with digits", []string{"13BeamAssembler", "Erlang/OTP 25%s [erts-13.1.5] [jit]"}, nil, []string{"BeamAsm@25"}},
		{"what is longer than a version is none", []string{"LuaJIT 2." + strings.Repeat("1", 60), "runtime code generation failed, restricted kernel?"}, nil, nil},
		{"two engines in one file", []string{flag, blob, sljit, "10.46 2025-08-27"}, nil, []string{"PCRE with sljit@10.46", "V8"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var m engines.Matcher
			m.Strings([]byte("\x00" + strings.Join(tt.strings, "\x00") + "\x00"))
			m.End()
			for _, s := range tt.symbols {
				m.Symbol([]byte(s))
			}
			if diff := cmp.Diff(tt.want, names(m.Engines())); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEngineRestsOnItsClues(t *testing.T) {
	var m engines.Matcher
	m.Strings([]byte(blob + "\x00" + flag)) // a section may end in a string
	m.End()
	m.Symbol([]byte("__ZN2v88internal4Heap5SetUpEv"))
	want := []engines.Engine{{
		Name:     "V8",
		Category: "javascript-engine",
		Rests:    []string{flag, blob, "__ZN2v88internal4Heap"},
		Needs:    m.Engines()[0].Needs,
	}}
	if diff := cmp.Diff(want, m.Engines()); diff != "" {
		t.Error(diff)
	}
}

func TestNeedsFollowArchitectureAndVersion(t *testing.T) {
	v8 := met("\x00" + flag + "\x00" + blob + "\x00")[0]
	jit := met("LuaJIT 2.1.0-beta3\x00runtime code generation failed, restricted kernel?\x00")[0]
	ffi := engines.Engine{Needs: []engines.Need{{Memory: engines.Unsigned, Arch: "x86_64"}}}
	with := func(e engines.Engine, version string) engines.Engine {
		e.Version = version
		return e
	}
	for _, tt := range []struct {
		name   string
		engine engines.Engine
		arch   string
		want   []engines.Memory
	}{
		{"V8 on arm64", with(v8, "12.4.254.21-node.56"), "arm64", []engines.Memory{engines.MapJIT}},
		{"V8 on arm64e", with(v8, "12.4.254.21-node.56"), "arm64e", []engines.Memory{engines.MapJIT}},
		{"V8 on x86_64 before Chromium had MAP_JIT", with(v8, "6.8.275.32-node.59"), "x86_64", []engines.Memory{engines.Unsigned}},
		{"V8 on x86_64, by the program around it", with(v8, "9.4.146.26-node.26"), "x86_64", []engines.Memory{engines.Unsigned, engines.MapJIT}},
		{"V8 of two numbers", with(v8, "8.9"), "x86_64", []engines.Memory{engines.Unsigned, engines.MapJIT}},
		{"V8 that tells no version", v8, "x86_64", []engines.Memory{engines.Unsigned, engines.MapJIT}},
		{"LuaJIT of old", jit, "arm64", []engines.Memory{engines.Unsigned}},
		{"LuaJIT of today", with(jit, "2.1.1753364724"), "arm64", []engines.Memory{engines.MapJIT}},
		{"what is for one architecture", ffi, "arm64", nil},
		{"what is for that one", ffi, "x86_64", []engines.Memory{engines.Unsigned}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var got []engines.Memory
			for _, n := range tt.engine.On(tt.arch) {
				got = append(got, n.Memory)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// met returns the engines of one section.
func met(section string) []engines.Engine {
	var m engines.Matcher
	m.Strings([]byte(section))
	m.End()
	return m.Engines()
}
