package github

import (
	"context"
	"net/http"
	"net/url"
)

// Commit returns the full SHA of the commit that a ref stands for: a branch, a tag, or
// a SHA. As with File, a commit of any fork is found by its SHA.
func (c *Client) Commit(ctx context.Context, owner, repo, ref string) (string, error) {
	q := commit(owner, repo, ref)
	for _, wrong := range []string{wrongRepo(owner, repo), wrongRef(ref)} {
		if wrong != "" {
			return "", c.fail(q, 0, wrong, "", nil)
		}
	}
	sha, err := c.ask(ctx, q)
	if err != nil {
		return "", err
	}
	if !isSHA(string(sha)) {
		return "", c.fail(q, http.StatusOK, "GitHub's answer is not the name of a commit", "", nil)
	}
	return string(sha), nil
}

// commit is the question for the SHA of a ref.
func commit(owner, repo, ref string) question {
	q := about(owner, repo)
	q.what += " at " + ref
	q.path += "/commits/" + url.PathEscape(ref)
	q.accept = "application/vnd.github.sha"
	q.limit = 64 // hexadecimal digits of the longer SHA
	return q
}
