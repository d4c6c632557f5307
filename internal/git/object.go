package git

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// Limits of objects in bytes. A commit message of a mebibyte is none, and a folder of
// 100,000 files has some 5 MiB.
const (
	maxCommit = 1 << 20
	maxTree   = 16 << 20
)

// ErrMissing is the error of File where something of the way to the file is not in the
// checkout, as in a shallow one.
var ErrMissing = errors.New("not in the checkout")

// File returns the bytes of a file at a commit, of which the full name is given. The path
// is slash-separated from the root of the repository. It is an error when there is no
// regular file at the path or when it has more than limit bytes.
//
// [errors.Is] tells fs.ErrNotExist: the commit was read and has no such file; and
// ErrMissing.
func (r *Repository) File(ctx context.Context, commit, path string, limit int) ([]byte, error) {
	what := fmt.Sprintf("%s at %.12s", path, commit)
	if !IsName(commit) || !fs.ValidPath(path) || path == "." {
		return nil, fmt.Errorf("%s is not a file at a commit", what)
	}
	header, err := r.object(ctx, "commit", commit, maxCommit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	line, _, _ := strings.Cut(string(header), "\n")
	name, ok := strings.CutPrefix(line, "tree ")
	if !ok || !IsName(name) || len(name) != len(commit) {
		return nil, fmt.Errorf("%s: the commit names no tree", what)
	}
	segments := strings.Split(path, "/")
	for i, segment := range segments {
		tree, err := r.object(ctx, "tree", name, maxTree)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		e, err := find(tree, segment, len(commit)/2)
		if err == nil {
			err = e.wrong(i == len(segments)-1)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", what, err)
		}
		name = e.name
	}
	data, err := r.object(ctx, "blob", name, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return data, nil
}

// object returns an object, which is the one that the name is for. Git calls objects by
// SHA-1 in nearly all repositories: this finds what was mixed up, and what was forged as
// far as SHA-1 does.
func (r *Repository) object(ctx context.Context, kind, name string, limit int) ([]byte, error) {
	data, err := r.run(ctx, limit, "cat-file", kind, name)
	if err != nil {
		return nil, fmt.Errorf("%s %s is %w: %v", kind, name, ErrMissing, err)
	}
	object := fmt.Appendf(nil, "%s %d\x00", kind, len(data))
	object = append(object, data...)
	sum := ""
	if len(name) == 2*sha256.Size {
		sum = fmt.Sprintf("%x", sha256.Sum256(object))
	} else {
		sum = fmt.Sprintf("%x", sha1.Sum(object))
	}
	if sum != name {
		return nil, fmt.Errorf("%s %s is another object, %s", kind, name, sum)
	}
	return data, nil
}

// entry is what a tree says of a name in it.
type entry struct {
	mode string // in octal: 100644, 100755 a file; 40000 a folder; 120000 a link; 160000 a submodule
	name string // of the object
}

// find returns the entry of that name in a tree, of which each is a mode, a space, a
// name, a zero byte and size bytes of the object's name.
func find(tree []byte, name string, size int) (entry, error) {
	for len(tree) > 0 {
		head, rest, ok := bytes.Cut(tree, []byte{0})
		mode, called, spaced := strings.Cut(string(head), " ")
		if !ok || !spaced || len(rest) < size {
			return entry{}, errors.New("malformed tree")
		}
		if called == name {
			return entry{mode, hex.EncodeToString(rest[:size])}, nil
		}
		tree = rest[size:]
	}
	return entry{}, fs.ErrNotExist
}

// wrong says why an entry cannot be on the way to a file, or the file itself.
func (e entry) wrong(last bool) error {
	switch {
	case e.mode == "120000":
		return errors.New("a symbolic link is on the way; name the file itself")
	case e.mode == "160000":
		return errors.New("a submodule is on the way; name the submodule's own repository")
	case last && e.mode == "40000":
		return errors.New("it is a folder")
	case last && !strings.HasPrefix(e.mode, "100"):
		return fmt.Errorf("its mode is %q, which is not a file's", e.mode)
	case !last && strings.HasPrefix(e.mode, "100"):
		return fs.ErrNotExist // as of a path below a file
	case !last && e.mode != "40000":
		return fmt.Errorf("the mode of a folder on the way is %q", e.mode)
	}
	return nil
}
