package docs_test

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/codesign"
	at "github.com/codewarrant/codewarrant/internal/archivetest"
	m "github.com/codewarrant/codewarrant/internal/machotest"
)

// piece is a file of an app as its tool lays it out.
type piece struct {
	path string
	what string // program, library, plug-in, a link as "-> target", or empty for a file that is no code
}

// layoutOf reads a layout as a page shows it: a folder, which ends in a slash, has its
// files below, two blanks further in, and what a file is stands two blanks after its name.
func layoutOf(t *testing.T, block string) (list []piece) {
	t.Helper()
	var folders []string
	for line := range strings.Lines(block) {
		text := strings.TrimLeft(line, " ")
		depth := (len(line) - len(text)) / 2
		if depth > len(folders) {
			t.Fatalf("no folder around %q", line)
		}
		name, what, _ := strings.Cut(strings.TrimSpace(text), "  ")
		folders = append(folders[:depth], name)
		if !strings.HasSuffix(name, "/") {
			list = append(list, piece{strings.Join(folders, ""), strings.TrimSpace(what)})
		}
	}
	return list
}

// codeTypes are the words for code, and the types of Mach-O files.
var codeTypes = map[string]uint32{"program": m.MHExecute, "library": m.MHDylib, "plug-in": m.MHBundle}

// shape is a bundle in a layout.
type shape struct {
	folder  string // that a bundle around it seals
	support string // whose files it seals
	main    string // its main executable
	info    string
}

// shapesOf returns the bundles in a layout, what is inside of another one before that.
func shapesOf(list []piece) (shapes []shape) {
	for _, p := range list {
		if path.Base(p.path) != "Info.plist" {
			continue
		}
		s := shape{info: p.path, support: path.Dir(p.path)}
		s.folder = path.Dir(s.support)
		in := s.support + "/MacOS/"
		if path.Base(s.support) == "Resources" { // of a version of a framework
			s.support = path.Dir(s.support)
			s.folder, in = path.Dir(path.Dir(s.support)), s.support+"/"
		}
		// The main executable is named as the bundle is; that of Java's runtime is all that there is.
		s.main = in + strings.TrimSuffix(path.Base(s.folder), path.Ext(s.folder))
		isMain := func(p piece) bool { return p.path == s.main }
		if !slices.ContainsFunc(list, isMain) {
			i := slices.IndexFunc(list, func(p piece) bool { return codeTypes[p.what] != 0 && path.Dir(p.path)+"/" == in })
			s.main = list[i].path
		}
		shapes = append(shapes, s)
	}
	slices.SortFunc(shapes, func(a, b shape) int { return len(b.support) - len(a.support) })
	return shapes
}

// authority issues what stands in for a Developer ID: nobody but Apple can have one, so
// the tests verify up to a root of their own.
type authority struct{ root, signer, clock *m.Identity }

const teamID = "A1B2C3D4E5"

func newAuthority() authority {
	root := m.Certificate{CommonName: "Root", CA: true, EllipticCurve: true, Until: time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC)}.Issue(nil)
	issue := func(name string, marker int) *m.Identity {
		c := m.Certificate{CommonName: name, CA: true, EllipticCurve: true}
		if marker > 0 {
			c.Markers = append(c.Markers, m.Marker(2, marker))
		}
		return c.Issue(root)
	}
	developer := m.Certificate{CommonName: "Developer ID Application: Acme (" + teamID + ")", Units: []string{teamID}}
	developer.Markers = append(developer.Markers, m.Marker(1, 13))
	clock := m.Certificate{CommonName: "Timestamp Signer", Usages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}}
	return authority{root, developer.Issue(issue("Developer ID CA", 6)), clock.Issue(issue("Timestamp CA", 0))}
}

// signing signs apps. What was signed once with the same things is taken again.
type signing struct {
	authority
	adHoc  bool
	signed map[string][]byte
}

// app is a layout on disk, signed.
type app struct {
	dir  string            // that it is in
	root string            // its folder
	code map[string][]byte // by path
}

