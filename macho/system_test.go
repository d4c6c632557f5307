package macho_test

import (
	"testing"

	"github.com/codewarrant/codewarrant/macho"
)

func TestIsSystemKnowsWhatOnlyAppleWrites(t *testing.T) {
	for _, row := range []struct {
		name string
		path string
		want bool
	}{
		{"a library of the system", "/usr/lib/libSystem.B.dylib", true},
		{"a framework of the system", "/System/Library/Frameworks/AppKit.framework/AppKit", true},
		{"one that is updated apart from the rest", "/System/Volumes/Preboot/Cryptexes/OS/usr/lib/libobjc.A.dylib", true},
		{"one by a path with detours that stay", "/usr/lib/./swift/../libobjc.A.dylib", true},
		{"a path that begins there and leads out", "/usr/lib/../local/lib/libx.dylib", false},
		{"the same of a framework", "/System/Library/../../Users/Shared/x.dylib", false},
		{"the volume of data", "/System/Volumes/Data/Users/Shared/x.dylib", false},
		{"the same by a detour", "/System/Library/../Volumes/Data/x.dylib", false},
		{"a folder that leads to the volume of data", "/System/Library/Caches/x.dylib", false},
		{"a folder for what is installed", "/usr/local/lib/libx.dylib", false},
		{"a folder with a name that only begins alike", "/usr/libexec/x.dylib", false},
		{"a path of the app's own", "@rpath/usr/lib/libx.dylib", false},
		{"a name alone", "libSystem.B.dylib", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := macho.IsSystem(row.path); got != row.want {
				t.Errorf("IsSystem(%q) = %v", row.path, got)
			}
		})
	}
}
