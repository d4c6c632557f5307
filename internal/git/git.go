// Package git reads files of a commit out of a checkout, with the git that is installed.
//
// The checkout is hostile, and so is what git makes of it: git is asked for objects by
// their full names alone, and what it returns has to be the object of that name, from
// the commit over its trees to the file. So neither replace refs nor grafts, alternates
// or a broken object lead to another file. The form of objects is that of Git Internals:
// https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
//
// No hook, filter, pager, helper or transport of the repository's configuration is run:
// only rev-parse and cat-file are, which need none, with every protocol forbidden, so
// that a partial clone fetches nothing.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Repository is a checkout, and the git to read it with.
type Repository struct {
	root    string // absolute; the folder that holds .git
	program string // absolute
}

// ErrNoGit is the error of Open where there is no git to run.
var ErrNoGit = errors.New("git is not installed")

// Open returns the repository that is checked out in a folder, which holds .git. A git
// that is in the folder itself is not run.
func Open(root string) (*Repository, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	if _, err := os.Lstat(filepath.Join(root, ".git")); err != nil {
		return nil, fmt.Errorf("%s is not a checkout of git", root)
	}
	program, err := exec.LookPath("git") // which takes none from a relative path
	if err != nil {
		return nil, ErrNoGit
	}
	if program, err = filepath.EvalSymlinks(program); err != nil {
		return nil, ErrNoGit
	}
	if real, err := filepath.EvalSymlinks(root); err != nil || inside(real, program) {
		return nil, ErrNoGit
	}
	return &Repository{root, program}, nil
}

// inside reports whether a path is in a folder. Both are absolute and without links.
func inside(folder, path string) bool {
	rel, err := filepath.Rel(folder, path)
	return err == nil && filepath.IsLocal(rel)
}

// Resolve returns the full name of the commit that a name stands for: a branch, a tag,
// a commit, or what else git takes for one, such as origin/main or HEAD~1. What could be
// several of these is an error: of a branch and a tag git takes the tag (gitrevisions(7)),
// which more people may push.
func (r *Repository) Resolve(ctx context.Context, name string) (string, error) {
	none := fmt.Errorf("the checkout has no commit %q", name)
	if strings.HasPrefix(name, "-") || strings.ContainsAny(name, "\x00\n") {
		return "", none
	}
	sha := r.parse(ctx, name)
	if sha == "" {
		return "", none
	}
	var all []string
	base := name
	if i := strings.IndexAny(name, "~^@:"); i >= 0 {
		base = name[:i]
	}
	for _, folder := range []string{"refs/", "refs/tags/", "refs/heads/", "refs/remotes/"} {
		if r.parse(ctx, folder+base) != "" {
			all = append(all, folder+base)
		}
	}
	if len(base) >= 4 && strings.Trim(base, "0123456789abcdef") == "" { // 4 are the least that git takes
		all = append(all, "the commit "+base)
	}
	if len(all) > 1 {
		return "", fmt.Errorf("%q may be each of %s; name the one that is meant", name, strings.Join(all, ", "))
	}
	return sha, nil
}

// parse returns the commit that git takes a name for, empty for none.
func (r *Repository) parse(ctx context.Context, name string) string {
	out, err := r.run(ctx, maxName, "rev-parse", "--verify", "--quiet", "--end-of-options", name+"^{commit}")
	sha := strings.TrimSpace(string(out))
	if err != nil || !IsName(sha) {
		return ""
	}
	return sha
}

// maxName bounds the name of an object with its line feed, in bytes.
const maxName = 64 + 1

// IsName reports whether s is the full name of an object, of SHA-1 or SHA-256.
func IsName(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}

// patience is how long one run of git may take. It reads one object.
const patience = 30 * time.Second

// run returns what git prints. It is an error when that is more than limit bytes.
func (r *Repository) run(ctx context.Context, limit int, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, r.program, append([]string{
		"--no-pager", "-c", "safe.directory=*", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=" + os.DevNull,
	}, args...)...)
	cmd.Dir = r.root
	cmd.Env = r.environment()
	cmd.WaitDelay = time.Second
	out := &bounded{left: limit}
	cmd.Stdout = out
	if err := cmd.Run(); err != nil {
		// What git says of it may quote a file, and is of no use to who reads it here. An
		// error of the system's is not wrapped: it may tell that a file is not there.
		return nil, fmt.Errorf("git %s: %v", args[0], err)
	}
	return out.kept.Bytes(), nil
}

// environment is all that git knows of the machine. Named by GIT_DIR, a repository of
// another user's is read as well, as containers have it (safe.directory in git-config).
func (r *Repository) environment() []string {
	env := []string{
		"GIT_DIR=" + filepath.Join(r.root, ".git"),
		"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull,
		"GIT_NO_REPLACE_OBJECTS=1", "GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
		"GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0", "LC_ALL=C",
	}
	for _, name := range []string{"PATH", "TMPDIR", "SYSTEMROOT"} { // which git needs to start
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// bounded keeps what is written, up to so many bytes. It has no ReadFrom, by which more
// would come in.
type bounded struct {
	kept bytes.Buffer
	left int
}

func (b *bounded) Write(p []byte) (int, error) {
	if len(p) > b.left {
		return 0, errors.New("more than is read")
	}
	b.left -= len(p)
	return b.kept.Write(p)
}
