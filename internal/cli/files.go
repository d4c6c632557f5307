package cli

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/codewarrant/codewarrant/internal/git"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
)

// files are what a policy is read from at a commit, with what it names beside it. Names
// are slash-separated.
type files interface {
	// ReadFile returns the bytes of a regular file, or one more than policy.MaxSize.
	// fs.ErrNotExist is told of a file that is known not to be there, and of no other: it
	// decides what is trusted.
	ReadFile(name string) ([]byte, error)
}

// commitFiles are the files of the repository at a commit, by their names from its root:
// out of the checkout where that has them, else from GitHub.
type commitFiles struct {
	ctx    context.Context // of the run, since fs.ReadFileFS knows none
	sha    string
	local  *git.Repository // nil: there is no git, or no checkout
	remote *remote         // nil: there is no GitHub to ask
}

func (f commitFiles) ReadFile(name string) ([]byte, error) {
	var missing error
	if f.local != nil {
		data, err := f.local.File(f.ctx, f.sha, name, policy.MaxSize+1)
		if !errors.Is(err, git.ErrMissing) {
			return data, err
		}
		missing = err
	}
	if f.remote != nil {
		return f.remote.file(f.ctx, f.sha, name)
	}
	return nil, hinted{missing, "fetch the commit: git fetch origin " + f.sha}
}

// remote is the repository on GitHub that the run is for.
type remote struct {
	client      *github.Client
	owner, repo string
}

// newRemote returns the repository that GITHUB_REPOSITORY names, nil when it names none.
func newRemote(env Env) *remote {
	owner, repo, ok := strings.Cut(env.Getenv("GITHUB_REPOSITORY"), "/")
	if !ok {
		return nil
	}
	return &remote{newClient(env), owner, repo}
}

// newClient returns the client for GitHub's API, under the names that GitHub Actions has
// for where it is.
func newClient(env Env) *github.Client {
	return &github.Client{
		BaseURL: env.Getenv("GITHUB_API_URL"), Token: github.Token(token(env)), UserAgent: "codewarrant/" + Version(),
		MaxFile: policy.MaxSize, Now: env.Now,
	}
}

// token returns the token for GitHub's API. The input of the action goes first: it may
// read more than the job's token.
func token(env Env) string { return cmp.Or(env.Getenv("INPUT_TOKEN"), env.Getenv("GITHUB_TOKEN")) }

// file reads a file at a commit. GitHub says of a path over a link to a folder that there
// is no such file; in the workspace there is one, so that is told apart here.
func (r *remote) file(ctx context.Context, sha, name string) ([]byte, error) {
	data, err := r.client.File(ctx, r.owner, r.repo, name, sha)
	if !errors.Is(err, fs.ErrNotExist) {
		return data, advised(err)
	}
	for i, c := range name {
		if c != '/' {
			continue
		}
		_, above := r.client.File(ctx, r.owner, r.repo, name[:i], sha)
		switch {
		case errors.Is(above, github.ErrFolder):
		case above == nil, errors.Is(above, fs.ErrNotExist):
			return nil, err
		default:
			return nil, advised(above)
		}
	}
	return nil, err
}

// advised gives an error of GitHub's API the hint that comes with it.
func advised(err error) error {
	var e *github.Error
	if errors.As(err, &e) && e.Hint != "" {
		return hinted{err, e.Hint}
	}
	return err
}
