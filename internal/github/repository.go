package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
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
	r, err := c.Repository(ctx, owner, repo)
	return r.DefaultBranch, err
}

// Repository is what GitHub says of a repository.
type Repository struct {
	Name          string   `json:"full_name"` // OWNER/NAME as GitHub spells it; differs from the one asked for when it was renamed
	DefaultBranch string   `json:"default_branch"`
	Archived      bool     `json:"archived"` // nothing in it changes any more
	Topics        []string `json:"topics"`
}

// Repository returns what GitHub says of a repository.
func (c *Client) Repository(ctx context.Context, owner, repo string) (Repository, error) {
	q := about(owner, repo)
	if wrong := wrongRepo(owner, repo); wrong != "" {
		return Repository{}, c.fail(q, 0, wrong, "", nil)
	}
	var r Repository
	if err := c.decode(ctx, q, &r); err != nil {
		return Repository{}, err
	}
	if wrong := r.wrong(); wrong != "" {
		return Repository{}, c.fail(q, http.StatusOK, wrong, "", nil)
	}
	return r, nil
}

// wrong says what keeps an answer from being about a repository; "" is nothing.
func (r Repository) wrong() string {
	if wrong := wrongRef(r.DefaultBranch); wrong != "" {
		return "GitHub's answer names no default branch: " + wrong
	}
	if !IsRepository(r.Name) {
		return fmt.Sprintf("GitHub's answer names no repository: %q", r.Name)
	}
	return ""
}

// maxOrgPages is as many pages as an organisation may have of repositories. GitHub allows
// 100,000 of them.
const maxOrgPages = 1000

// Repositories returns all repositories of an organisation that the token may see.
func (c *Client) Repositories(ctx context.Context, org string) ([]Repository, error) {
	q := question{
		what: "the repositories of " + org, path: "/orgs/" + org + "/repos", accept: "application/vnd.github+json",
		limit: 4 * maxAnswer, // a repository takes six kilobytes
		needs: "metadata: read of the repositories of " + org,
	}
	if org == "" || len(org) > maxName || strings.Trim(org, word) != "" {
		return nil, c.fail(q, 0, fmt.Sprintf("%q is not an organisation: letters, digits, - and _", org), "", nil)
	}
	// Pages are numbered: where one repository goes while they are read, another moves to a
	// page that was read. So the list is read until it is the same twice, which takes no more than
	// to ask whether it has changed.
	var last []Repository
	for range listings {
		list, err := c.repositories(ctx, q)
		if err != nil {
			return nil, err
		}
		if len(list) <= perPage || slices.EqualFunc(list, last, func(a, b Repository) bool { return a.Name == b.Name }) {
			return list, nil
		}
		last = list
	}
	return nil, c.fail(q, http.StatusOK, "they change faster than they can be listed", "run it again later", nil)
}

// listings is how often a list of several pages is read at most.
const listings = 5

func (c *Client) repositories(ctx context.Context, q question) ([]Repository, error) {
	var list []Repository
	wrong := ""
	err := pages(ctx, c, q, maxOrgPages, func(r Repository) bool {
		list = append(list, r)
		wrong = r.wrong()
		return wrong != ""
	})
	if err == nil && wrong != "" {
		err = c.fail(q, http.StatusOK, wrong, "", nil)
	}
	return list, err
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
	_, err := c.decodeAnswer(ctx, q, v)
	return err
}

// decodeAnswer does, and returns the answer.
func (c *Client) decodeAnswer(ctx context.Context, q question, v any) (kept, error) {
	a, err := c.answer(ctx, q)
	if err != nil {
		return a, err
	}
	if json.Unmarshal(a.body, v) != nil {
		return a, c.fail(q, http.StatusOK, "GitHub's answer is not the JSON that is documented", "is GITHUB_API_URL the address of the API?", nil)
	}
	return a, nil
}
