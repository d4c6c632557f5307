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

// openPackage returns what a xar says of itself, nil when it is no installer package.
func openPackage(c content, size int64) (*Package, error) {
	is := false
	x, err := archive.ReadXar(c, size, func(e archive.Entry) bool {
		is = is || slices.Contains(packageFiles, e.Name)
		return true
	})
	if err != nil || !is {
		return nil, err
	}
	p := &Package{Algorithm: x.Algorithm, Sum: x.Sum}
	for _, s := range x.Signatures {
		switch {
		case s.Style == "CMS" && p.Signature == nil:
			p.Signature = s.Bytes
		case s.Style == "RSA" && p.Old == nil:
			p.Old, p.Certificates = s.Bytes, s.Certificates
		default:
			return nil, &archive.AmbiguousError{Why: fmt.Sprintf("a signature of the style %.20q, or two of one style", s.Style)}
		}
	}
	return p, nil
}

// isScript reports whether the Installer runs a file of the archive of scripts, as root,
// by its name alone (Installer's package format; productbuild(1), pkgbuild(1)).
func isScript(name string) bool {
	return slices.Contains([]string{"preinstall", "postinstall", "preflight", "postflight", "preupgrade", "postupgrade"}, path.Base(name))
}