// app writes a layout, and signs each piece of code with what it claims.
func (s *signing) app(t *testing.T, list []piece, claims map[string][]string) app {
	t.Helper()
	root, _, _ := strings.Cut(list[0].path, "/")
	a := app{dir: t.TempDir(), root: root, code: map[string][]byte{}}
	shapes := shapesOf(list)
	mains := map[string]bool{}
	for _, b := range shapes {
		mains[b.main] = true
	}
	sealed := map[string]m.Sealed{}
	add := func(p piece, id string, plist, resources []byte) m.Sealed {
		sig := m.Signature{Identifier: id, InfoPlist: plist, CodeResources: resources}
		b := s.sign(codeTypes[p.what], sig, claims[p.path])
		a.write(t, p.path, b, 0o755)
		a.code[p.path] = b
		return m.Sealed{Requirement: fmt.Sprintf("cdhash H%q", cdhash(t, b))}
	}
	for _, p := range list {
		switch target, isLink := strings.CutPrefix(p.what, "-> "); {
		case isLink:
			a.link(t, p.path, target)
		case codeTypes[p.what] == 0:
			a.write(t, p.path, content(p.path), 0o644)
		case !mains[p.path]:
			sealed[p.path] = add(p, strings.TrimSuffix(path.Base(p.path), path.Ext(p.path)), nil, nil)
		}
	}
	for _, b := range shapes {
		id := "com.acme." + strings.NewReplacer(" ", "", "(", ".", ")", "").Replace(strings.TrimSuffix(path.Base(b.folder), path.Ext(b.folder)))
		plist := m.XML("CFBundleExecutable", path.Base(b.main), "CFBundleIdentifier", id, "CFBundleShortVersionString", "1.0")
		a.write(t, b.info, plist, 0o644)
		sealer := m.Sealer{Executable: below(b.support, b.main), Code: map[string]m.Sealed{}}
		for name, code := range sealed {
			if rel := below(b.support, name); nested.MatchString(rel) {
				sealer.Code[rel] = code
			}
		}
		i := slices.IndexFunc(list, func(p piece) bool { return p.path == b.main })
		sealed[b.folder] = add(list[i], id, plist, sealer.Write(t, filepath.Join(a.dir, b.support)))
	}
	return a
}

// nested is where codesign seals code as such; elsewhere it is a file like any other.
var nested = regexp.MustCompile(`^([^/]+$|(Frameworks|MacOS|Helpers)/)`)

// below returns a path from a folder on, which is empty when it is not in there.
func below(folder, name string) string {
	rel, _ := strings.CutPrefix(name, folder+"/")
	if rel == name {
		return ""
	}
	return rel
}

func (s *signing) sign(fileType uint32, sig m.Signature, claims []string) []byte {
	key := fmt.Sprintf("%d %s %q %x %x", fileType, sig.Identifier, claims, sha256.Sum256(sig.InfoPlist), sha256.Sum256(sig.CodeResources))
	if b := s.signed[key]; b != nil {
		return b
	}
	sig.TeamID, sig.Flags = teamID, m.FlagRuntime
	if len(claims) > 0 {
		var pairs []any
		for _, c := range claims {
			pairs = append(pairs, c, true)
		}
		sig.Entitlements, sig.EntitlementsDER = m.XML(pairs...), m.DER(pairs...)
	}
	binary := m.Binary{FileType: fileType, Signature: &sig}
	if s.adHoc {
		sig.TeamID, sig.Flags = "", m.FlagRuntime|m.FlagAdHoc
	} else {
		stamp := &m.Timestamp{Signer: s.clock, Time: time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)}
		binary = binary.Signed(m.CMS{Signer: s.signer, Timestamp: stamp})
	}
	if s.signed == nil {
		s.signed = map[string][]byte{}
	}
	s.signed[key] = binary.Bytes()
	return s.signed[key]
}

// content is something of the kind that the name of a file promises.
func content(name string) []byte {
	switch path.Ext(name) {
	case ".asar":
		return at.Asar(at.Files{"main.js": "run()"})
	case ".jar", ".zip":
		return at.Zip(at.Files{"a": "text"})
	case ".dll":
		return []byte("MZ, and what is managed")
	}
	return []byte("text")
}

func cdhash(t *testing.T, b []byte) string {
	t.Helper()
	sig, err := codesign.Read(bytes.NewReader(b), binaryOf(t, b, nil).Slices[0].Slice)
	if err != nil {
		t.Fatal(err)
	}
	return sig.Directory().CDHash
}

func (a app) write(t *testing.T, name string, b []byte, mode fs.FileMode) {
	t.Helper()
	name = filepath.Join(a.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, mode); err != nil {
		t.Fatal(err)
	}
}

func (a app) link(t *testing.T, name, target string) {
	t.Helper()
	name = filepath.Join(a.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, name); err != nil {
		t.Fatal(err)
	}
}

// packed packs the app beside its folder, links kept, as the workflows do and as releases
// are, and returns the names.
func (a app) packed(t *testing.T) []string {
	t.Helper()
	name, files := strings.TrimSuffix(a.root, ".app"), a.files(t)
	a.write(t, name+".zip", at.Zip(files), 0o644)
	a.write(t, name+".app.tar.gz", at.Gzip(at.Tar(files)), 0o644)
	return []string{name + ".zip", name + ".app.tar.gz"}
}

// files returns what is in the folder of the app.
func (a app) files(t *testing.T) at.Files {
	t.Helper()
	files := at.Files{}
	root := os.DirFS(a.dir)
	err := fs.WalkDir(root, a.root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return nil
		case d.Type()&fs.ModeSymlink != 0:
			target, err := fs.ReadLink(root, name)
			files[name] = "-> " + target
			return err
		}
		b, err := fs.ReadFile(root, name)
		files[name] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}
