package cli

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// readBounded reads a regular file, and one byte over the limit at most, so that
// the reader behind it sees that there is too much.
func readBounded(name string, limit int64) ([]byte, error) {
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, limit+1))
}

func stageName(given string) string { return cmp.Or(given, policy.DefaultStage) }

// maxSources bounds the .entitlements files of one run, in bytes: a claim takes some
// kilobytes of memory until the report is written. Real files have one or two.
const maxSources = 2 << 20

// addSources reads the .entitlements files of that name into the input of a check,
// each once.
func addSources(in *check.Input, names []string) {
	left := maxSources
	seen := map[string]bool{}
	for _, name := range names {
		path := relative(name)
		if seen[path] {
			continue
		}
		seen[path] = true
		b, err := readBounded(name, entitlement.MaxSize)
		if left -= len(b); left < 0 && err == nil {
			err = fmt.Errorf("the .entitlements files of one run are more than %d bytes; check them in parts", maxSources)
		}
		if err != nil {
			in.Unread = append(in.Unread, check.Unread{Path: path, Err: err})
			continue
		}
		in.Sources = append(in.Sources, check.Source{Path: path, Inside: check.Inside(path), Source: entitlement.ReadSource(b)})
	}
}

// relative returns a path below the current folder relative to it, as a policy
// and a pull request name it; any other one as it is.
func relative(name string) string {
	if cwd, err := os.Getwd(); err == nil && filepath.IsAbs(name) {
		if rel, err := filepath.Rel(cwd, name); err == nil && filepath.IsLocal(rel) {
			name = rel
		}
	}
	return filepath.ToSlash(filepath.Clean(name))
}
