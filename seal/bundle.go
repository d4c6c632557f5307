package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// codeResources is where the seal is, below the support folder of the bundle
// (BUNDLEDISKREP_DIRECTORY in bundlediskrep.h).
const (
	signatureDir  = "_CodeSignature"
	codeResources = signatureDir + "/CodeResources"
)

// bundle tells the layouts apart in the order of BundleDiskRep::setup, but for the
// one with Support Files: package artifact tells of every bundle that has it, and of
// names that are links or not spelled so.
func (v *verifier) bundle(executable string) {
	entries, err := v.list(".")
	if err != nil {
		v.unreadable(".", err)
	}
	switch {
	case hasFolder(entries, "Contents"):
		v.base = "Contents"
		v.root(entries)
		_, v.result.Ticket = v.stat("Contents/CodeResources")
	case hasFolder(entries, "Versions") && !hasFolder(entries, signatureDir):
		v.result.Versioned = true
		v.framework(entries)
		return
	}
	v.meta()
	raw, err := v.read(v.in(codeResources))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.problem(NoSeal, v.in(codeResources), "there is no such file")
		return
	case err != nil:
		v.unreadable(v.in(codeResources), err)
		return
	}
	v.result.CodeResources = raw
	if !v.open(raw) {
		return
	}
	v.rules.executable = v.relative(executable)
	v.folder("")
	v.leftovers()
}

func hasFolder(entries []fs.DirEntry, name string) bool {
	return slices.ContainsFunc(entries, func(e fs.DirEntry) bool { return e.Name() == name && e.IsDir() })
}

// relative returns what a name in the bundle is in the seal, empty when the seal
// does not reach there.
func (v *verifier) relative(name string) string {
	if v.base == "" || name == "" {
		return name
	}
	rel, ok := strings.CutPrefix(path.Clean(name), v.base+"/")
	if !ok {
		return ""
	}
	return rel
}

// read reads a CodeResources file.
func (v *verifier) read(name string) ([]byte, error) {
	r, size, err := v.fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > maxSize {
		return nil, fmt.Errorf("%d bytes, more than %d", size, maxSize)
	}
	return io.ReadAll(io.LimitReader(r, maxSize))
}

// root checks that nothing is beside Contents (errSecCSUnsealedAppRoot).
func (v *verifier) root(entries []fs.DirEntry) {
	for _, e := range entries {
		switch e.Name() {
		case "Contents":
			continue
		case ".LSOverride", ".DS_Store", "Icon\r", ".SoftwareDepot.tracking":
			if e.Type().IsRegular() {
				v.noexec(e.Name(), e)
				continue
			}
		}
		v.problem(Unsealed, e.Name(), "beside Contents, where no seal reaches")
	}
}

// noexec tells of a file that needs no seal as long as it cannot be run
// (DirValidator::noexec).
func (v *verifier) noexec(name string, e fs.DirEntry) {
	info, err := e.Info()
	switch {
	case err != nil:
		v.unreadable(name, err)
	case info.Mode().Perm()&0o111 != 0:
		v.problem(Unsealed, name, "a file that may be executed, in a place where none may be")
	}
}

// meta checks that there is nothing in _CodeSignature that is not part of the
// signature (BundleDiskRep::validateMetaDirectory). Code other than Mach-O has
// more there; an ad hoc signature leaves an empty CodeSignature.
func (v *verifier) meta() {
	dir := v.in(signatureDir)
	entries, err := v.list(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.unreadable(dir, err)
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		switch {
		case !e.Type().IsRegular():
			v.problem(NotRegular, name, "only files may be here")
		case e.Name() == "CodeResources", e.Name() == "CodeSignature" && v.isEmpty(name):
		default:
			v.problem(Unsealed, name, "not a part of the signature")
		}
	}
}

func (v *verifier) isEmpty(name string) bool {
	size, ok := v.stat(name)
	return ok && size == 0
}

// stat returns the size of a regular file in bytes, and whether there is one.
func (v *verifier) stat(name string) (size int64, ok bool) {
	r, size, err := v.fsys.Open(name)
	if err != nil {
		return 0, false
	}
	return size, r.Close() == nil
}
