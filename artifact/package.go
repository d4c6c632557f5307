package artifact

import (
	"fmt"
	"path"
	"slices"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// packageFiles are what tells an installer package from other archives of its format: a
// component has the one, and a distribution, which may hold several, the other.
var packageFiles = []string{"PackageInfo", "Distribution"}

// maxUncovered is how many files without a checksum are named.
const maxUncovered = 5

// openPackage returns what a xar says of itself, nil when it is no installer package.
func openPackage(c content, size int64) (*Package, error) {
	is, p := false, &Package{}
	x, err := archive.ReadXar(c, size, func(e archive.Entry) bool {
		is = is || slices.Contains(packageFiles, e.Name)
		if e.Packed > 0 && !covers(e.Raw) && !covers(e.Sum) && len(p.Uncovered) < maxUncovered {
			p.Uncovered = append(p.Uncovered, e.Name)
		}
		return true
	})
	if err != nil || !is {
		return nil, err
	}
	p.Algorithm, p.Sum = x.Algorithm, x.Sum
	for _, s := range x.Signatures {
		switch {
		case s.Style == "CMS" && p.CMS == nil:
			p.CMS = &PackageSignature{s.Bytes, s.Certificates}
		case s.Style == "RSA" && p.RSA == nil:
			p.RSA = &PackageSignature{s.Bytes, s.Certificates}
		default:
			return nil, &archive.AmbiguousError{Why: fmt.Sprintf("a signature of the style %.20q, or two of one style", s.Style)}
		}
	}
	return p, nil
}

// covers reports whether a checksum stands for the contents that it is of. Those of
// another kind than these are an error when the file is read.
func covers(s archive.Sum) bool { return s.Algorithm != "" && s.Algorithm != "crc32" }

// isScript reports whether the Installer runs a file of the archive of scripts, as root,
// by its name alone (Installer's package format; productbuild(1), pkgbuild(1)).
func isScript(name string) bool {
	return slices.Contains([]string{"preinstall", "postinstall", "preflight", "postflight", "preupgrade", "postupgrade"}, path.Base(name))
}
