package scan

import (
	"io"
	"path"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/evidence"
)

const (
	// maxScripts bounds the files of a bundle that may be scripts which are looked at. Few
	// programs have more than one.
	maxScripts = 64

	// maxListed bounds the files of a folder among which they are sought.
	maxListed = 1000
)

// readScripts looks for scripts beside the main executable of a bundle, and in its
// resources, that start it with variables of dyld's, and adds what they say to what the
// code says.
func readScripts(bundle *artifact.Bundle, slices []check.Slice) {
	left := maxScripts
	for _, dir := range []string{path.Dir(bundle.Main()), "Contents/Resources"} {
		entries, err := bundle.ReadDir(dir)
		if err != nil {
			continue // there is none, or the seal tells of it
		}
		for _, e := range entries[:min(len(entries), maxListed)] {
			name := path.Join(dir, e.Name())
			if !e.Type().IsRegular() || name == bundle.Main() || left == 0 {
				continue
			}
			head, script := readScript(bundle, name)
			if !script {
				continue
			}
			left--
			if item, ok := evidence.Script(name, head); ok {
				for i := range slices {
					if slices[i].Code != nil {
						slices[i].Code.Items = append(slices[i].Code.Items, item)
					}
				}
			}
		}
	}
}

// readScript returns the beginning of a file, if it is a script.
func readScript(bundle *artifact.Bundle, name string) ([]byte, bool) {
	f, _, err := bundle.Open(name)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	var magic [2]byte
	if _, err := io.ReadFull(f, magic[:]); err != nil || string(magic[:]) != "#!" {
		return nil, false
	}
	rest, _ := io.ReadAll(io.LimitReader(f, evidence.MaxScript-int64(len(magic))))
	return append(magic[:], rest...), true
}
