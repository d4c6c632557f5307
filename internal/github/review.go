package github

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// Account is whoever does something on GitHub. The zero Account is nobody who is known.
type Account struct {
	Login string `json:"login"`
	ID    int64  `json:"id"`
}

// Review is a review of a pull request.
type Review struct {
	By     Account // zero: an account that is gone
	Human  bool    // and not an App
	State  string  // APPROVED, CHANGES_REQUESTED, COMMENTED, DISMISSED or PENDING
	Commit string  // that was looked at
}

// Reviews returns the reviews of a pull request, in the order in which they were written.
//
// https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
func (c *Client) Reviews(ctx context.Context, owner, repo string, number int) ([]Review, error) {
	q := pull(owner, repo, number)
	q.what += ", reviews"
	q.path += fmt.Sprintf("/pulls/%d/reviews", number)
	q.limit = maxComments
	q.needs = "the token needs the permission pull-requests: read for " + q.repo
	if wrong := wrongPull(owner, repo, number); wrong != "" {
		return nil, c.fail(q, 0, wrong, "", nil)
	}
	var list []Review
	err := pages(ctx, c, q, maxPages, func(one struct {
		User *struct {
			Account
			Type string `json:"type"`
		} `json:"user"`
		State  string `json:"state"`
		Commit string `json:"commit_id"`
	},
	) bool {
		r := Review{State: one.State, Commit: one.Commit}
		if one.User != nil {
			r.By, r.Human = one.User.Account, one.User.Type == "User"
		}
		list = append(list, r)
		return false
	})
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Makers returns the author and the committer of a commit, as far as GitHub knows an account
// for what the commit says: whoever makes a commit writes both names.
//
// https://docs.github.com/en/rest/commits/commits#get-a-commit
func (c *Client) Makers(ctx context.Context, owner, repo, sha string) ([]Account, error) {
	q := about(owner, repo)
	q.what += " at " + sha
	// Of the files that a commit changes one is asked for: all of them may be much.
	q.path += "/commits/" + url.PathEscape(sha) + "?per_page=1"
	q.limit = maxComments
	for _, wrong := range []string{wrongRepo(owner, repo), wrongRef(sha)} {
		if wrong != "" {
			return nil, c.fail(q, 0, wrong, "", nil)
		}
	}
	var v struct {
		SHA       string   `json:"sha"`
		Author    *Account `json:"author"`
		Committer *Account `json:"committer"`
	}
	if err := c.decode(ctx, q, &v); err != nil {
		return nil, err
	}
	if v.SHA != sha {
		return nil, c.fail(q, http.StatusOK, "GitHub's answer is of another commit", "", nil)
	}
	var list []Account
	for _, a := range []*Account{v.Author, v.Committer} {
		if a != nil && *a != (Account{}) {
			list = append(list, *a)
		}
	}
	return list, nil
}

// Member reports whether a person is in a team of an organisation, or in one below it. Who
// is invited and has not accepted is not.
//
// https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
func (c *Client) Member(ctx context.Context, org, team, login string) (bool, error) {
	q := question{
		what: "the team " + org + "/" + team, path: "/orgs/" + org + "/teams/" + team,
		accept: "application/vnd.github+json", limit: maxAnswer,
		needs: "team membership needs the token of a GitHub App with the organisation's permission members: read, " +
			"or a classic one with read:org: give it as the input token; the GITHUB_TOKEN of a job cannot have it",
	}
	for _, wrong := range []string{wrongRepo(org, team), wrongLogin(login)} {
		if wrong != "" {
			return false, c.fail(q, 0, wrong, "", nil)
		}
	}
	// What is not found is not there, or not shown: of who is no member GitHub says the same
	// as to a token that may not see the team.
	var t struct {
		Slug string `json:"slug"`
	}
	if err := c.decode(ctx, q, &t); err != nil {
		return false, err
	}
	q.what += ", " + login
	q.path += "/memberships/" + login
	var m struct {
		State string `json:"state"`
	}
	err := c.decode(ctx, q, &m)
	if e, ok := err.(*Error); ok && e.Status == http.StatusNotFound {
		return false, nil
	}
	return err == nil && m.State == "active", err
}
