package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/event"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/sanitise"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// suggest keeps a comment on the pull request that holds, as a change to accept, the
// exceptions that its code would need, and removes it where there is nothing to suggest: who
// accepts an old one permits what the code does not claim. It is on the line of the policy that
// they follow, so that there is one only where the pull request changes the policy thereabouts.
// They approve nothing: people have to write why, and until when, and approve it.
func (j *job) suggest(ctx context.Context, remote *remote, p event.Pull, r *check.Report) {
	s := github.Suggestion{Owner: remote.owner, Repo: remote.repo, Number: p.Number, Commit: p.Head, Mark: j.mark("codewarrant-suggestion")}
	body, err := j.suggestionFor(ctx, remote, &s, r)
	if err == nil && body != "" {
		err = remote.client.PutSuggestion(ctx, s, body)
	}
	if err != nil {
		j.lacks("no suggestion on the policy: ", err)
		return
	}
	if body == "" && r.Result() != check.Unreadable { // of what was not read it is not known
		if err := remote.client.WithdrawSuggestion(ctx, s); err != nil {
			j.lacks("an earlier suggestion on the policy may still be there: ", err)
		}
	}
}

// suggestionFor returns the text of the comment, and sets the file and the line that it is on;
// nothing where there is none to make.
func (j *job) suggestionFor(ctx context.Context, remote *remote, s *github.Suggestion, r *check.Report) (string, error) {
	items := report.Suggested(r)
	if len(items) == 0 || !policy.IsFile(r.Policy) {
		return "", nil
	}
	at, inside, err := placeOf(j.env, r.Policy)
	if err != nil || !inside || !at.named {
		return "", nil
	}
	s.Path = at.names[0]
	shown, err := remote.client.ShownLines(ctx, s.Owner, s.Repo, s.Number, s.Path)
	if err != nil || len(shown) == 0 {
		return "", err
	}
	// The lines are those of the head, which is not what is checked out: that is the head
	// merged into its base.
	src, err := remote.client.File(ctx, s.Owner, s.Repo, s.Path, s.Commit)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if here, err := readBounded(filepath.FromSlash(r.Policy), policy.MaxSize); err != nil || !bytes.Equal(here, src) {
		return "", nil
	}
	head := s.Mark + fmt.Sprintf("<!-- of %x -->\n", sha256.Sum256(src))
	body, line := suggestion(s.Path, src, items, shown, github.MaxComment-len(head))
	if body == "" {
		return "", nil
	}
	s.Line = line
	return head + body, nil
}

// suggestion returns the text of the comment, and the line of the policy that it is to replace;
// nothing where no line that is shown could be, or policy fmt would write the policy in
// another way. Of more exceptions than there is room for the first are in it.
func suggestion(name string, src []byte, items []string, shown map[int]bool, limit int) (body string, line int) {
	for n := len(items); n > 0; n /= 2 {
		_, h, err := policy.AddExceptions(name, src, items[:n])
		if err != nil {
			return "", 0
		}
		text, line, ok := replacement(h, strings.Split(string(src), "\n"), shown)
		if !ok {
			return "", 0
		}
		fence := sanitise.Fence(text, 3)
		more := ""
		if left := len(items) - n; left > 0 {
			more = fmt.Sprintf(" There are %d more, in the summary of the run.", left)
		}
		body := fmt.Sprintf("Claims of the code have [no exception](%s) that covers them: %d. This adds what the policy would have to say, and approves nothing: "+
			"whoever takes it has to write why the code needs it, until when, and who approved it. Better is to sign without what is not needed.%s\n\n%ssuggestion\n%s\n%s\n",
			docs.URL("docs/rules/"+check.RuleUnapproved+".md"), n, more, fence, text, fence)
		if len(body) <= limit {
			return body, line
		}
	}
	return "", 0
}

// replacement returns what is to stand in place of one line, which is shown, for a hunk to be
// applied: the line before or after what is added, and that.
func replacement(h policy.Hunk, lines []string, shown map[int]bool) (text string, line int, ok bool) {
	list := h.New
	switch {
	case len(h.Old) == 1 && shown[h.Line]:
		line = h.Line
	case len(h.Old) == 0 && h.Line > 1 && shown[h.Line-1]:
		line = h.Line - 1
		list = append([]string{lines[line-1]}, h.New...)
	case len(h.Old) == 0 && h.Line < len(lines) && shown[h.Line]:
		line = h.Line
		list = append(append([]string{}, h.New...), lines[line-1])
	default:
		return "", 0, false
	}
	for _, l := range list {
		if sanitise.Text(l) != l {
			return "", 0, false // it would not be seen what is accepted
		}
	}
	return strings.Join(list, "\n"), line, true
}
