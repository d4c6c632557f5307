package artifact

import (
	"bytes"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/internal/boundedplist"
)

// layout is where a bundle has its Info.plist and its main executable: folders
// relative to the bundle.
type layout struct {
	support    string
	executable []string // in the order of search
}

// layoutOf tells the layouts apart by the folders that are there, as
// _CFBundleGetBundleVersionForURL does. In a framework Resources counts first.
func layoutOf(entries []fs.DirEntry, framework bool) layout {
	layouts := []layout{
		{"Contents", []string{"Contents/MacOS", "Contents", "."}},
		{"Resources", []string{"."}},
		{"Support Files", []string{"Support Files/Executables/MacOS", "Support Files/Executables", "."}},
	}
	if framework {
		layouts[0], layouts[1] = layouts[1], layouts[0]
	}
	for _, l := range layouts {
		if e := find(entries, l.support); isFolder(e) {
			for i, dir := range l.executable { // the name as it is written
				if rest, ok := strings.CutPrefix(dir, l.support); ok {
					l.executable[i] = e.Name() + rest
				}
			}
			l.support = e.Name()
			return l
		}
	}
	return layout{".", []string{"MacOS", "."}}
}

// isFolder takes a link for a folder, as CoreFoundation does.
func isFolder(e fs.DirEntry) bool {
	return e != nil && (e.IsDir() || e.Type()&fs.ModeSymlink != 0)
}

func hasFolder(entries []fs.DirEntry, name string) bool { return isFolder(find(entries, name)) }

// isSparseBundle reports whether a folder is a disk image in parts, which are in its folder
// bands. macOS tells them by their name or a key of their Info.plist (hdiutil(1), "SPARSEBUNDLE").
func (w *walker) isSparseBundle(rel string, entries []fs.DirEntry) bool {
	const key, most = "diskimage-bundle-type", 64 << 10
	if ext := strings.ToLower(path.Ext(rel)); ext == ".sparsebundle" || ext == ".backupbundle" {
		return true
	}
	if find(entries, "bands") == nil {
		return false
	}
	c, size, err := w.tree.Open(path.Join(rel, infoName))
	if err != nil {
		return false
	}
	defer c.Close()
	b := make([]byte, min(size, most))
	n, _ := c.ReadAt(b, 0)
	var info struct {
		Kind string `plist:"diskimage-bundle-type"`
	}
	// The key may be written in entities, which is an error.
	return bytes.Contains(b[:n], []byte(key)) || boundedplist.Unmarshal(b[:n], &info) != nil || info.Kind != ""
}

// findInfo returns where the Info.plist of the bundle at rel is, empty when there
// is none. BundleDiskRep::setup prefers Versions/Current to the bundle itself,
// unless that has Contents or Support Files. Versions/A stands in for a Current
// that was lost on the way.
func (w *walker) findInfo(rel string, entries []fs.DirEntry, framework bool) (string, error) {
	versioned := hasFolder(entries, "Versions") && !hasFolder(entries, "Contents") && !hasFolder(entries, "Support Files")
	if versioned {
		if info, err := w.infoIn(path.Join(rel, "Versions/Current")); info != "" || err != nil {
			return info, err
		}
	}
	info, err := w.infoAt(rel, layoutOf(entries, framework))
	if info == "" && err == nil && versioned {
		info, err = w.infoIn(path.Join(rel, "Versions/A"))
	}
	return info, err
}

func (w *walker) infoIn(rel string) (string, error) {
	entries, err := w.list(rel)
	if err != nil {
		return "", nil // absent, or the walk will say what is wrong with it
	}
	return w.infoAt(rel, layoutOf(entries, false))
}

// infoAt looks for the Info.plist of macOS, then for that of all platforms
// (_CFBundleCopyInfoDictionaryInDirectoryWithVersion).
func (w *walker) infoAt(rel string, l layout) (string, error) {
	support := path.Join(rel, l.support)
	entries, err := w.list(support)
	if err != nil {
		return "", nil
	}
	for _, name := range []string{"Info-macos.plist", infoName} {
		e := find(entries, name)
		switch {
		case e == nil:
		case !e.Type().IsRegular(): // BundleDiskRep::loadRegularFile
			return "", fmt.Errorf("%s: %w", e.Name(), errNotRegular)
		default:
			return path.Join(support, e.Name()), nil
		}
	}
	return "", nil
}

// findMain looks for the main executable where CoreFoundation does
// (_CFBundleCopyExecutableURLInDirectory2). The name may have components, ".."
// too, but no file outside of the bundle is its executable.
func (w *walker) findMain(b *Bundle, l layout, entries []fs.DirEntry) error {
	if len(b.Executable) > maxPath {
		return fmt.Errorf("%s: CFBundleExecutable of %d bytes", infoName, len(b.Executable))
	}
	inside := func(name string) bool {
		return !path.IsAbs(b.Executable) && strings.HasPrefix(path.Join("/tree", name)+"/", path.Join("/tree", b.rel)+"/")
	}
	var candidates []string
	for _, dir := range l.executable {
		if name := path.Join(b.rel, dir, b.Executable); inside(name) {
			candidates = append(candidates, name)
		}
	}
	if len(candidates) == 0 {
		return fmt.Errorf("%s: CFBundleExecutable %.80q leads out of the bundle", infoName, b.Executable)
	}
	for _, name := range slices.Compact(candidates) {
		if b.main = w.regular(b.rel, entries, name); b.main != "" {
			break
		}
	}
	return nil
}

// regular returns the regular file of that name below a folder with these entries, as it is written there,
// empty when it is not there. It follows no link: what is behind one is met by its own
// name, and may be in no bundle or another one.
func (w *walker) regular(rel string, entries []fs.DirEntry, name string) string {
	if rel != "." {
		name = strings.TrimPrefix(strings.TrimPrefix(name, rel), "/")
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		e := find(entries, part)
		isLast := i == len(parts)-1
		if e == nil || isLast && !e.Type().IsRegular() || !isLast && !e.IsDir() {
			return ""
		}
		rel = path.Join(rel, e.Name())
		if isLast {
			break
		}
		var err error
		if entries, err = w.list(rel); err != nil {
			return ""
		}
	}
	return rel
}

// oldLayout returns why the readers of macOS may take the folders of a bundle
// differently, nil for none. CoreFoundation takes the Info.plist from Resources where
// BundleDiskRep::setup takes the seal from Support Files, and how a name is spelled, or
// whether it is a link, counts on some volumes and for some readers alone.
func oldLayout(entries []fs.DirEntry) error {
	if e := find(entries, "Support Files"); isFolder(e) {
		return fmt.Errorf("a bundle with a folder %q, from which parts of macOS take the seal and others nothing", e.Name())
	}
	switch e := find(entries, "Contents"); {
	case !isFolder(e):
	case !e.IsDir():
		return fmt.Errorf("%q is a link, so that what is sealed depends on who reads the bundle", e.Name())
	case e.Name() != "Contents":
		return fmt.Errorf("%q is not spelled Contents, so that what is sealed depends on the volume", e.Name())
	}
	return nil
}

// hasSignature reports whether there is a signature in the folder Contents.
func (w *walker) hasSignature(rel string, entries []fs.DirEntry) bool {
	contents := find(entries, "Contents")
	if !isFolder(contents) {
		return false
	}
	inside, err := w.list(path.Join(rel, contents.Name()))
	return err == nil && hasFolder(inside, "_CodeSignature")
}

// programs are the kinds of bundles that are run. Others may do without a main
// executable, as bundles of resources do.
var programs = []string{"app", "appex", "dext", "systemextension", "xpc"}
