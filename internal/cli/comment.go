package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/event"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/sanitise"
)

// dependabot is who starts the runs whose token may only read, whatever the workflow says
// ("Dependabot on GitHub Actions" in GitHub's documentation).
const dependabot = "dependabot[bot]"

// comment writes the report as the comment that this job of the workflow keeps on the pull
// request; without a report, that there is none. It is extra: what keeps it from being
// written is told, and changes no verdict.
func (j *job) comment(ctx context.Context, r *check.Report) {
	name := j.env.Getenv("GITHUB_EVENT_NAME")
	s := &source{ctx: ctx, env: j.env, remote: newRemote(j.env)}
	if name == "" || ctx.Err() != nil {
		return
	}
	e, err := s.event()
	switch {
	case err != nil:
		j.note("warning", fmt.Sprintf("no comment on the pull request: %v", err))
		return
	case e.Pull.Number == 0:
		return
	case e.Pull.Fork && name != event.PullRequestTarget:
		fmt.Fprintln(j.env.Stdout, "codewarrant: no comment, as the token of a pull request from a fork may only read")
		return
	case j.env.Getenv("GITHUB_ACTOR") == dependabot:
		fmt.Fprintln(j.env.Stdout, "codewarrant: no comment, as the token of a run that Dependabot starts may only read")
		return
	case s.remote == nil:
		j.note("warning", "no comment on the pull request: GITHUB_REPOSITORY names no repository")
		return
	}
	body, sticky, err := j.commentOf(e.Pull, r)
	if err != nil {
		j.note("warning", fmt.Sprintf("no comment on the pull request: %v", err))
		return
	}
	sticky.Owner, sticky.Repo = s.remote.owner, s.remote.repo
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.remote.client.PutComment(ctx, sticky, body); err != nil {
		j.lacks("no comment on the pull request: ", err)
	} else if r != nil {
		j.suggest(ctx, s.remote, e.Pull, r)
	}
}

// lacks tells why something extra could not be had: what is not there, or the token may not
// read or write, is a notice.
func (j *job) lacks(what string, err error) {
	level, text := "warning", what+err.Error()
	var failed *github.Error
	if errors.As(err, &failed) {
		if failed.Status == http.StatusForbidden || failed.Status == http.StatusNotFound {
			level = "notice"
		}
		if failed.Hint != "" {
			text += "; " + failed.Hint
		}
	}
	j.note(level, text)
}

// mark is what a comment of this job of the workflow begins with.
func (j *job) mark(kind string) string {
	key := sha256.Sum256([]byte(j.env.Getenv("GITHUB_WORKFLOW") + "\x00" + j.env.Getenv("GITHUB_JOB")))
	return fmt.Sprintf("<!-- %s:%x -->\n", kind, key[:8])
}

// commentOf returns the comment and how it is found again. It is of one job of one workflow:
// of two that wrote the same one, only the last would be seen.
func (j *job) commentOf(p event.Pull, r *check.Report) (string, github.Sticky, error) {
	mark := j.mark("codewarrant")
	run, _ := strconv.ParseUint(j.env.Getenv("GITHUB_RUN_ID"), 10, 63)
	head := fmt.Sprintf("%s<!-- run %d -->\n", mark, run)
	foot := fmt.Sprintf("\n<sub>Of %s", sanitise.Code(fmt.Sprintf("%.12s", p.Head)))
	if url := j.runURL(run); url != "" {
		foot += fmt.Sprintf(", by [this run](%s), whose summary has all of it", url)
	}
	foot += ". The next run writes this comment anew.</sub>\n"
	var b bytes.Buffer
	b.WriteString(head)
	if r == nil {
		b.WriteString("## ❌ codewarrant: error\n\nThe check could not be made. The log of the run says why.\n")
	} else {
		text, err := j.markdown(r, github.MaxComment-len(head)-len(foot))
		if err != nil {
			return "", github.Sticky{}, err
		}
		b.Write(text)
	}
	b.WriteString(foot)
	return b.String(), github.Sticky{
		Number: p.Number, Mark: mark,
		// A run that was started before, and took longer or was repeated, knows less.
		Keep: func(c github.Comment) bool { return runOf(strings.TrimPrefix(c.Body, mark)) > run },
	}, nil
}

var writtenBy = regexp.MustCompile(`^<!-- run ([0-9]{1,18}) -->`)

// runOf returns the number of the run that wrote a comment, without its mark.
func runOf(body string) uint64 {
	m := writtenBy.FindStringSubmatch(body)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseUint(m[1], 10, 63)
	if err != nil {
		return 0
	}
	return n
}

var (
	serverURL  = regexp.MustCompile(`^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?$`)
	repository = regexp.MustCompile(`^[A-Za-z0-9_-]+/[A-Za-z0-9._-]+$`)
)

// runURL returns where the run is looked at; nothing when that is not known for sure.
func (j *job) runURL(run uint64) string {
	server, repo := j.env.Getenv("GITHUB_SERVER_URL"), j.env.Getenv("GITHUB_REPOSITORY")
	if run == 0 || !serverURL.MatchString(server) || !repository.MatchString(repo) {
		return ""
	}
	return fmt.Sprintf("%s/%s/actions/runs/%d", server, repo, run)
}

// note annotates the run with something that is no verdict.
func (j *job) note(level, text string) {
	a := j.action.WithFieldsMap(map[string]string{"title": "codewarrant"})
	if level == "notice" {
		a.Noticef("%s", sanitise.Text(text))
	} else {
		a.Warningf("%s", sanitise.Text(text))
	}
	j.flush()
}

// flush writes the commands that are waiting.
func (j *job) flush() {
	j.env.Stdout.Write(j.commands.Bytes())
	j.commands.Reset()
}
