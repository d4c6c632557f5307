package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// Error is a question that was not answered. Nothing in it is the token, and
// what GitHub said in it is on one line, short, and quoted.
//
// [errors.Is] tells fs.ErrNotExist: the commit was read, and has no such file;
// ErrFolder: it has a folder there; ErrLimited: there were too many requests, and to wait
// takes longer than Patience; fs.ErrPermission: the token is refused; and the error of a
// context that ended.
// What is not found because the token may not see it looks as if it were not there:
// that is neither.
//
// A path over a symbolic link to a folder does not exist, for git and here, though it does
// where the commit is checked out.
type Error struct {
	Op      string // what was asked for: acme/policies//base.yml at v1
	Status  int    // of the last answer; 0 if there was none
	Message string // lower case, no final period
	Hint    string // what to do about it; may be empty
	Err     error  // one of those that errors.Is tells; may be nil
}

// ErrFolder is what Err is where a folder is and not a file.
var ErrFolder = errors.New("it is a folder")

// ErrLimited is what Err is where the rate limit of the API was reached.
var ErrLimited = errors.New("the rate limit is reached")

// Error returns what was asked for and what is wrong, without the hint.
func (e *Error) Error() string { return e.Op + ": " + e.Message }

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }

// fail makes an error of what is safe to show.
func (c *Client) fail(q question, status int, message, hint string, cause error) *Error {
	return &Error{
		Op:      c.clean(q.what, 400),
		Status:  status,
		Message: c.clean(message, 800),
		Hint:    c.clean(hint, 400),
		Err:     cause,
	}
}

// clean returns text without the token, on one line in which everything shows, and
// of no more than limit bytes.
func (c *Client) clean(s string, limit int) string {
	// What is shorter is no token of GitHub's, and may be a part of any word.
	if token := strings.TrimSpace(string(c.Token)); len(token) >= 8 {
		s = strings.ReplaceAll(s, token, "[token]")
	}
	return cut(sanitise.Text(s), limit)
}

func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}

// interrupted is the error of a context that ended.
func (c *Client) interrupted(q question, err error) *Error {
	if errors.Is(err, context.DeadlineExceeded) {
		return c.fail(q, 0, "the time for it is over", "", context.DeadlineExceeded)
	}
	return c.fail(q, 0, "canceled", "", context.Canceled)
}

// refused is the error of an answer that is not one, after n tries; err is why
// there was none at all, wait what it would take to ask once more.
func (c *Client) refused(q question, a answer, n int, wait time.Duration, err error) *Error {
	said := c.said(a)
	switch {
	case a.status == 0:
		return c.silent(q, n, err)
	case limited(a):
		return c.fail(q, a.status, "the rate limit of GitHub's API is reached"+c.until(wait)+said,
			c.either("run it again later", "without a token GitHub answers 60 requests an hour from one address: give one"), ErrLimited)
	case a.status >= 500:
		return c.fail(q, a.status, fmt.Sprintf("GitHub answers %s, %s%s", status(a), times(n), said), "run it again later", nil)
	case a.status == http.StatusUnauthorized && c.Token != "":
		return c.fail(q, a.status, "GitHub does not know the token"+said,
			"it may have expired or been revoked; the GITHUB_TOKEN of a job ends with the job", fs.ErrPermission)
	case a.status == http.StatusForbidden && a.tooLarge():
		return c.fail(q, a.status, "the file is larger than GitHub's API serves", "", nil)
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden:
		return c.fail(q, a.status, c.either("the token may not read this", "this is not read without a token")+said,
			c.permission(q), fs.ErrPermission)
	case a.status == http.StatusNotFound:
		return c.fail(q, a.status, "not found: it is not there, or "+c.either("the token may not see it", "not shown without a token")+said,
			c.permission(q), nil)
	}
	return c.fail(q, a.status, fmt.Sprintf("GitHub answers %s%s", status(a), said), "", nil)
}

func (c *Client) silent(q question, n int, err error) *Error {
	why := fmt.Sprint(err)
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("nothing within %s", cmp.Or(c.Timeout, 30*time.Second))
	}
	return c.fail(q, 0, fmt.Sprintf("no answer from GitHub, %s: %s", times(n), why),
		"can GITHUB_API_URL be reached from here? a proxy is taken from HTTPS_PROXY", nil)
}

// either returns what is to be said with a token, or without.
func (c *Client) either(with, without string) string {
	if c.Token == "" {
		return without
	}
	return with
}

// permission is what a token needs: contents: read for a file, a commit or a branch, which
// includes metadata: read (Permissions required for fine-grained personal access tokens).
func (c *Client) permission(q question) string {
	if q.needs != "" {
		return q.needs
	}
	return c.either(
		"the token needs the permission contents: read for "+q.repo+"; the GITHUB_TOKEN of a job reads only the job's own repository",
		"a private repository needs a token with the permission contents: read for "+q.repo)
}

// until says when a wait would be over, if the answer told.
func (c *Client) until(wait time.Duration) string {
	if wait > 365*24*time.Hour {
		return ""
	}
	return c.now().Add(wait).UTC().Format(", until 2006-01-02 15:04:05 UTC")
}

func status(a answer) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", a.status, http.StatusText(a.status)))
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// said quotes the message of an answer, if there is one.
func (c *Client) said(a answer) string {
	if m := c.clean(a.message(), 200); m != "" {
		return fmt.Sprintf(`; GitHub says "%s"`, m)
	}
	return ""
}

// refusal is the JSON of answers that are errors.
type refusal struct {
	Message string `json:"message"`
	Errors  []struct {
		Code string `json:"code"`
	} `json:"errors"`
}

// refusal returns what an answer says, or nothing when it is not GitHub's JSON.
func (a answer) refusal() (r refusal) {
	if json.Unmarshal(a.body, &r) != nil {
		return refusal{}
	}
	return r
}

func (a answer) message() string { return a.refusal().Message }

func (a answer) tooLarge() bool {
	for _, e := range a.refusal().Errors {
		if e.Code == "too_large" {
			return true
		}
	}
	return false
}
