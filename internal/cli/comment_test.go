package cli_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

var bot = githubtest.Account{Login: "github-actions[bot]", ID: 41898282}

// newComment is a job of a pull request that is to have a comment.
func newComment(t *testing.T) *job {
	t.Helper()
	j := newReview(t)
	j.env["GITHUB_EVENT_NAME"], j.inputs["comment"] = "pull_request", "true"
	j.env["GITHUB_WORKFLOW"], j.env["GITHUB_JOB"], j.env["GITHUB_RUN_ID"] = "Check", "check", "100"
	j.env["GITHUB_SERVER_URL"], j.env["GITHUB_ACTOR"] = "https://github.com", "mallory"
	j.server.Tokens[jobToken]["acme/app pulls"] = githubtest.Write
	j.server.Accounts[jobToken] = bot
	return j
}

func (j *job) comments() []githubtest.Comment { return j.server.Repos["acme/app"].Pulls[5].Comments }

func TestCommentIsWrittenOnce(t *testing.T) {
	j := newComment(t)
	j.server.Repos["acme/app"].Pulls[5].Comments = []githubtest.Comment{{ID: 1, By: mallory, Body: "LGTM"}}
	if exit, written := j.run(t); exit != 0 {
		t.Fatalf("exit %d\n%s", exit, written)
	}
	list := j.comments()
	if len(list) != 2 || list[1].By != bot {
		t.Fatalf("comments %+v", list)
	}
	first := list[1]
	for _, want := range []string{
		"codewarrant: pass", "approved by the review of alice", "Of `222222222222`, by [this run](https://github.com/acme/app/actions/runs/100)",
	} {
		if !strings.Contains(first.Body, want) {
			t.Errorf("no %q in\n%s", want, first.Body)
		}
	}
	mark, _, _ := strings.Cut(first.Body, "\n")

	again := func(what, run string, edit func()) githubtest.Comment {
		t.Helper()
		edit()
		j.env["GITHUB_RUN_ID"] = run
		j.run(t)
		list := j.comments()
		if len(list) != 2 || list[1].ID != first.ID || list[0].Body != "LGTM" {
			t.Fatalf("%s: comments %+v", what, list)
		}
		return list[1]
	}
	second := again("another result", "101", func() { j.server.Repos["acme/app"].Pulls[5].Reviews = nil })
	if !strings.HasPrefix(second.Body, mark) || !strings.Contains(second.Body, "codewarrant: fail") {
		t.Errorf("it is not written anew:\n%s", second.Body)
	}
	older := again("a run that was started before", "100", func() {
		j.server.Repos["acme/app"].Pulls[5].Reviews = []githubtest.Review{{By: alice, State: "APPROVED", Commit: atFeature}}
	})
	if older.Body != second.Body {
		t.Errorf("an older run wrote over a newer one:\n%s", older.Body)
	}
	broken := again("an input that is wrong", "102", func() { j.inputs["fail-on"] = "sometimes" })
	if !strings.Contains(broken.Body, "codewarrant: error") || strings.Contains(broken.Body, "fail\n") {
		t.Errorf("a comment of a check that was not made:\n%s", broken.Body)
	}

	j.env["GITHUB_JOB"] = "another"
	j.run(t)
	if list := j.comments(); len(list) != 3 || strings.HasPrefix(list[2].Body, mark) {
		t.Errorf("another job of the workflow has no comment of its own: %+v", list)
	}
}

