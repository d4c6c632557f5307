package event_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/event"
)

const (
	main  = "ec26c3e57ca3a959ca5aad62de7213c562f8c821"
	head  = "34c5c7793cb3b279e22454cb6750c80560547b3a"
	merge = "0b1a2f9b2b1d6a8c7c1e3b5a4d6e7f8091a2b3c4"
)

// The payloads have the shape of the examples in GitHub's documentation, cut down to
// what is near the fields that are read.
const (
	repository = `"repository": {
		"id": 186853002, "name": "demo", "full_name": "octo/demo", "private": false, "owner": {"login": "octo", "id": 1, "type": "Organization"},
		"fork": false, "default_branch": "main", "stargazers_count": 0, "topics": [], "visibility": "public"
	}, "sender": {"login": "octocat", "id": 2, "type": "User", "site_admin": false}`
	pull = `{"action": "synchronize", "number": 2, "before": "` + main + `", "after": "` + head + `", "pull_request": {
		"url": "https://api.github.com/repos/octo/demo/pulls/2", "id": 279147437, "number": 2, "state": "open", "locked": false,
		"title": "main", "user": {"login": "octocat", "id": 2}, "body": "{\"base\":{\"ref\":\"evil\"}}", "labels": [], "draft": false,
		"merge_commit_sha": "` + merge + `",
		"head": {"label": "octocat:main", "ref": "main", "sha": "` + head + `", "user": {"login": "octocat"},
			"repo": {"id": 3, "full_name": "octocat/demo", "fork": true, "default_branch": "evil"}},
		"base": {"label": "octo:BASE", "ref": "BASE", "sha": "` + main + `", "user": {"login": "octo"},
			"repo": {"id": 186853002, "full_name": "octo/demo", "fork": false, "default_branch": "main"}},
		"author_association": "NONE", "merged": false, "mergeable": null, "commits": 1
	}, ` + repository + `}`
	group = `{"action": "checks_requested", "merge_group": {
		"head_sha": "` + head + `", "head_ref": "refs/heads/gh-readonly-queue/main/pr-2-` + main + `",
		"base_sha": "` + main + `", "base_ref": "refs/heads/main",
		"head_commit": {"id": "` + head + `", "tree_id": "` + merge + `", "message": "Merge pull request #2", "timestamp": "2026-11-02T09:30:00Z",
			"author": {"name": "octocat", "email": "octocat@github.com"}, "committer": {"name": "GitHub", "email": "noreply@github.com"}}
	}, ` + repository + `}`
	push = `{"ref": "refs/heads/main", "before": "` + main + `", "after": "` + head + `", "created": false, "deleted": false, "forced": false,
		"base_ref": null, "compare": "https://github.com/octo/demo/compare/ec26c3e57ca3...34c5c7793cb3", "commits": [],
		"head_commit": {"id": "` + head + `", "message": "x", "added": [], "removed": [], "modified": ["a"]},
		"pusher": {"name": "octocat", "email": "octocat@github.com"}, ` + repository + `}`
	release = `{"action": "published", "release": {"id": 1, "tag_name": "v1.0", "target_commitish": "evil", "name": "v1.0", "draft": false},
		` + repository + `}`
	dispatch = `{"inputs": {"pull_request": {"base": {"ref": "evil"}}, "default_branch": "evil"}, "ref": "refs/heads/feature",
		"workflow": ".github/workflows/check.yml", ` + repository + `}`
	comment = `{"action": "created", "issue": {"number": 2, "pull_request": {"url": "https://api.github.com/repos/octo/demo/pulls/2"}},
		"comment": {"body": "/check"}, ` + repository + `}`
	run = `{"action": "completed", "workflow_run": {"id": 1, "name": "Build", "head_branch": "evil", "head_sha": "` + head + `", "event": "pull_request",
		"pull_requests": [], "head_repository": {"full_name": "octocat/demo"}}, ` + repository + `}`
	schedule = `{"schedule": "0 6 * * 1", "workflow": ".github/workflows/audit.yml"}`
)

