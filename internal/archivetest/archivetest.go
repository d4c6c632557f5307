// Package archivetest packs files in the formats that package archive reads, for tests.
// It writes what the usual tools write, in the plainest form; tests make it wrong by
// changing the bytes.
package archivetest

import (
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Files are contents by name. A name that ends in / is a folder; contents that begin
// with "-> " are a symbolic link.
type Files map[string]string

// Format packs files.
type Format struct {
	Name string
	Pack func(Files) []byte
}

// Formats are the formats that keep folders and links.
var Formats = []Format{
	{"zip", Zip},
	{"tar", Tar},
	{"cpio (odc)", func(f Files) []byte { return Cpio(f, false) }},
	{"cpio (newc)", func(f Files) []byte { return Cpio(f, true) }},
	{"xar", func(f Files) []byte { return Xar(f, nil) }},
	{"asar", Asar},
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// names are the files and the folders around them, each folder before what is in it.
func (f Files) names() []string {
	all := map[string]bool{}
	for name := range f {
		all[strings.TrimSuffix(name, "/")] = true
		for dir := path.Dir(strings.TrimSuffix(name, "/")); dir != "."; dir = path.Dir(dir) {
			all[dir] = true
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// get returns the contents of a file, the target of a link, and what of both it is.
func (f Files) get(name string) (content string, mode fs.FileMode) {
	content, ok := f[name]
	if !ok {
		return "", fs.ModeDir
	}
	if target, is := strings.CutPrefix(content, "-> "); is {
		return target, fs.ModeSymlink
	}
	return content, 0
}

// Write writes the files into a folder of the disk: files 0644, folders 0755.
func (f Files) Write(dir string) {
	for _, name := range f.names() {
		content, kind := f.get(name)
		name = filepath.Join(dir, filepath.FromSlash(name))
		switch kind {
		case fs.ModeDir:
			check(os.MkdirAll(name, 0o755))
		case fs.ModeSymlink:
			check(os.Symlink(content, name))
		default:
			check(os.WriteFile(name, []byte(content), 0o644))
		}
	}
}