func TestCommentsOfOthersAreLeftAlone(t *testing.T) {
	j := newComment(t)
	j.run(t)
	body := j.comments()[0].Body
	for _, tt := range []struct {
		what  string
		there []githubtest.Comment
		want  []string // whose comments are afterwards those of this run
	}{
		{"somebody who writes the mark", []githubtest.Comment{{ID: 1, By: mallory, Body: body + "evil"}}, []string{"mallory: evil", "github-actions[bot]: ours"}},
		{"another App that writes it", []githubtest.Comment{{ID: 1, By: githubtest.Account{Login: "evil[bot]", ID: 9}, Body: body + "evil"}}, []string{"evil[bot]: evil", "github-actions[bot]: ours"}},
		{"a person with the name of the App", []githubtest.Comment{{ID: 1, By: githubtest.Account{Login: "github-actions", ID: 9}, Body: body + "evil"}}, []string{"github-actions: evil", "github-actions[bot]: ours"}},
		{"an account that is gone", []githubtest.Comment{{ID: 1, Body: body + "evil"}}, []string{": evil", "github-actions[bot]: ours"}},
		{"the App itself, which quotes it", []githubtest.Comment{{ID: 1, By: bot, Body: "> " + body + "evil"}}, []string{"github-actions[bot]: evil", "github-actions[bot]: ours"}},
		{"two that a race left behind", []githubtest.Comment{{ID: 1, By: bot, Body: body + "evil"}, {ID: 2, By: bot, Body: body + "evil"}}, []string{"github-actions[bot]: ours", "github-actions[bot]: evil"}},
		{"one on the second page", append(many(120), githubtest.Comment{ID: 900, By: bot, Body: body + "evil"}), append(strings.Split(strings.Repeat("mallory: evil\n", 119)+"mallory: evil", "\n"), "github-actions[bot]: ours")},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newComment(t)
			j.server.Repos["acme/app"].Pulls[5].Comments = tt.there
			j.run(t)
			var got []string
			for _, c := range j.comments() {
				word := "ours"
				if strings.HasSuffix(c.Body, "evil") {
					word = "evil"
				}
				got = append(got, c.By.Login+": "+word)
			}
			if fmt.Sprint(got) != fmt.Sprint(tt.want) {
				t.Errorf("comments %q, want %q", got, tt.want)
			}
		})
	}
}

func many(n int) []githubtest.Comment {
	list := make([]githubtest.Comment, n)
	for i := range list {
		list[i] = githubtest.Comment{ID: i + 1, By: mallory, Body: "evil"}
	}
	return list
}

// Of two jobs that find no comment each writes one; the later one takes its own back.
func TestCommentsThatRace(t *testing.T) {
	j := newComment(t)
	j.run(t)
	theirs := j.comments()[0]
	j = newComment(t)
	pr := j.server.Repos["acme/app"].Pulls[5]
	// What is asked before: branch, policy, reviews, maker, team, member, policy of the head;
	// then who the token is of, and the comments.
	before := len(newRequests(t)) - 2
	script := make([]http.HandlerFunc, before)
	j.server.Script(append(script, func(w http.ResponseWriter, r *http.Request) {
		pr.Comments = []githubtest.Comment{{ID: theirs.ID - 1, By: bot, Body: theirs.Body + "theirs"}}
		githubtest.Answer(200, nil, "[]")(w, r)
	})...)
	exit, written := j.run(t)
	if list := j.comments(); exit != 0 || len(list) != 1 || list[0].ID != theirs.ID-1 || strings.HasSuffix(list[0].Body, "theirs") {
		t.Errorf("exit %d, comments %+v\n%s", exit, list, written)
	}
}

// newRequests are those of a run that writes a comment where none is: the last four list
// the comments, write one, list them anew, and look for a suggestion that is to go. Returned
// are those up to the one that writes.
func newRequests(t *testing.T) []githubtest.Request {
	t.Helper()
	j := newComment(t)
	j.run(t)
	list := j.server.Requests()
	if n := len(list); n < 5 || list[n-3].Method != http.MethodPost {
		t.Fatalf("requests %+v", list)
	}
	return list[:len(list)-2]
}

