package macho

import (
	"fmt"
	"strings"

	"github.com/blacktop/go-macho/types"
)

// subtype drops the capability bits, CPU_SUBTYPE_MASK of <mach/machine.h>.
func subtype(s types.CPUSubtype) uint32 { return uint32(s) &^ 0xff000000 }

// archNames are the names of lipo(1) and arch(3), by CPU and subtype.
var archNames = map[types.CPU]map[uint32]string{
	types.CPUI386:    {3: "i386"},
	types.CPUAmd64:   {3: "x86_64", 8: "x86_64h"},
	types.CPUArm:     {6: "armv6", 9: "armv7", 11: "armv7s", 12: "armv7k"},
	types.CPUArm64:   {0: "arm64", 1: "arm64v8", 2: "arm64e"},
	types.CPUArm6432: {0: "arm64_32", 1: "arm64_32"},
	types.CPUPpc:     {0: "ppc", 10: "ppc7400", 11: "ppc7450", 100: "ppc970"},
	types.CPUPpc64:   {0: "ppc64", 100: "ppc970-64"},
}

// archName returns Apple's name, or the numbers for an architecture that has none.
func archName(cpu types.CPU, sub types.CPUSubtype) string {
	if name, ok := archNames[cpu][subtype(sub)]; ok {
		return name
	}
	return fmt.Sprintf("cpu-%#x-%d", uint32(cpu), subtype(sub))
}

// platformNames are the PLATFORM_ constants of <mach-o/loader.h>, from 1 on.
var platformNames = [...]string{
	1: "macos", "ios", "tvos", "watchos", "bridgeos", "maccatalyst",
	"ios-simulator", "tvos-simulator", "watchos-simulator", "driverkit", "visionos", "visionos-simulator",
}

func platformName(p uint32) string {
	if p > 0 && uint64(p) < uint64(len(platformNames)) {
		return platformNames[p]
	}
	return fmt.Sprintf("platform-%d", p)
}

// minPlatform returns the platform of an LC_VERSION_MIN_ command. On Intel the
// ones for devices mean their simulators, as dyld takes them.
func minPlatform(cmd types.LoadCmd, cpu types.CPU) string {
	name := map[types.LoadCmd]string{
		types.LC_VERSION_MIN_MACOSX:   "macos",
		types.LC_VERSION_MIN_IPHONEOS: "ios",
		types.LC_VERSION_MIN_TVOS:     "tvos",
		types.LC_VERSION_MIN_WATCHOS:  "watchos",
	}[cmd]
	if name != "macos" && (cpu == types.CPUAmd64 || cpu == types.CPUI386) {
		name += "-simulator"
	}
	return name
}

// version formats a version packed as xxxx.yy.zz.
func version(v uint32) string {
	s := fmt.Sprintf("%d.%d", v>>16, v>>8&0xff)
	if patch := v & 0xff; patch != 0 {
		s += fmt.Sprintf(".%d", patch)
	}
	return s
}

// TypeName returns the file type as Apple names it without MH_, in lower case:
// execute, dylib, bundle, object, dsym, …
func (s *Slice) TypeName() string {
	if s.Type == 0 || s.Type > types.MH_FILESET {
		return fmt.Sprintf("filetype-%d", uint32(s.Type))
	}
	return strings.ToLower(s.Type.String())
}
