package artifact

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Bundle is a folder that macOS takes as one thing.
//
// A folder with a bundle's suffix is one even when its Info.plist is gone, but for the
// root of an archive, which has the name of the file; and any folder with a
// Contents/Info.plist or a Contents/_CodeSignature is one. Every version of a framework
// that has an Info.plist or a signature is a bundle inside, as codesign sees it; so is
// Versions/Current when a tool has replaced the link by a copy.
type Bundle struct {
	Path, Inside string // as in Item
	Kind         string // the suffix in lower case, as in "app"; "bundle" for an unknown one

	Identifier   string // CFBundleIdentifier
	Version      string // CFBundleVersion
	ShortVersion string // CFBundleShortVersionString
	// Executable is the name of the main executable: CFBundleExecutable, or the
	// name of the bundle without its suffix when the Info.plist has none.
	Executable string

	// InfoPath is the path of the Info.plist, as in Path, empty when there is none.
	InfoPath string
	// InfoPlist are the bytes that the other fields were read from, nil when there
	// is no Info.plist or it could not be read.
	InfoPlist []byte
	// Err is why the Info.plist could not be read, or what in it makes no sense.
	Err error

	// Parent is the bundle around it, nil for none. Of a version of a framework that is
	// the framework.
	Parent *Bundle

	tree   tree
	rel    string // in the tree
	main   string // the main executable in the tree, empty when it is not there
	named  bool   // the Info.plist names a main executable
	signed bool   // it has the files of a signature, known when it is left
	plain  bool   // there is nothing but the suffix that makes it a bundle
	met    bool   // the main executable was yielded, of a framework that of a version
	holds  bool   // a bundle in it was not met that has a signature or names an executable
}

// BundleKinds returns the kinds of bundles: the suffixes that are known, among them
// bundle, which stands for any other.
func BundleKinds() []string { return slices.Clone(bundleKinds) }

var bundleKinds = []string{
	"aaxplugin", "action", "app", "appex", "bundle", "clap", "colorpicker", "component", "dext", "driver", "framework",
	"kext", "mdimporter", "osax", "plugin", "prefpane", "qlgenerator", "saver", "service", "systemextension", "vst",
	"vst3", "wdgt", "xctest", "xpc",
}

// bundleKind returns the kind of bundle that a name promises, empty for none.
func bundleKind(name string) string {
	suffix := strings.ToLower(path.Ext(name))
	if len(name) == len(suffix) { // .bundle alone is a folder of Ruby's
		return ""
	}
	if kind := strings.TrimPrefix(suffix, "."); slices.Contains(bundleKinds, kind) {
		return kind
	}
	return ""
}

// bundle returns the bundle that begins at p, nil for none.
func (w *walker) bundle(p place, entries []fs.DirEntry) *Bundle {
	name := path.Base(p.rel)
	if p.rel == "." {
		name = w.name
	}
	kind := bundleKind(name)
	version := p.inner.hasVersion(p.rel)
	if kind == "" && !version && !hasFolder(entries, "Contents") || p.inner.hasVersions(p.rel) {
		return nil
	}
	info, err := w.findInfo(p.rel, entries, kind == "framework")
	switch {
	case kind == "" && info == "" && err == nil && !(version && hasFolder(entries, "_CodeSignature")) && (version || !w.hasSignature(p.rel, entries)):
		return nil
	case version:
		kind, name = p.inner.Kind, path.Base(p.inner.Inside)
	case kind == "":
		kind = "bundle"
	}
	plain := info == "" && err == nil && !slices.ContainsFunc([]string{"Contents", "Versions", "_CodeSignature"}, func(name string) bool {
		return hasFolder(entries, name)
	})
	if p.rel == "." && w.packed && plain {
		return nil // Acme.app.zip with Acme.app in it: a name that whoever packed it chose
	}
	if p.rel == "." && w.inside == "" {
		w.inside = w.name
	}
	b := &Bundle{
		Path:       path.Join(w.path, p.rel),
		Inside:     path.Join(w.inside, p.rel),
		Kind:       kind,
		Executable: strings.TrimSuffix(name, path.Ext(name)),
		Err:        err,
		Parent:     p.inner,
		tree:       w.tree,
		rel:        p.rel,
		plain:      plain,
	}
	if info != "" {
		b.InfoPath = path.Join(w.path, info)
		b.Err = w.readInfo(b, info)
	}
	if err := w.findMain(b, layoutOf(entries, kind == "framework" && !version), entries); b.Err == nil {
		b.Err = err
	}
	return b
}

// Framework returns the framework of which b is a version, nil for none.
func (b *Bundle) Framework() *Bundle {
	if !b.Parent.hasVersion(b.rel) {
		return nil
	}
	return b.Parent
}

// hasVersion reports whether rel is a version of the framework b, which is not itself a
// version of one.
func (b *Bundle) hasVersion(rel string) bool {
	return b.hasVersions(path.Dir(rel)) && b.Framework() == nil
}

// hasVersions reports whether rel is the folder of the versions of the framework b. It
// is no bundle, whatever is in it.
func (b *Bundle) hasVersions(rel string) bool {
	return b != nil && b.Kind == "framework" && strings.EqualFold(rel, path.Join(b.rel, "Versions"))
}

// signs reports whether b is a bundle of which a signature is to be expected: more than
// the suffix says so, and it is no symbols of a debugger.
func (b *Bundle) signs() bool {
	return !b.plain && !strings.EqualFold(path.Ext(b.Inside), ".dSYM")
}

func (b *Bundle) isProgram() bool { return slices.Contains(programs, b.Kind) }

// isSealed reports whether there is a bundle around b that seals it, or of which is
// told that it does not.
func (b *Bundle) isSealed() bool {
	for p := b.Parent; p != nil; p = p.Parent {
		if p.signs() || p.isProgram() {
			return true
		}
	}
	return false
}
