package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// MaxComment is how long a comment may be, in characters: GitHub refuses a longer one with
// "Body is too long (maximum is 65536 characters)".
const MaxComment = 65536

// Comment is a comment in the conversation of a pull request.
type Comment struct {
	ID   int64
	Body string
}

// Sticky is the one comment that whoever has the token keeps on a pull request.
type Sticky struct {
	Owner, Repo string
	Number      int
	// Mark is what the body begins with, which is how the comment is found again, together
	// with who wrote it.
	Mark string
	// Keep reports whether the comment that is there is to stay as it is; nil: none is.
	Keep func(Comment) bool
}

// PutComment writes the comment of that mark, whose body begins with it: what is there is
// updated, else it is written anew. Of several, which is what jobs that run at the same time
// leave behind, the oldest is updated; the one that this call wrote beside it is removed
// again, and no other is. Comments of others are never touched, whatever they begin with.
//
// https://docs.github.com/en/rest/issues/comments: a pull request is an issue, too.
func (c *Client) PutComment(ctx context.Context, s Sticky, body string) error {
	q := s.question()
	if wrong := wrongPull(s.Owner, s.Repo, s.Number); wrong != "" {
		return c.fail(q, 0, wrong, "", nil)
	}
	if s.Mark == "" || !strings.HasPrefix(body, s.Mark) || len([]rune(body)) > MaxComment {
		return c.fail(q, 0, fmt.Sprintf("the text does not begin with its mark, or is over %d characters", MaxComment), "", nil)
	}
	me, err := c.Viewer(ctx)
	if err != nil {
		return err
	}
	old, err := c.oldest(ctx, s, me)
	if err != nil {
		return err
	}
	if old.ID != 0 {
		return c.update(ctx, s, old, body)
	}
	q.method, q.body = http.MethodPost, jsonOf(map[string]string{"body": body})
	q.path += fmt.Sprintf("/issues/%d/comments", s.Number)
	answer, err := c.ask(ctx, q)
	if err != nil {
		return err
	}
	var mine comment
	if json.Unmarshal(answer, &mine) != nil || mine.ID < 1 {
		return c.fail(q, http.StatusCreated, "GitHub's answer does not tell of the comment that was written", "", nil)
	}
	// Another job may have found none either.
	if old, err = c.oldest(ctx, s, me); err != nil || old.ID == 0 || old.ID >= mine.ID {
		return err
	}
	if err := c.update(ctx, s, old, body); err != nil {
		return err
	}
	q = s.question()
	q.method, q.path = http.MethodDelete, fmt.Sprintf("%s/issues/comments/%d", q.path, mine.ID)
	_, err = c.ask(ctx, q)
	return err
}

// question is about the pull request, for who needs to write.
func (s Sticky) question() question {
	q := pull(s.Owner, s.Repo, s.Number)
	q.what += ", comments"
	q.needs = "the token needs the permission pull-requests: write for " + q.repo
	return q
}

// update writes a comment anew unless it is to stay, or says the same already.
func (c *Client) update(ctx context.Context, s Sticky, old Comment, body string) error {
	if old.Body == body || s.Keep != nil && s.Keep(old) {
		return nil
	}
	q := s.question()
	q.method, q.body = http.MethodPatch, jsonOf(map[string]string{"body": body})
	q.path += fmt.Sprintf("/issues/comments/%d", old.ID)
	_, err := c.ask(ctx, q)
	return err
}

type comment struct {
	ID   int64  `json:"id"`
	Body string `json:"body"`
	User struct {
		Login string `json:"login"`
	} `json:"user"`
}

// oldest returns the first comment of the mark by the author. GitHub lists them by their
// ids, ascending.
func (c *Client) oldest(ctx context.Context, s Sticky, author string) (found Comment, err error) {
	q := s.question()
	q.path += fmt.Sprintf("/issues/%d/comments", s.Number)
	q.limit = maxComments
	err = pages(ctx, c, q, maxPages, func(one comment) bool {
		if one.ID > 0 && strings.EqualFold(one.User.Login, author) && strings.HasPrefix(one.Body, s.Mark) {
			found = Comment{one.ID, one.Body}
		}
		return found.ID != 0
	})
	return found, err
}

// maxComments limits a page of comments in bytes: a hundred of the longest, in which each
// character may be an escape, would be more than 40 MB, and is not written by people.
const maxComments = 16 << 20

// Viewer returns the name of whom the token is: of a person, or of an App, with [bot] at its
// end. REST tells it of people alone; the GITHUB_TOKEN of a job is an App's.
//
// https://docs.github.com/en/graphql/reference/queries#viewer
func (c *Client) Viewer(ctx context.Context) (string, error) {
	q := question{
		what: "who the token is of", path: graphQL, accept: "application/vnd.github+json", limit: maxAnswer,
		method: http.MethodPost, body: jsonOf(map[string]string{"query": "{viewer{login}}"}),
		needs: "the token has to be one of an App, such as the GITHUB_TOKEN of a job, or of a person",
	}
	var v struct {
		Data struct {
			Viewer struct {
				Login string `json:"login"`
			} `json:"viewer"`
		} `json:"data"`
	}
	if err := c.decode(ctx, q, &v); err != nil {
		return "", err
	}
	login := v.Data.Viewer.Login
	if wrong := wrongLogin(strings.TrimSuffix(login, "[bot]")); wrong != "" {
		return "", c.fail(q, http.StatusOK, "GitHub's answer does not tell it", "", nil)
	}
	return login, nil
}