func TestTrusted(t *testing.T) {
	onMain := strings.ReplaceAll(pull, "BASE", "main")
	onFeature := strings.ReplaceAll(pull, "BASE", "feature")
	for _, tt := range []struct {
		what, name, ref string
		payload         string
		want            event.Trusted
		wantErr         string
	}{
		{
			"a pull request into the default branch", "pull_request", "refs/pull/2/merge", onMain,
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a pull request into another branch", "pull_request", "refs/pull/2/merge", onFeature,
			event.Trusted{Branch: "feature", IfProtected: true, Name: "feature"},
			"",
		},
		{
			"a review of one", "pull_request_review", "refs/pull/2/merge", onMain,
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a comment in a review", "pull_request_review_comment", "refs/pull/2/merge", onMain,
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a pull request with the secrets of its base", "pull_request_target", "refs/heads/main", onFeature,
			event.Trusted{Branch: "feature", IfProtected: true, Alone: true, Name: "feature"},
			"",
		},
		{
			"a pull request of which the default branch is not known", "pull_request", "refs/pull/2/merge",
			strings.Replace(onMain, `"fork": false, "default_branch": "main", "star`, `"fork": false, "star`, 1),
			event.Trusted{Branch: "main", IfProtected: true, Name: "main"},
			"",
		},
		{
			"a merge group", "merge_group", "refs/heads/gh-readonly-queue/main/pr-2-" + main, group,
			event.Trusted{Commit: main, Name: "main"},
			"",
		},
		{
			"a push to the default branch", "push", "refs/heads/main", push,
			event.Trusted{Workspace: true, Name: "main"},
			"",
		},
		{
			"a push to another branch", "push", "refs/heads/feature", strings.Replace(push, "refs/heads/main", "refs/heads/feature", 1),
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a push to a branch whose name ends as the default branch's", "push", "refs/heads/x/main", push,
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a tag", "push", "refs/tags/v1.0", strings.Replace(push, "refs/heads/main", "refs/tags/v1.0", 1),
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{
			"a tag with the name of the default branch", "push", "refs/tags/main", strings.Replace(push, "refs/heads/main", "refs/tags/main", 1),
			event.Trusted{Branch: "main", Name: "main"},
			"",
		},
		{"a release", "release", "refs/tags/v1.0", release, event.Trusted{Branch: "main", Name: "main"}, ""},
		{"a dispatch", "workflow_dispatch", "refs/heads/feature", dispatch, event.Trusted{Branch: "main", Name: "main"}, ""},
		{"a dispatch on the default branch", "workflow_dispatch", "refs/heads/main", dispatch, event.Trusted{Branch: "main", Name: "main"}, ""},
		{"a comment on a pull request", "issue_comment", "refs/heads/main", comment, event.Trusted{Branch: "main", Name: "main"}, ""},
		{"the end of another workflow", "workflow_run", "refs/heads/main", run, event.Trusted{Branch: "main", Name: "main"}, ""},
		{"a schedule, which tells of no repository", "schedule", "refs/heads/trunk", schedule, event.Trusted{Branch: "trunk", Name: "trunk"}, ""},
		{"an event that is not known", "page_build", "refs/heads/gh-pages", `{` + repository + `}`, event.Trusted{Branch: "main", Name: "main"}, ""},

		{"no default branch", "workflow_dispatch", "refs/heads/main", `{}`, event.Trusted{}, "the event does not name the default branch"},
		{"a push without a repository", "push", "refs/heads/main", `{"ref": "refs/heads/main"}`, event.Trusted{}, "the event does not name the default branch"},
		{"a pull request without a base", "pull_request", "refs/pull/2/merge", `{` + repository + `}`, event.Trusted{}, "the event does not name the branch that the pull request is to be merged into"},
		{"a merge group without a base", "merge_group", "x", `{` + repository + `}`, event.Trusted{}, "the event does not name the commit that the merge group is on top of"},
		{"no JSON", "push", "refs/heads/main", `secret`, event.Trusted{}, "the payload is not the JSON that is documented"},
		{"nothing", "push", "refs/heads/main", ``, event.Trusted{}, "the payload is not the JSON that is documented"},
		{"another type", "push", "refs/heads/main", `{"repository": "secret"}`, event.Trusted{}, "the payload is not the JSON that is documented"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			var got event.Trusted
			e, err := event.Parse(tt.name, tt.ref, head, []byte(tt.payload))
			if err == nil {
				got, err = e.Trusted()
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if message := ""; err != nil || tt.wantErr != "" {
				if err != nil {
					message = err.Error()
				}
				if message != tt.wantErr {
					t.Errorf("error %q, want %q", message, tt.wantErr)
				}
			}
		})
	}
}

func TestTrustedSaysThatTheDefaultBranchIsMissing(t *testing.T) {
	if _, err := (event.Event{Name: "release"}).Trusted(); !errors.Is(err, event.ErrNoDefaultBranch) {
		t.Errorf("error %v", err)
	}
}

func TestParseRefusesWhatGitHubWouldNotDeliver(t *testing.T) {
	src := append([]byte(`{}`), bytes.Repeat([]byte(" "), event.MaxSize)...)
	if _, err := event.Parse("push", "refs/heads/main", head, src); err == nil {
		t.Error("no error")
	}
}

func TestAPullRequestWithSecretsIsNotCheckedOut(t *testing.T) {
	e, err := event.Parse("pull_request_target", "refs/heads/main", main, []byte(strings.ReplaceAll(pull, "BASE", "main")))
	if err != nil {
		t.Fatal(err)
	}
	for commit, want := range map[string]bool{main: true, head: false, merge: false, "": false} {
		if got := e.MayBeCheckedOut(commit); got != want {
			t.Errorf("%q may be checked out: %t", commit, got)
		}
	}
}

func TestPullRequest(t *testing.T) {
	onMain := strings.ReplaceAll(pull, "BASE", "main")
	for _, tt := range []struct {
		what, payload string
		want          event.Pull
	}{
		{"of a fork", onMain, event.Pull{Number: 2, Head: head, Author: "octocat", AuthorID: 2, Fork: true}},
		{"of the repository", strings.Replace(onMain, `"repo": {"id": 3,`, `"repo": {"id": 186853002,`, 1), event.Pull{Number: 2, Head: head, Author: "octocat", AuthorID: 2}},
		{"of a fork that is gone", strings.Replace(onMain, `"repo": {"id": 3, "full_name": "octocat/demo", "fork": true, "default_branch": "evil"}`, `"repo": null`, 1), event.Pull{Number: 2, Head: head, Author: "octocat", AuthorID: 2, Fork: true}},
		{"a comment on one, which tells nothing of it", comment, event.Pull{}},
		{"a merge group", group, event.Pull{}},
		{"a push", push, event.Pull{}},
		{"a dispatch with an input of that name", dispatch, event.Pull{}},
	} {
		t.Run(tt.what, func(t *testing.T) {
			e, err := event.Parse("pull_request", "refs/pull/2/merge", head, []byte(tt.payload))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, e.Pull); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
