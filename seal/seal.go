// Package seal verifies that the files of a bundle are those it was signed with.
//
// What a signature binds of a bundle beside its main executable is listed in
// _CodeSignature/CodeResources, a property list that special slot 3 of the
// CodeDirectory hashes: files2 says of each file its hashes, of each link where it
// leads to, of nested code its requirement; rules2 says which files are to be
// listed. files and rules are the same for systems before OS X 10.9, and count
// only where files2 is missing. Apple describes it in TN2206, "Sealing"; what is
// checked here is what Security.framework checks (libsecurity_codesigning:
// SecStaticCode::validateResources in StaticCode.cpp, ResourceBuilder in
// resources.cpp, BundleDiskRep in bundlediskrep.cpp), as it does under
// kSecCSStrictValidate.
//
// Extended attributes, and with them resource forks, are out of reach: the file
// systems and archives that a build passes through on Linux do not keep them.
package seal

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/codesign/requirement"
	"github.com/codewarrant/codewarrant/internal/inorder"
)

const (
	// maxSize bounds a CodeResources file, in bytes. At 400 bytes a file this is
	// 40,000 files; applications built on Electron have one to five thousand.
	maxSize = 16 << 20

	// maxPath bounds a path in a bundle, in bytes: PATH_MAX of macOS.
	maxPath = 1024

	// maxRequirements bounds the requirements of all nested code, in bytes: each may
	// be an operation, which takes 80 in memory. Real ones have 200.
	maxRequirements = 1 << 20

	// maxEntries bounds the files, folders and links that are listed of one bundle,
	// each as often as it is listed. A list of sealed files has room for 50,000.
	maxEntries = 200_000

	// maxProblems bounds what is told of one bundle. Nobody reads more, and a
	// bundle that was unpacked wrongly has one for every file.
	maxProblems = 1000

	// blockSize is what is read at a time, in bytes.
	blockSize = 1 << 20
)

// FS is a bundle. Names are relative to it, with slashes; "." is the bundle.
type FS interface {
	// ReadDir returns the entries of a folder sorted by name, those read before
	// an error too.
	ReadDir(name string) ([]fs.DirEntry, error)
	// ReadLink returns where a symbolic link leads to.
	ReadLink(name string) (string, error)
	// Open opens a regular file and returns its size in bytes, which is all that
	// can be read. Anything but a regular file is an error.
	Open(name string) (io.ReadCloser, int64, error)
}

// Kind is the kind of a [Problem].
type Kind string

// The first five concern the seal as a whole.
const (
	NoSeal       Kind = "no-seal"       // there is no CodeResources, which macOS asks of signed bundles
	Malformed    Kind = "malformed"     // the list, or an entry, is not what Security.framework reads
	BadRule      Kind = "bad-rule"      // a rule that cannot be followed
	WeakRules    Kind = "weak-rules"    // the rules leave out what may not be left out
	WeakEnvelope Kind = "weak-envelope" // only files, which knows neither links nor nested code

	Missing    Kind = "missing"     // sealed, but not there
	Changed    Kind = "changed"     // there, but not as it was sealed
	Unsealed   Kind = "unsealed"    // there, but not sealed
	Renamed    Kind = "renamed"     // as sealed, under a name of other bytes that spell the same
	BadLink    Kind = "bad-link"    // a link to what the seal does not cover
	NotRegular Kind = "not-regular" // neither file, folder nor link
	Unreadable Kind = "unreadable"  // could not be read
	Stopped    Kind = "stopped"     // the context ended, or a limit was passed
)

// Problem is one way in which a bundle is not as it was sealed.
type Problem struct {
	Kind   Kind
	Path   string // in the bundle, with slashes
	Detail string // what is wrong, without the path

	// Outward is where a link leads that leaves the bundle, from the bundle's folder: it
	// begins with ../. Empty for any other problem.
	Outward string
}