func TestWhereThereIsNoComment(t *testing.T) {
	notice, warning := "::notice title=codewarrant::no comment on the pull request: ", "::warning title=codewarrant::no comment on the pull request: "
	for _, tt := range []struct {
		what string
		edit func(*job)
		want string // in the log; empty: nothing is said
	}{
		{"by default", func(j *job) { delete(j.inputs, "comment") }, ""},
		{"false", func(j *job) { j.inputs["comment"] = "false" }, ""},
		{"a push", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.env["GITHUB_REF"], j.payload = "push", "refs/heads/main", `{"repository": {"default_branch": "main"}}`
		}, ""},
		{"a fork", func(j *job) { j.payload = pullBy(mallory, true) }, "codewarrant: no comment, as the token of a pull request from a fork may only read"},
		{"a fork that is gone", func(j *job) {
			j.payload = strings.Replace(j.payload, `"repo": {"id": 1}}, "base"`, `"repo": null}, "base"`, 1)
		}, "codewarrant: no comment, as the token of a pull request from a fork may only read"},
		{"Dependabot", func(j *job) { j.env["GITHUB_ACTOR"] = "dependabot[bot]" }, "codewarrant: no comment, as the token of a run that Dependabot starts may only read"},
		{"a token that may only read", func(j *job) { j.server.Tokens[jobToken]["acme/app pulls"] = githubtest.Read }, notice + "acme/app#5, comments: the token may not read this; GitHub says"},
		{"the permission is named", func(j *job) { j.server.Tokens[jobToken]["acme/app pulls"] = githubtest.Read }, "the token needs the permission pull-requests: write for acme/app"},
		{"a pull request that is not there", func(j *job) { j.payload = strings.Replace(j.payload, `"number": 5`, `"number": 6`, 1) }, notice + "acme/app#6, comments: not found"},
		{"a token of nobody", func(j *job) { delete(j.server.Accounts, jobToken) }, notice + "who the token is of: "},
		{"no repository", func(j *job) { j.env["GITHUB_REPOSITORY"] = ""; j.inputs["base"] = "." }, warning + "GITHUB_REPOSITORY names no repository"},
		{"more comments than are read", func(j *job) { j.server.Repos["acme/app"].Pulls[5].Comments = many(3000) }, warning + "acme/app#5, comments: there are more than 3000"},
		{"an answer that is no JSON", func(j *job) {
			j.inputs["base"] = "."
			j.server.Script(nil, githubtest.Answer(200, nil, "::error::evil"))
		}, warning + "acme/app#5, comments: GitHub's answer is not the JSON"},
		{"a redirect to another host", func(j *job) {
			j.inputs["base"] = "."
			j.server.Script(nil, nil, githubtest.Redirect(307, "https://evil.example/"))
		}, warning + `acme/app#5, comments: GitHub redirects to "evil.example"`},
		{"a redirect that would become a GET", func(j *job) {
			j.inputs["base"] = "."
			j.server.Script(nil, nil, githubtest.Redirect(301, "/elsewhere"))
		}, warning + "acme/app#5, comments: GitHub redirects what was to be changed"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newComment(t)
			tt.edit(j)
			_, written := j.run(t)
			if tt.want != "" && strings.Count(written, tt.want) != 1 || tt.want == "" && (strings.Contains(written, "no comment,") || strings.Contains(written, "no comment on")) {
				t.Errorf("%q is not once in\n%s", tt.want, written)
			}
			if !strings.Contains(written, "findings=") || strings.Contains(written, "\n::error::evil") || strings.Contains(written, jobToken) {
				t.Errorf("the outputs, or what may not be in them:\n%s", written)
			}
			for _, c := range j.comments() {
				if c.By == bot {
					t.Errorf("a comment: %s", c.Body)
				}
			}
			for _, r := range j.server.Requests() {
				if tt.want == "" && (r.Method != http.MethodGet || strings.Contains(r.Path, "comments")) {
					t.Errorf("%s %s", r.Method, r.Path)
				}
			}
		})
	}
}

func TestCommentIsWrittenWhenGitHubIsBusyForOnce(t *testing.T) {
	for name, failure := range map[string]http.HandlerFunc{
		"an error of the server": githubtest.Fail(502, "x"),
		"a secondary limit":      githubtest.SecondaryLimit(403, 1),
		"a connection that ends": githubtest.HangUp,
	} {
		t.Run(name, func(t *testing.T) {
			j := newComment(t)
			j.inputs["base"] = "."
			j.server.Script(nil, nil, failure)
			if j.run(t); len(j.comments()) != 1 {
				t.Errorf("comments %+v", j.comments())
			}
		})
	}
}

// GitHub refuses a comment over its size whole. A name in it tells nobody.
func TestCommentIsCutAndTellsNobody(t *testing.T) {
	j := newComment(t)
	j.inputs["base"] = "."
	j.policy = asked
	one := asked[strings.Index(asked, "  - id: EXC"):]
	for n := range 400 {
		j.policy += strings.Replace(one, "EXC-2026-001", fmt.Sprintf("EXC-2027-%03d", n), 1)
	}
	exit, written := j.run(t)
	if len(j.comments()) != 1 {
		t.Fatalf("exit %d, no comment:\n%.3000s", exit, written)
	}
	body := j.comments()[0].Body
	if len(body) > 65536 || len(body) < 50000 || !strings.Contains(body, "left out: a summary holds no more") || !strings.HasSuffix(body, "anew.</sub>\n") {
		t.Errorf("%d bytes, ends with %q", len(body), body[len(body)-300:])
	}
	if !strings.Contains(body, "@&#8288;acme/product-security") || strings.Contains(body, "@acme") {
		t.Error("whoever it names is told")
	}
}
