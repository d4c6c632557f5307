package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
)

// policyFiles are where a policy is looked for when none is named.
var policyFiles = []string{".github/codewarrant.yml", "codewarrant.yml"}

// invalidPolicy is a policy that cannot be used, with the source of those errors that
// have no excerpt.
type invalidPolicy struct {
	policy.Errors
	named  *policy.Policy // its name and what its text was; nil where it is written, and not read
	source []byte
	at     string // the trusted ref that it stands at; empty: it is in the workspace
}

// withSource gives an error of a policy the text that its places are in.
func withSource(err error, src []byte) error {
	var errs policy.Errors
	if errors.As(err, &errs) {
		return invalidPolicy{Errors: errs, source: src}
	}
	return err
}

// loadPolicy reads the policy of that name, or finds the one that is meant, and all
// that it extends. What a policy says is printed where it is wrong, so one that comes
// with the code that is checked must not be a link to something else.
func loadPolicy(ctx context.Context, env Env, name string) (*policy.Policy, error) {
	p, err := newPolicyReader(ctx, env).load(name)
	if err == nil && name == "" && !policy.IsFile(p.Name) {
		tellMisplaced(env)
	}
	return p, err
}

// policyReader reads policies, and what they name.
type policyReader struct {
	ctx          context.Context  // of the run, since policy.Load knows none
	repositories repositoryReader // nil: those of repositories cannot be read
	base         files            // at the trusted ref; nil: nothing is read there
	repository   string           // that the run is for, OWNER/NAME; empty: it is not known
}

// repositoryReader reads a file of a repository on GitHub.
type repositoryReader interface {
	File(ctx context.Context, owner, repo, path, ref string) ([]byte, error)
}

// newPolicyReader returns one that reads of repositories what the environment gives access
// to, and nothing at the trusted ref.
func newPolicyReader(ctx context.Context, env Env) policyReader {
	return policyReader{ctx: ctx, repositories: newClient(env), repository: env.Getenv("GITHUB_REPOSITORY")}
}

func (r policyReader) load(name string) (*policy.Policy, error) {
	if preset, ok := strings.CutPrefix(name, policy.PresetPrefix); ok {
		return r.read(policy.Location{Preset: preset}, nil)
	}
	if name == "" {
		var err error
		if name, err = findPolicy(); err != nil {
			return nil, err
		}
		if name == "" {
			return r.read(policy.Location{Preset: policy.DefaultPreset}, nil)
		}
	}
	src, err := readNamed(name)
	if err != nil {
		return nil, hinted{fmt.Errorf("policy: %w", err), "name a file, or one of " + strings.Join(presets(), ", ")}
	}
	return r.read(policy.Location{Path: filepath.ToSlash(name)}, src)
}

// readNamed reads the policy of that name: below the current folder no link leads to it,
// anywhere else it is what whoever runs the check has named.
func readNamed(name string) ([]byte, error) {
	inner := relative(name)
	if !filepath.IsLocal(filepath.FromSlash(inner)) {
		return readBounded(name, policy.MaxSize)
	}
	src, err := readPlain(".", inner)
	var failed *fs.PathError
	if errors.As(err, &failed) {
		err = fmt.Errorf("%s: %w", name, failed.Err)
	}
	return src, err
}

// findPolicy returns the name of the policy in the current folder, empty when there is
// none.
func findPolicy() (string, error) {
	root, err := os.OpenRoot(".") // which no link leads out of
	if err != nil {
		return "", err
	}
	defer root.Close()
	for _, candidate := range policyFiles {
		// Whatever is wrong with a file that is there is told; only its absence
		// leads on to the next.
		info, err := root.Lstat(candidate)
		if isMissing(err) {
			continue
		}
		if err == nil && !info.Mode().IsRegular() {
			err = fmt.Errorf("%s is not a regular file", candidate)
		}
		if err != nil {
			return "", hinted{fmt.Errorf("policy: %w", err), "name the policy with --policy"}
		}
		return candidate, nil
	}
	return "", nil
}

// read loads the policy there, whose text is src, with all that it extends.
func (r policyReader) read(at policy.Location, src []byte) (*policy.Policy, error) {
	p, err := policy.Load(at, func(l policy.Location) ([]byte, error) {
		if l == at {
			return src, nil
		}
		return r.text(at, l)
	})
	var errs policy.Errors
	if errors.As(err, &errs) {
		return nil, invalidPolicy{Errors: errs, named: policy.Named(at.String(), src)}
	}
	return p, err
}

// text reads what a policy at one place, or one that it extends, names elsewhere. What
// keeps it from being read is an error of the policy; that there is nothing is no sign
// that there is no policy.
func (r policyReader) text(of, l policy.Location) ([]byte, error) {
	switch {
	case l.Repository != "":
		return r.fetch(l)
	case !l.Base:
		return readBeside(of.Path, l.Path)
	case r.base == nil:
		return nil, &policy.Unreadable{Err: errors.New("nothing is read at the trusted ref here")}
	}
	src, err := r.base.ReadFile(l.Path)
	if err == nil {
		return src, nil
	}
	u := &policy.Unreadable{Err: err}
	var h hinted
	if errors.As(err, &h) {
		u.Hint = h.hint
	}
	return nil, u
}

// fetch reads a policy of another repository.
func (r policyReader) fetch(l policy.Location) ([]byte, error) {
	if r.repositories == nil {
		return nil, errors.New("policies of other repositories are not read here")
	}
	owner, repo, _ := strings.Cut(l.Repository, "/")
	ctx, cancel := context.WithTimeout(r.ctx, patience)
	defer cancel()
	src, err := r.repositories.File(ctx, owner, repo, l.Path, l.Ref)
	var e *github.Error
	if errors.As(err, &e) {
		return nil, &policy.Unreadable{Err: errors.New(e.Message), Hint: e.Hint}
	}
	return src, err
}

// readBeside reads a file beside the policy of that name: in the folder that the check
// runs in when the policy is below it, else in the policy's own. Neither it nor a folder
// on the way may be a link: what is wrong with a policy is printed, and in a pull request
// a link may lead to secrets of the checkout.
func readBeside(of, name string) ([]byte, error) {
	dir, inner := ".", relative(name)
	if !filepath.IsLocal(filepath.FromSlash(relative(of))) {
		dir = filepath.Dir(filepath.FromSlash(of))
		rel, err := filepath.Rel(dir, filepath.FromSlash(name))
		if err != nil {
			return nil, err
		}
		inner = filepath.ToSlash(rel)
	}
	src, err := readPlain(dir, inner)
	if err != nil {
		return nil, &policy.Unreadable{Err: bareError(err), Hint: "a file is looked for beside the policy that names it"}
	}
	return src, nil
}

// readPlain reads a regular file below a folder, to which no link leads, and one byte over the
// limit of policies at most.
func readPlain(dir, name string) ([]byte, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var info fs.FileInfo
	for i := range len(name) + 1 {
		if i < len(name) && name[i] != '/' {
			continue
		}
		if info, err = root.Lstat(name[:i]); err != nil {
			return nil, err
		}
		if info.Mode().Type() == fs.ModeSymlink {
			return nil, fmt.Errorf("%s is a link", name[:i])
		}
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if opened, err := f.Stat(); err != nil || !os.SameFile(info, opened) {
		return nil, errors.Join(err, errors.New("the file was replaced while it was read"))
	}
	return io.ReadAll(io.LimitReader(f, policy.MaxSize+1))
}

// presets are the built-in policies, as --policy takes them.
func presets() []string {
	names := policy.PresetNames()
	for i, name := range names {
		names[i] = policy.PresetPrefix + name
	}
	return names
}
