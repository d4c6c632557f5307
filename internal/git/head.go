package git

import (
	"bufio"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Head returns the full name of the commit that is checked out in a folder, as its .git
// says, without git. It is empty where that cannot be told so: in a worktree, in a
// repository of another form, and where nothing is checked out.
func Head(root string) string {
	dir, err := os.OpenRoot(filepath.Join(root, ".git"))
	if err != nil {
		return ""
	}
	defer dir.Close()
	head := line(dir, "HEAD")
	ref, symbolic := strings.CutPrefix(head, "ref: ")
	if !symbolic {
		return named(head)
	}
	if !strings.HasPrefix(ref, "refs/") || !fs.ValidPath(ref) {
		return ""
	}
	if sha := named(line(dir, ref)); sha != "" {
		return sha
	}
	return packed(dir, ref)
}

// named returns s if it is the full name of an object, and nothing if not.
func named(s string) string {
	if !IsName(s) {
		return ""
	}
	return s
}

// line returns the first line of a small file, or nothing.
func line(dir *os.Root, name string) string {
	const longest = 1 << 10
	f := open(dir, name)
	if f == nil {
		return ""
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, longest))
	if err != nil {
		return ""
	}
	text, _, _ := strings.Cut(string(b), "\n")
	return strings.TrimRight(text, "\r ")
}

// open opens a regular file, or returns nil.
func open(dir *os.Root, name string) *os.File {
	if info, err := dir.Stat(name); err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := dir.Open(name)
	if err != nil {
		return nil
	}
	return f
}

// packed looks for a ref in packed-refs, of which each line is an object and a ref
// (git-pack-refs).
func packed(dir *os.Root, ref string) string {
	const largest = 64 << 20 // half a million refs
	f := open(dir, "packed-refs")
	if f == nil {
		return ""
	}
	defer f.Close()
	lines := bufio.NewScanner(io.LimitReader(f, largest))
	for lines.Scan() {
		if sha, name, ok := strings.Cut(lines.Text(), " "); ok && name == ref {
			return named(sha)
		}
	}
	return ""
}
