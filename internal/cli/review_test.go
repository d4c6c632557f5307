package cli_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

const atOther = "6666666666666666666666666666666666666666"

var (
	alice   = githubtest.Account{Login: "alice", ID: 1} // of the team
	bob     = githubtest.Account{Login: "bob", ID: 2}   // of no team
	mallory = githubtest.Account{Login: "mallory", ID: 3}

	// reviewers is strict with reviews in place of a base.
	reviewers = strings.Replace(strict, "{accept: [base]}", "{accept: review, review-teams: acme/product-security}", 1)
	// asked is reviewers with the exception that the code needs.
	asked = reviewers + approved[len(strict):]
)

// pullBy is the event of a pull request of the head of acme, from a branch beside main or
// from a fork.
func pullBy(author githubtest.Account, fork bool) string {
	head := 1
	if fork {
		head = 2
	}
	return fmt.Sprintf(`{"action": "submitted", "pull_request": {"number": 5, "user": {"login": %q, "id": %d},
		"head": {"ref": "evil", "sha": %q, "repo": {"id": %d}}, "base": {"ref": "main", "sha": %q, "repo": {"id": 1}}},
		"review": {"state": "approved", "user": {"login": "alice", "id": 1}, "commit_id": %[3]q},
		"repository": {"default_branch": "main"}}`, author.Login, author.ID, atFeature, head, atMain)
}

// newReview is a job of a pull request by mallory, whose head has the exception and is
// approved by alice, of the team.
func newReview(t *testing.T) *job {
	t.Helper()
	j := newJob(t, "pull_request_review", "refs/pull/5/merge", pullBy(mallory, false))
	j.policy = asked
	j.server.Tokens[jobToken] = githubtest.Permissions{
		"acme/app": githubtest.Contents, "acme/app pulls": githubtest.Read, "acme": githubtest.Members,
	}
	j.server.Teams["acme/product-security"] = map[string]string{"alice": "active"}
	repo := j.server.Repos["acme/app"]
	at := func(text string) githubtest.Tree { return githubtest.Tree{policyFile: {Data: text}} }
	repo.Commits = map[string]githubtest.Tree{atMain: at(reviewers), atFeature: at(asked), atOther: at(asked)}
	repo.Makers = map[string]githubtest.Makers{atFeature: {Author: mallory, Committer: mallory}}
	repo.Pulls = map[int]*githubtest.Pull{5: {Reviews: []githubtest.Review{{By: alice, State: "APPROVED", Commit: atFeature}}}}
	return j
}