// Nested is code that the seal names by the requirement it has to meet: a file, or
// the folder of a bundle. Whether it is signed, and meets the requirement, is not
// looked at here.
type Nested struct {
	Path string // in the bundle, with slashes
	Dir  bool   // a bundle
	// Detached is whether it has its signature in files of its own, as codesign writes
	// it for a bundle without a main executable.
	Detached bool
	// Requirement alone counts: ad hoc code has one that names its cdhashes.
	Requirement requirement.Requirement
	// CDHash is that of the one slice that codesign chose at the time, in hex; it
	// may be empty. Security.framework does not compare it.
	CDHash string
}

// Result is what was found in a bundle.
type Result struct {
	// CodeResources are the bytes that special slot 3 binds, nil when there is no
	// such file or it could not be read.
	CodeResources []byte
	// Versioned is whether this is the outer folder of a framework: the seals are
	// in the bundles below Versions, whose names these are, in ascending order.
	Versioned bool
	Versions  []string
	// Files counts the regular files that are as they were sealed.
	Files int
	// SHA1 counts those of Files that have no hash but SHA-1.
	SHA1 int
	// Ticket is whether a notarization ticket is stapled to the bundle: that there
	// is a file where the system looks for one (registerStapledTicketInBundle in
	// notarization.cpp). What is in it is not known here.
	Ticket bool
	// Nested is in the order of its paths.
	Nested []Nested
	// Flattened are links that were found as copies of what they lead to, as
	// actions/upload-artifact makes them, in the order of their paths. Each copy
	// is like its original, byte for byte.
	Flattened []string
	// Problems are in the order of their paths; More is how many there were
	// beyond the first thousand.
	Problems []Problem
	More     int
}

// Verify compares the files of a bundle with its seal. Executable is the name of
// the main executable, which carries the signature and is not sealed; it is empty
// when there is none.
//
// The work is bounded by the size of the files that are there, and their number by
// 200,000. When that is passed or ctx ends it stops, which is a problem.
func Verify(ctx context.Context, bundle FS, executable string) Result {
	return verify(ctx, bundle, executable, maxEntries)
}

func verify(ctx context.Context, bundle FS, executable string, entries int) Result {
	v := &verifier{fsys: bundle, entries: entries}
	v.stop = func() error {
		if v.entries < 0 {
			return fmt.Errorf("more than %d files, folders and links", maxEntries)
		}
		return ctx.Err()
	}
	v.bundle(executable)
	r := v.result
	inorder.By(r.Problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Detail, b.Detail))
	})
	inorder.By(r.Nested, func(a, b Nested) int { return cmp.Compare(a.Path, b.Path) })
	slices.Sort(r.Flattened)
	return r
}

// verifier looks at one bundle.
type verifier struct {
	stop    func() error // says why, once the work is to end
	ended   bool         // and that was told
	fsys    FS
	entries int    // that may be listed yet
	base    string // of the names in the seal: the folder that has _CodeSignature
	sealed  *envelope
	rules   rules
	result  Result
	buffer  []byte
}

// list returns the entries of a folder, and counts them.
func (v *verifier) list(name string) ([]fs.DirEntry, error) {
	entries, err := v.fsys.ReadDir(name)
	v.entries -= len(entries)
	return entries, err
}

func (v *verifier) problem(kind Kind, name, format string, args ...any) {
	if len(v.result.Problems) == maxProblems {
		v.result.More++
		return
	}
	v.result.Problems = append(v.result.Problems, Problem{Kind: kind, Path: strings.Clone(name), Detail: fmt.Sprintf(format, args...)})
}

// unreadable tells of an error of the file system.
func (v *verifier) unreadable(name string, err error) {
	if v.stopped(name) {
		return
	}
	v.problem(Unreadable, name, "%v", bare(err))
}

// stopped reports whether the work is to end, and tells so the first time.
func (v *verifier) stopped(name string) bool {
	err := v.stop()
	if err != nil && !v.ended {
		v.ended = true
		// Whatever was told before: it is the one that says that there may be more.
		v.result.Problems = append(v.result.Problems, Problem{Kind: Stopped, Path: name, Detail: fmt.Sprintf("the rest was not looked at: %v", err)})
	}
	return err != nil
}

// in returns the name in the bundle of a name in the seal.
func (v *verifier) in(rel string) string { return path.Join(v.base, rel) }

// bare returns err without the operation and the path that package os adds.
func bare(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	return err
}
