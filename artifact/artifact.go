// Package artifact finds the Mach-O files in what a build hands over.
//
// [Walk] is a lazy stream: one item is open at a time unless the consumer keeps
// more. Nothing outside the named artifacts is opened, no symbolic link below
// them is followed, nothing but regular files is opened, and whatever cannot be
// read is told, never passed over.
//
// Bundles are recognised as CoreFoundation does it (CFBundle.c,
// _CFBundleGetBundleVersionForURL; CFBundle_InfoPlist.c; CFBundle_Executable.c)
// and framework versions as codesign does (libsecurity_codesigning,
// bundlediskrep.cpp, BundleDiskRep::setup).
package artifact

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
)

// Item is one file that begins as a Mach-O or universal file does, or an installer package, whose
// files follow, or a disk image, whose files are before it. What begins like a Mach-O file may
// still be something else: Java classes share the magic of universal files.
//
// It is open: whoever receives an Item closes it. It may be read from several
// goroutines at once.
type Item struct {
	// Path is how a person follows it, with slashes: the argument, cleaned, and
	// what is below it.
	Path string
	// Inside is the path inside the artifact, which policies match. In a bundle
	// and for a file given by name it begins with the name of that
	// (Acme.app/Contents/MacOS/Acme); in a plain folder it is relative to the
	// folder. What is above the argument has no part in it.
	Inside string
	// Bundle is the innermost bundle around the file, Outer the outermost at or
	// below the argument; both are nil outside of bundles.
	Bundle, Outer *Bundle
	// Main is whether it is the main executable of Bundle.
	Main bool
	// Part is whether it was met in a folder that itself has a Contents or Versions
	// above it, so that the bundle that it belongs to may not have been given whole.
	Part bool
	// Given is whether it is a file that was given by name.
	Given bool
	// Size is in bytes, as the file was opened.
	Size int64
	// Package is what a package says of itself, nil for code.
	Package *Package
	// Image is what a disk image says of itself, nil for anything else.
	Image *Image

	content
}

// Package is an installer package: a xar with what the Installer needs.
type Package struct {
	// Algorithm is that of Sum: sha1, sha256 or sha512.
	Algorithm string
	// Sum is the checksum of the table of contents, in bytes, which is what is signed.
	Sum []byte
	// CMS is over Sum, and so is RSA, for systems that read no CMS; nil for none.
	CMS, RSA *PackageSignature
	// Uncovered names the first few files without a checksum in the table of contents,
	// which nothing signs then.
	Uncovered []string
}

// PackageSignature is one signature of a package.
type PackageSignature struct {
	Bytes        []byte
	Certificates [][]byte // that the table of contents names for it, in DER, the signer's first
}

// content is an open file.
type content interface {
	io.ReaderAt
	io.Closer
}

// Kind is the kind of a [Problem].
type Kind string

// Missing, NotMachO and Nothing concern only what was given by name.
const (
	Missing     Kind = "missing"      // there is no such file or folder
	NotMachO    Kind = "not-mach-o"   // a file that is neither Mach-O nor universal
	Nothing     Kind = "nothing"      // a folder without a Mach-O file in it
	NotRegular  Kind = "not-regular"  // a FIFO, socket or device, which was not opened
	Unreadable  Kind = "unreadable"   // a file, folder or link that could not be read
	OldLayout   Kind = "old-layout"   // a bundle that the readers of macOS take differently
	NoMain      Kind = "no-main"      // a bundle whose main executable was not met
	NoCode      Kind = "no-code"      // an outermost bundle without code, the name of any, and a signature
	LinkOutside Kind = "link-outside" // a symbolic link that leads out of the artifact
	Ambiguous   Kind = "ambiguous"    // an archive that is read differently by different readers
	Script      Kind = "script"       // a script that the Installer runs
	Opaque      Kind = "opaque"       // something packed, or encrypted, that is not read here
	Unsupported Kind = "unsupported"  // a disk image, or a volume on one, that is not read here
)

// Problem is something that Walk met and could not look into.
type Problem struct {
	Path, Inside string // as in Item
	Kind         Kind
	Err          error // why, without the path
}

// Walk yields the Mach-O files in args, which are files and folders, and the
// problems met on the way: one of the two is nil. Arguments come in their order,
// the files of a folder in the order of their names.
//
// The argument itself may be a symbolic link. Below it a link is passed over: its
// target has a name of its own if it is inside. A link that leads out is a
// problem, except for the one named Applications to /Applications, as disk images
// have it.
//
// A bundle whose Info.plist makes no sense is a problem, and so is one whose main
// executable is no item: the signature of that is what seals the bundle. Left out are
// bundles of data in a bundle that was met, which seals them with its other files, and
// the versions of a framework of which another one was met.
//
// A file is yielded once for each of its names, so a hard link is an item of its
// own: a policy that grants something to a path must hold for every path. What
// two arguments have in common is yielded once, as part of the wider one.
//
// The files, folders and links of all arguments are limited to a million, and there
// are other limits. What lies beyond one is a problem, after which the walk of that
// argument may end.
//
// What is packed is unpacked into memory or temporary files without a name, and
// not after ctx has ended.
func Walk(ctx context.Context, args ...string) iter.Seq2[*Item, *Problem] {
	return func(yield func(*Item, *Problem) bool) {
		left := newLimits(ctx)
		for _, a := range resolve(args) {
			if !a.walk(left, yield) {
				return
			}
		}
	}
}

// bare returns err without the operation and the path that package os adds.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
