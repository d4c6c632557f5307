package artifact

import "fmt"

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

	// maxBundles is how many bundles may be inside each other, each version of a
	// framework counted too. Every one of them may seal what is inside it, and keeps
	// its Info.plist while it is walked. Applications have up to 8.
	maxBundles = 16

	// maxInfo bounds the Info.plist files of one walk, in bytes. 30,000 bundles with
	// the usual few kilobytes make 100 MB.
	maxInfo = 1 << 30
)

// limits are what is left of the limits of one walk.
type limits struct {
	entries int
	info    int64
}

// passed returns which limit was passed, nil for none.
func (l *limits) passed() error {
	const rest = "the rest was not looked at; check the artifact in parts"
	switch {
	case l.entries < 0:
		return fmt.Errorf("more than %d files, folders and links: %s", maxEntries, rest)
	case l.info < 0:
		return fmt.Errorf("more than %d bytes of Info.plist files: %s", maxInfo, rest)
	}
	return nil
}
