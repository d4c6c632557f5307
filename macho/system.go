package macho

import (
	"path"
	"strings"
)

// IsSystem reports whether the library at a path is one of macOS's, which are on the sealed
// system volume or in the cache of shared libraries. The path is taken as the kernel
// follows it: /usr/lib/../local/lib is not in /usr/lib.
func IsSystem(name string) bool {
	name = path.Clean(name)
	in := func(dir string) bool { return strings.HasPrefix(name, dir) }
	switch {
	case in("/usr/lib/"), in("/System/Volumes/Preboot/Cryptexes/"):
		return true
	case in("/System/Volumes/"):
		return false // /System/Volumes/Data is the volume that everybody writes to
	}
	for _, dir := range firmlinks {
		if in(dir) {
			return false
		}
	}
	return in("/System/")
}

// firmlinks are the folders in /System that lead to the volume of data, as
// /usr/share/firmlinks of macOS 15 lists them.
var firmlinks = []string{
	"/System/Library/Assets/", "/System/Library/AssetsV2/", "/System/Library/Caches/",
	"/System/Library/CoreServices/CoreTypes.bundle/Contents/Library/",
	"/System/Library/PreinstalledAssets/", "/System/Library/PreinstalledAssetsV2/", "/System/Library/Speech/",
}
