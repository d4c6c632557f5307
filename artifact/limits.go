package artifact

import (
	"context"
	"fmt"

	"github.com/codewarrant/codewarrant/internal/archive"
)

const (
	// maxEntries bounds the files, folders and links that are listed in one walk, of
	// all its arguments. Xcode, the largest application there is, has some hundred
	// thousand.
	maxEntries = 1_000_000

	// maxListing bounds the entries of one folder together with those around it,
	// whose listings are in memory at a time and take up to 350 bytes for a name.
	// Folders of libraries and icons have some thousands.
	maxListing = 100_000

	// maxPath bounds a path below an argument, in bytes: PATH_MAX of macOS.
	maxPath = 1024

	// maxParts bounds the names in the path of an entry of an archive, each of which is a
	// folder. Deep trees of modules have some thirty.
	maxParts = 128

	// maxBundles is how many bundles may be inside each other, each version of a
	// framework counted too. Every one of them may seal what is inside it, and keeps
	// its Info.plist while it is walked. Applications have up to 8.
	maxBundles = 16

	// maxInfo bounds the Info.plist files of one walk, and the XML of packages, in bytes. 30,000 bundles with
	// the usual few kilobytes make 100 MB.
	maxInfo = 1 << 30

	// maxDepth is how many archives and packed files may be inside each other. Those of
	// a package, a payload, an application and the archives in it make five.
	maxDepth = 8

	// maxPartitions bounds those of a disk image of which the volumes are looked at. hdiutil
	// makes one to three.
	maxPartitions = 32

	// maxIndex bounds the lists of all archives that are inside each other, in bytes of
	// memory: some 130,000 entries, with which the process has 125 MiB.
	maxIndex = 48 << 20

	// maxUnpacked bounds what is unpacked in one walk, and maxFile what is of one file,
	// in bytes. The largest application there is, Xcode, has 15 GB.
	maxUnpacked = 128 << 30
	maxFile     = 32 << 30

	// A stream that holds more than maxRatio times its bytes is a decompression bomb, but
	// for the first freeRatio bytes. Programs and archives are packed to a half or a tenth;
	// deflate may reach 1032 times, bzip2 and xz more.
	maxRatio  = 250
	freeRatio = 64 << 20

	// A disk in an image is read, and unpacked, maxRead times as much as the image has bytes at most, but for the first
	// freeRead. Code is gone over three times, and what is read of it is packed to a third or a tenth.
	maxRead  = 1000
	freeRead = 1 << 30

	// maxHead is how much of an entry of an archive is unpacked to see what it is, in
	// bytes; maxMemory how much of a file that is unpacked stays in memory.
	maxHead   = archive.HeadSize
	maxMemory = 1 << 20

	// maxLinks bounds the links that one name leads through: MAXSYMLINKS of macOS.
	maxLinks = 32
)

// limits are what is left of the limits of one walk.
type limits struct {
	entries int
	info    int64
	index   int64
	depth   int                 // of the archives around
	zips    []*endZip           // at the ends of the images around, outermost first
	images  []func(int64) error // around, which are asked before they are read
	*unpacker
}

func newLimits(ctx context.Context) *limits {
	return &limits{entries: maxEntries, info: maxInfo, index: maxIndex, unpacker: newUnpacker(ctx)}
}

// keep counts bytes of memory that are kept of an image until forget is called, as those of the lists of archives
// are. Where that is too much, the walk ends.
func (l *limits) keep(bytes int64) (forget func()) {
	before := l.index
	l.index -= bytes
	return func() {
		if l.index >= 0 {
			l.index = before
		}
	}
}

// passed returns which limit was passed, nil for none.
func (l *limits) passed() error {
	const rest = "the rest was not looked at; check the artifact in parts"
	switch {
	case l.entries < 0:
		return fmt.Errorf("more than %d files, folders and links: %s", maxEntries, rest)
	case l.index < 0:
		return fmt.Errorf("archives and images whose lists take more than %d MiB of memory: the rest was not looked at; unpack them and check the folder", maxIndex>>20)
	case l.info < 0:
		return fmt.Errorf("more than %d bytes of Info.plist files and XML of packages: %s", maxInfo, rest)
	}
	return nil
}