func TestReviewsApproveExceptions(t *testing.T) {
	reviews := func(list ...githubtest.Review) func(*job) {
		return func(j *job) { j.server.Repos["acme/app"].Pulls[5].Reviews = list }
	}
	permissions := func(name, value string) func(*job) {
		return func(j *job) { j.server.Tokens[jobToken][name] = value }
	}
	main := func(text string) func(*job) {
		return func(j *job) {
			j.server.Repos["acme/app"].Commits[atMain] = githubtest.Tree{policyFile: {Data: text}}
		}
	}
	by := func(a githubtest.Account, state, commit string) githubtest.Review {
		return githubtest.Review{By: a, State: state, Commit: commit}
	}
	const pending = "error[pending-exception]: EXC-2026-001 covers it, and is not in main yet: would pass after merge; review: "
	for _, tt := range []struct {
		what string
		edit func(*job)
		exit int
		want string
	}{
		{"a member of the team approves the head", nil, 0, "approved by the review of alice"},
		{"on the event of the pull request itself", func(j *job) { j.env["GITHUB_EVENT_NAME"] = "pull_request" }, 0, "approved by the review of alice"},
		{"after a comment of the same", reviews(by(alice, "APPROVED", atFeature), by(alice, "COMMENTED", atFeature)), 0, "approved by the review of alice"},
		{"a member of the second of two teams", func(j *job) {
			main(strings.Replace(reviewers, "acme/product-security", "[acme/platform, Acme/Product-Security]", 1))(j)
			j.server.Teams["acme/platform"] = map[string]string{"bob": "active"}
		}, 0, "approved by the review of alice"},
		{"a member of the second, where the first is not there", main(strings.Replace(reviewers, "acme/product-security", "[acme/nowhere, acme/product-security]", 1)), 0, "approved by the review of alice"},
		{"on the second page", func(j *job) {
			list := make([]githubtest.Review, 150)
			for i := range list {
				list[i] = by(bob, "COMMENTED", atFeature)
			}
			reviews(append(list, by(alice, "APPROVED", atFeature))...)(j)
		}, 0, "approved by the review of alice"},
		{"GitHub fails for once", func(j *job) {
			j.server.Script(nil, nil, githubtest.Fail(http.StatusBadGateway, "x"))
		}, 0, "approved by the review of alice"},
		{"what is merged needs no review", func(j *job) { main(asked)(j); reviews()(j) }, 0, "approved"},

		{"nobody", reviews(), 1, pending + "nobody approves 222222222222, the head of the pull request"},
		{"somebody of no team", reviews(by(bob, "APPROVED", atFeature)), 1, pending + "bob approves it, and is in none of the teams acme/product-security"},
		{"somebody who is invited to the team", func(j *job) { j.server.Teams["acme/product-security"]["alice"] = "pending" }, 1, pending + "alice approves it, and is in none of the teams"},
		{"an older commit", reviews(by(alice, "APPROVED", atMain)), 1, pending + "nobody approves 222222222222, the head of the pull request: alice approved 111111111111"},
		{"one that was dismissed", reviews(by(alice, "DISMISSED", atFeature)), 1, "alice has a review that was dismissed"},
		{"one that was taken back", reviews(by(alice, "APPROVED", atFeature), by(alice, "CHANGES_REQUESTED", atFeature)), 1, "alice asks for changes"},
		{"the author, of the team", func(j *job) { j.payload = pullBy(alice, false) }, 1, "alice is the author of the pull request, or made its head commit"},
		{"the committer of the head, of the team", func(j *job) {
			j.server.Repos["acme/app"].Makers[atFeature] = githubtest.Makers{Author: mallory, Committer: alice}
		}, 1, "alice is the author of the pull request, or made its head commit"},
		{"an App with the name of a member", reviews(by(githubtest.Account{Login: "alice[bot]", ID: 1}, "APPROVED", atFeature)), 1, pending + "nobody approves"},

		// What the pull request brings does not say who approves it.
		{"a team of the pull request's own", func(j *job) {
			own := strings.Replace(asked, "acme/product-security", "evil/friends", 1)
			j.policy = own
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: own}}
			j.server.Teams["evil/friends"] = map[string]string{"bob": "active"}
			j.server.Tokens[jobToken]["evil"] = githubtest.Members
			reviews(by(bob, "APPROVED", atFeature))(j)
		}, 1, pending + "bob approves it, and is in none of the teams acme/product-security"},
		{"reviews that only the pull request takes", main(strict), 1, "EXC-2026-001 covers it, and is not in main yet: would pass after merge --> .github"},
		{"a policy that is not the one that was reviewed", func(j *job) {
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: reviewers}}
		}, 1, pending + "alice approves 222222222222, which does not have the exception as it is here"},
		{"an exception that is wider than the one that was reviewed", func(j *job) {
			j.policy = strings.Replace(asked, "applies-to: {path: Acme}", "applies-to: {path: '**/*'}", 1)
		}, 1, "which does not have the exception as it is here"},
		{"a group that is wider than the one that was reviewed", func(j *job) {
			group := func(path string) string {
				return strings.Replace(asked, "applies-to: {path: Acme}", "applies-to: {binaries: apps}", 1) + "binaries: {apps: {path: " + path + "}}\n"
			}
			j.policy = group("'**'")
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: group("none/Acme")}}
		}, 1, "which does not have the exception as it is here"},
		{"a rule of the pull request's own is not what is approved", func(j *job) {
			lax := strings.Replace(reviewers, "require-justification", "allow", 1)
			j.policy = lax
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: lax}}
		}, 1, "error[unapproved-entitlement]"},
		{"a pull request with secrets", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.env["GITHUB_REF"] = "pull_request_target", "refs/heads/main"
		}, 1, "error[unapproved-entitlement]"},
		{"a push to another branch", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.payload = "push", `{"repository": {"default_branch": "main"}}`
		}, 1, pending + "the run is about no pull request"},
		{"a head that is none", func(j *job) { j.payload = strings.ReplaceAll(j.payload, atFeature, "main") }, 1, pending + "the event does not name the head of the pull request"},

		// Whatever is not known approves nothing.
		{"a token that may not read reviews", permissions("acme/app pulls", ""), 1, "the token needs the permission pull-requests: read for acme/app"},
		{"the token of a job, which cannot read teams", permissions("acme", ""), 1, "the team acme/product-security: the token may not read this; GitHub says"},
		{"what that token lacks is told", permissions("acme", ""), 1, "team membership needs the token of a GitHub App with the organisation's permission members: read, or a classic one with read:org: give it as the input token; the GITHUB_TOKEN of a job cannot have it"},
		{"a team that the token does not see", permissions("acme", "none"), 1, "the team acme/product-security: not found: it is not there, or the token may not see it"},
		{"a pull request that is not there", func(j *job) { delete(j.server.Repos["acme/app"].Pulls, 5) }, 1, "acme/app#5, reviews: not found"},
		{"reviews that are no JSON", func(j *job) { j.server.Script(nil, nil, githubtest.Answer(200, nil, `{"a": 1}`)) }, 1, "GitHub's answer is not the JSON that is documented"},
		{"a head that GitHub does not find", func(j *job) { delete(j.server.Repos["acme/app"].Commits, atFeature) }, 1, pending + "acme/app at 222222222222"},
		{"a head without a policy", func(j *job) { j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{"a": {Data: "a"}} }, 1, "the policy that was reviewed: file does not exist"},
		{"a head whose policy is not valid", func(j *job) {
			j.server.Repos["acme/app"].Commits[atFeature] = githubtest.Tree{policyFile: {Data: "rulez: []"}}
		}, 1, "the policy that was reviewed: "},
		{"a redirect to another host", func(j *job) { j.server.Script(nil, nil, githubtest.Redirect(302, "https://evil.example/")) }, 1, `GitHub redirects to "evil.example", which is not followed`},
		{"more reviews than are read", func(j *job) {
			list := []githubtest.Review{by(alice, "APPROVED", atFeature)}
			for range 3000 {
				list = append(list, by(mallory, "COMMENTED", atFeature))
			}
			reviews(list...)(j)
		}, 1, "there are more than 3000, and no more are read"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newReview(t)
			if tt.edit != nil {
				tt.edit(j)
			}
			exit, written := j.run(t)
			if exit != tt.exit || !strings.Contains(strings.Join(strings.Fields(written), " "), tt.want) {
				t.Errorf("exit %d, want %d with %q in\n%s", exit, tt.exit, tt.want, written)
			}
			if strings.Contains(written, jobToken) {
				t.Errorf("the token shows in\n%s", written)
			}
			for _, r := range j.server.Requests() {
				if strings.Contains(r.Path, "evil/") {
					t.Errorf("it is asked for a team that the pull request names: %s", r.Path)
				}
			}
		})
	}
}

