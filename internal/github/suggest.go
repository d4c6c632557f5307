package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"
)

// ShownLines returns which lines of a file, as the head of a pull request has it, its
// difference shows: those that are added, and those around them. It is nil where the pull
// request does not change the file, and where GitHub does not show how, as of what is large.
//
// https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
func (c *Client) ShownLines(ctx context.Context, owner, repo string, number int, path string) (map[int]bool, error) {
	q := pull(owner, repo, number)
	q.what += ", files"
	q.path += fmt.Sprintf("/pulls/%d/files", number)
	q.limit = maxComments
	q.needs = "the token needs the permission pull-requests: read for " + q.repo
	for _, wrong := range []string{wrongPull(owner, repo, number), wrongPath(path)} {
		if wrong != "" {
			return nil, c.fail(q, 0, wrong, "", nil)
		}
	}
	var shown map[int]bool
	err := pages(ctx, c, q, maxPages, func(one struct {
		Name  string `json:"filename"`
		Patch string `json:"patch"`
	},
	) bool {
		if one.Name != path {
			return false
		}
		shown = linesOf(one.Patch)
		return true
	})
	if err != nil {
		return nil, err
	}
	return shown, nil
}

// hunkHead says where lines of a difference are, in the old file and in the new one.
var hunkHead = regexp.MustCompile(`^@@ -[0-9]+(?:,[0-9]+)? \+([0-9]{1,9})(?:,[0-9]+)? @@`)

// linesOf returns the numbers of the lines of the new file that a difference shows. It is in
// the unified form, without the names of files, and bounded by the answer that it is in.
func linesOf(patch string) map[int]bool {
	shown := map[int]bool{}
	at := 0 // 0: before the first hunk
	for line := range strings.Lines(patch) {
		if m := hunkHead.FindStringSubmatch(line); m != nil {
			at, _ = strconv.Atoi(m[1]) // of digits
			continue
		}
		if at > 0 && (line[0] == '+' || line[0] == ' ') {
			shown[at] = true
			at++
		}
	}
	return shown
}

// Suggestion is the one comment on a line of a file that whoever has the token keeps on a pull
// request.
type Suggestion struct {
	Owner, Repo string
	Number      int
	Commit      string // the head, of which the line is
	Path        string
	Line        int    // from 1; the difference has to show it
	Mark        string // what the body begins with, as of [Sticky]
}

// PutSuggestion writes a comment on a line, unless it is there already, word for word: a
// comment on a line tells people each time. Older ones of the mark and the author are removed
// after that; those of others never are.
//
// https://docs.github.com/en/rest/pulls/comments
func (c *Client) PutSuggestion(ctx context.Context, s Suggestion, body string) error {
	q := Sticky{Owner: s.Owner, Repo: s.Repo, Number: s.Number}.question()
	for _, wrong := range []string{wrongPull(s.Owner, s.Repo, s.Number), wrongPath(s.Path), wrongRef(s.Commit)} {
		if wrong != "" {
			return c.fail(q, 0, wrong, "", nil)
		}
	}
	if s.Mark == "" || !strings.HasPrefix(body, s.Mark) || len([]rune(body)) > MaxComment || s.Line < 1 {
		return c.fail(q, 0, fmt.Sprintf("the text does not begin with its mark, is over %d characters, or is about no line", MaxComment), "", nil)
	}
	me, err := c.Viewer(ctx)
	if err != nil {
		return err
	}
	list := q
	list.path += fmt.Sprintf("/pulls/%d/comments", s.Number)
	list.limit = maxComments
	var old []int64
	there := false
	err = pages(ctx, c, list, maxPages, func(one comment) bool {
		if one.ID > 0 && strings.EqualFold(one.User.Login, me) && strings.HasPrefix(one.Body, s.Mark) {
			there = there || one.Body == body
			old = append(old, one.ID)
		}
		return there
	})
	if err != nil || there {
		return err
	}
	text, err := json.Marshal(map[string]any{"body": body, "commit_id": s.Commit, "path": s.Path, "line": s.Line, "side": "RIGHT"})
	if err != nil {
		return err
	}
	write := list
	write.method, write.body = http.MethodPost, text
	if _, err := c.ask(ctx, write); err != nil {
		return err
	}
	return c.removeLined(ctx, q, old)
}

// WithdrawSuggestion removes the comments on lines that begin with a mark and are of whoever
// has the token; those of others never are. Of a [Suggestion] it takes the pull request and
// the mark. Where there is none, one question is asked.
//
// https://docs.github.com/en/rest/pulls/comments
func (c *Client) WithdrawSuggestion(ctx context.Context, s Suggestion) error {
	q := Sticky{Owner: s.Owner, Repo: s.Repo, Number: s.Number}.question()
	if wrong := wrongPull(s.Owner, s.Repo, s.Number); wrong != "" {
		return c.fail(q, 0, wrong, "", nil)
	}
	if s.Mark == "" {
		return c.fail(q, 0, "there is no mark to find a comment by", "", nil)
	}
	list := q
	list.path += fmt.Sprintf("/pulls/%d/comments", s.Number)
	list.limit = maxComments
	var marked []comment
	err := pages(ctx, c, list, maxPages, func(one comment) bool {
		if one.ID > 0 && strings.HasPrefix(one.Body, s.Mark) {
			one.Body = ""
			marked = append(marked, one)
		}
		return false
	})
	if err != nil || len(marked) == 0 {
		return err
	}
	me, err := c.Viewer(ctx)
	if err != nil {
		return err
	}
	var old []int64
	for _, one := range marked {
		if strings.EqualFold(one.User.Login, me) {
			old = append(old, one.ID)
		}
	}
	return c.removeLined(ctx, q, old)
}

// removeLined removes comments on lines of a pull request.
func (c *Client) removeLined(ctx context.Context, q question, ids []int64) error {
	for _, id := range ids {
		remove := q
		remove.method, remove.path = http.MethodDelete, fmt.Sprintf("%s/pulls/comments/%d", q.path, id)
		if _, err := c.ask(ctx, remove); err != nil {
			return err
		}
	}
	return nil
}
