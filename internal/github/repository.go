package github

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
)

// Branch is where a branch stands.
type Branch struct {
	Name string // differs from the one asked for when the branch was renamed
	SHA  string // full name of the commit at its tip
	// Protected tells that some rule covers the branch: of branch protection, or a
	// ruleset. It does not tell which: one that only restricts names counts, too.
	Protected bool
}

// DefaultBranch returns the name of a repository's default branch.
func (c *Client) DefaultBranch(ctx context.Context, owner, repo string) (string, error) {
	q := about(owner, repo)
	if wrong := wrongRepo(owner, repo); wrong != "" {
		return "", c.fail(q, 0, wrong, "", nil)
	}
	var r struct {
		DefaultBranch string `json:"default_branch"`
	}
	if err := c.decode(ctx, q, &r); err != nil {
		return "", err
	}
	if wrong := wrongRef(r.DefaultBranch); wrong != "" {
		return "", c.fail(q, http.StatusOK, "GitHub's answer names no default branch: "+wrong, "", nil)
	}
	return r.DefaultBranch, nil
}

// Branch returns where a branch stands, and whether it is protected.
func (c *Client) Branch(ctx context.Context, owner, repo, name string) (Branch, error) {
	q := about(owner, repo)
	q.what += ", branch " + name
	q.path += "/branches/" + url.PathEscape(name)
	for _, wrong := range []string{wrongRepo(owner, repo), wrongRef(name)} {
		if wrong != "" {
			return Branch{}, c.fail(q, 0, wrong, "", nil)
		}
	}
	var b struct {
		Name   string `json:"name"`
		Commit struct {
			SHA string `json:"sha"`
		} `json:"commit"`
		Protected *bool `json:"protected"`
	}
	if err := c.decode(ctx, q, &b); err != nil {
		return Branch{}, err
	}
	if b.Protected == nil || !isSHA(b.Commit.SHA) || wrongRef(b.Name) != "" {
		return Branch{}, c.fail(q, http.StatusOK, "GitHub's answer lacks the branch's name, its commit, or whether it is protected", "", nil)
	}
	return Branch{b.Name, b.Commit.SHA, *b.Protected}, nil
}

// about is the question about a repository, which others extend.
func about(owner, repo string) question {
	name := owner + "/" + repo
	return question{
		what:   name,
		repo:   name,
		path:   "/repos/" + name,
		accept: "application/vnd.github+json",
		limit:  maxAnswer,
	}
}

// decode asks for JSON. What the decoder says of other text is not shown: it
// quotes it.
func (c *Client) decode(ctx context.Context, q question, v any) error {
	body, err := c.ask(ctx, q)
	if err != nil {
		return err
	}
	if json.Unmarshal(body, v) != nil {
		return c.fail(q, http.StatusOK, "GitHub's answer is not the JSON that is documented", "is GITHUB_API_URL the address of the API?", nil)
	}
	return nil
}
