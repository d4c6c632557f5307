package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"syscall"

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

// repositoryOfRun returns the repository that the run is for, OWNER/NAME as GitHub Actions tells
// it (https://docs.github.com/en/actions/reference/workflows-and-actions/variables); empty
// where that names none.
func repositoryOfRun(env Env) string {
	if name := env.Getenv("GITHUB_REPOSITORY"); github.IsRepository(name) {
		return name
	}
	return ""
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

// commit returns the commit of a branch, a tag or the beginning of a SHA. As people write
// it for a checkout, origin/ may stand before a branch. What could be two of these is an
// error: more people may push a tag than may move a branch.
func (r *remote) commit(ctx context.Context, ref string) (string, error) {
	branch := func(name string) (string, error) {
		b, err := r.client.Branch(ctx, r.owner, r.repo, name)
		return b.SHA, err
	}
	named := func(name string) (string, error) { return r.client.Commit(ctx, r.owner, r.repo, name) }
	type question struct {
		name string
		ask  func(string) (string, error)
	}
	questions := []question{{ref, branch}, {"tags/" + ref, named}}
	if name, ok := strings.CutPrefix(ref, "origin/"); ok {
		questions = append(questions, question{name, branch})
	}
	if name, ok := strings.CutPrefix(ref, "refs/"); ok {
		questions = []question{{name, named}}
	} else if strings.Trim(ref, "0123456789abcdef") == "" {
		questions = append(questions, question{ref, named})
	}
	var sha string
	for _, q := range questions {
		got, err := q.ask(q.name)
		var e *github.Error
		switch {
		case err == nil && sha != "" && got != sha:
			return "", fmt.Errorf("%q may be several of a branch, a tag and a commit; name the one that is meant, as in refs/heads/%s", ref, ref)
		case err == nil:
			sha = got
		case errors.As(err, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusUnprocessableEntity):
		default:
			return "", err
		}
	}
	if sha == "" {
		return "", fmt.Errorf("%s/%s has no branch, tag or commit %q", r.owner, r.repo, ref)
	}
	return sha, nil
}

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

// isMissing reports whether there is no file of that name: nothing, or one where a folder of
// the name would be.
func isMissing(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR)
}