// Outside of GitHub, and on the branch that it is merged into, it is as with a base.
func TestReviewsElsewhere(t *testing.T) {
	for _, tt := range []struct {
		what string
		edit func(*job)
		exit int
		want string
	}{
		{"a push to main counts what is merged", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.env["GITHUB_REF"], j.payload = "push", "refs/heads/main", `{"repository": {"default_branch": "main"}}`
		}, 0, "approved"},
		{"without an event nothing is merged", func(j *job) { j.env["GITHUB_EVENT_NAME"] = "" }, 1, "exceptions count as they stand in the base, which is not known"},
		{"a merge group has no reviews", func(j *job) {
			j.env["GITHUB_EVENT_NAME"], j.payload = "merge_group", `{"merge_group": {"base_sha": "`+atMain+`", "base_ref": "refs/heads/main"}}`
		}, 1, "review: the run is about no pull request"},
		{"a base that is named has the teams", func(j *job) { j.inputs["base"] = "main" }, 0, "approved by the review of alice"},
	} {
		t.Run(tt.what, func(t *testing.T) {
			j := newReview(t)
			tt.edit(j)
			if exit, written := j.run(t); exit != tt.exit || !strings.Contains(strings.Join(strings.Fields(written), " "), tt.want) {
				t.Errorf("exit %d, want %d with %q in\n%s", exit, tt.exit, tt.want, written)
			}
		})
	}
}
