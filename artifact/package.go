package artifact

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/archive"
)

// packageFiles say what the Installer does with the others.
var packageFiles = []string{"PackageInfo", "Distribution"}

// maxUncovered is how many files without a checksum are named.
const maxUncovered = 5

// openPackage returns what a xar says of itself, nil when it is no installer package.
func openPackage(c content, size int64) (*Package, error) {
	p := &Package{}
	x, err := archive.ReadXar(c, size, func(e archive.Entry) bool {
		if e.Packed > 0 && !covers(e.Raw) && !covers(e.Sum) && len(p.Uncovered) < maxUncovered {
			p.Uncovered = append(p.Uncovered, e.Name)
		}
		return true
	})
	if err != nil || !x.Package {
		return nil, err
	}
	if x.Behind > 0 {
		p.Uncovered = append(p.Uncovered, fmt.Sprintf("the %d bytes behind its end at %d", x.Behind, x.End))
	}
	p.Algorithm, p.Sum = x.Algorithm, x.Sum
	for _, s := range x.Signatures {
		switch {
		case s.Style == "CMS" && p.CMS == nil:
			p.CMS = &PackageSignature{s.Bytes, s.Certificates}
		case s.Style == "RSA" && p.RSA == nil:
			p.RSA = &PackageSignature{s.Bytes, s.Certificates}
		default:
			return nil, archive.Ambiguous("a signature of the style %.20q, or two of one style", s.Style)
		}
	}
	return p, nil
}

// covers reports whether a checksum stands for the contents that it is of. Those of
// another kind than these are an error when the file is read.
func covers(s archive.Sum) bool { return s.Algorithm() != "" && s.Algorithm() != "crc32" }

// vouch holds all of a file of a package against the checksum in the table of contents:
// it is the checksum that is signed, and the Installer uses files of which nothing else is
// read here. What is to be unpacked is kept, so that it is read once. A file that
// does not have its checksum is told as one that cannot be read, which no setting turns
// off: whether somebody changed it or it was cut short on its way is not known.
func vouch(c content, unpacks bool) error {
	p, ok := c.(*packed)
	switch {
	case !ok || int64(len(p.head)) == p.entry.Size:
		return nil // nothing to hold it against, or all of it was read when it was opened
	case unpacks:
		p.once.Do(p.unpack)
		return p.err
	}
	s, err := p.stream()
	if err != nil {
		return err
	}
	defer s.Close()
	_, err = io.Copy(io.Discard, s)
	return err
}

// installerScripts are the names of what the Installer runs, as root, of the archive of
// scripts (Installer's package format; productbuild(1), pkgbuild(1)).
var installerScripts = []string{"preinstall", "postinstall", "preflight", "postflight", "preupgrade", "postupgrade"}

// isScript reports whether a file of the archive of scripts is one: by its name, or by how
// it begins, for PackageInfo may name others, and they may run each other.
func isScript(name string, c io.ReaderAt) bool {
	if slices.Contains(installerScripts, path.Base(name)) {
		return true
	}
	var b [2]byte
	n, _ := c.ReadAt(b[:], 0) // what cannot be read is told by whoever reads more of it
	return n == len(b) && string(b[:]) == "#!"
}

// expressions are the attributes of a Distribution that are JavaScript (Distribution XML
// Reference). Those that call nothing are told apart by having no parenthesis.
var expressions = []string{"script", "selected", "enabled", "visible", "start_selected", "start_enabled", "start_visible"}

// runs returns what the Installer runs as PackageInfo or Distribution says, beside the
// scripts that are known by their names, and packages that it gets elsewhere: those in the
// package itself have a # before their path (Distribution XML Reference, pkg-ref).
func (u *unpacker) runs(c content, size int64) (list []string, err error) {
	r := u.bounded(io.NewSectionReader(c, 0, size), size)
	if s, ok := c.(streamer); ok {
		stream, err := s.stream()
		if err != nil {
			return nil, err
		}
		defer stream.Close()
		r = stream
	}
	code, programs := false, false
	err = archive.Elements(r, func(e xml.StartElement) {
		code = code || e.Name.Local == "script"
		for _, a := range e.Attr {
			switch name := a.Name.Local; {
			case name == "file" && len(list) < maxNamed && slices.Contains(installerScripts, e.Name.Local) && !slices.Contains(installerScripts, path.Clean(a.Value)):
				list = append(list, fmt.Sprintf("it names %.200q as a script that the Installer runs as root", a.Value))
			case slices.Contains(expressions, name) && strings.Contains(a.Value, "("):
				code = true
			case name == "allow-external-scripts" && !slices.Contains([]string{"no", "false"}, strings.ToLower(a.Value)):
				programs = true
			}
		}
	}, func(in, part string) {
		if part = strings.TrimSpace(part); in == "pkg-ref" && part != "" && !strings.HasPrefix(part, "#") && len(list) < maxNamed {
			list = append(list, fmt.Sprintf("it has the Installer install %.200q, which is not in this package", part))
		}
	})
	if code {
		list = append(list, "JavaScript in it that the Installer runs")
	}
	if programs {
		list = append(list, "it allows its JavaScript to run programs")
	}
	return list, err
}

// maxNamed is how many scripts of one file are named.
const maxNamed = 100

// packageFile holds a file of a package against its checksum, and tells what it says that
// the Installer runs. It returns false when the walk is to end, and read when the file
// may be looked into.
func (w *walker) packageFile(rel string, c content, size int64, unpacks bool) (more, read bool) {
	if err := vouch(c, unpacks); err != nil {
		return w.problem(rel, Unreadable, err), false
	}
	if !slices.Contains(packageFiles, path.Base(rel)) {
		return true, true
	}
	if w.left.info -= min(size, archive.MaxDocument); w.ends(rel) {
		return false, false
	}
	list, err := w.left.runs(c, size)
	for _, what := range list {
		if !w.problem(rel, Script, errors.New(what)) {
			return false, false
		}
	}
	return err == nil || w.problem(rel, kindOf(err), err), true
}
