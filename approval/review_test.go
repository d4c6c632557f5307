package approval_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/approval"
)

func TestApproving(t *testing.T) {
	const head, before = "2222222222222222222222222222222222222222", "1111111111111111111111111111111111111111"
	alice, bob, mallory := approval.Person{Login: "alice", ID: 1}, approval.Person{Login: "bob", ID: 2}, approval.Person{Login: "mallory", ID: 3}
	says := func(by approval.Person, state, commit string) approval.Opinion {
		return approval.Opinion{By: by, Human: true, State: state, Commit: commit}
	}
	type opinions []approval.Opinion
	for _, tt := range []struct {
		name     string
		opinions opinions
		commit   string
		who      []approval.Person
		why      string
	}{
		{"nobody", nil, head, nil, ""},
		{"of the head", opinions{says(alice, "APPROVED", head)}, head, []approval.Person{alice}, ""},
		{"of what was there before", opinions{says(alice, "APPROVED", before)}, head, nil, "alice approved 111111111111, which is not the head of the pull request"},
		{"of no commit", opinions{says(alice, "APPROVED", "")}, "", nil, "alice approved , which is not the head of the pull request"},
		{"dismissed", opinions{says(alice, "DISMISSED", head)}, head, nil, "alice has a review that was dismissed"},
		{"asking for changes after it", opinions{says(alice, "APPROVED", head), says(alice, "CHANGES_REQUESTED", head)}, head, nil, "alice asks for changes"},
		{"asking for changes before it", opinions{says(alice, "CHANGES_REQUESTED", head), says(alice, "APPROVED", head)}, head, []approval.Person{alice}, ""},
		{"a comment after it says nothing", opinions{says(alice, "APPROVED", head), says(alice, "COMMENTED", head), says(alice, "PENDING", head)}, head, []approval.Person{alice}, ""},
		{"the head, and then an older commit", opinions{says(alice, "APPROVED", head), says(alice, "APPROVED", before)}, head, nil, "alice approved 111111111111, which is not the head of the pull request"},
		{"the head, and then one that was dismissed", opinions{says(alice, "APPROVED", head), says(alice, "DISMISSED", head)}, head, nil, "alice has a review that was dismissed"},
		{"another person's changes", opinions{says(alice, "APPROVED", head), says(bob, "CHANGES_REQUESTED", head)}, head, []approval.Person{alice}, "bob asks for changes"},
		{"under another name", opinions{says(alice, "APPROVED", head), says(approval.Person{Login: "alice-2", ID: 1}, "CHANGES_REQUESTED", head)}, head, nil, "alice-2 asks for changes"},
		{"by the author", opinions{says(mallory, "APPROVED", head)}, head, nil, "mallory is the author of the pull request, or made its head commit"},
		{"by the author, who has another name now", opinions{says(approval.Person{Login: "other", ID: 3}, "APPROVED", head)}, head, nil, "other is the author of the pull request, or made its head commit"},
		{"by the author in other letters", opinions{says(approval.Person{Login: "MALLORY", ID: 9}, "APPROVED", head)}, head, nil, "MALLORY is the author of the pull request, or made its head commit"},
		{"by an App", opinions{{By: approval.Person{Login: "robot[bot]", ID: 7}, State: "APPROVED", Commit: head}}, head, nil, ""},
		{"by an account that is gone", opinions{{State: "APPROVED", Commit: head, Human: true}}, head, nil, ""},
		{"of a state that is new", opinions{says(alice, "APPROVED", head), says(alice, "WITHDRAWN", head)}, head, nil, "alice has a review of a state that is not known"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			who, why := approval.Approving(tt.opinions, tt.commit, []approval.Person{mallory, {}})
			if diff := cmp.Diff(tt.who, who); diff != "" {
				t.Errorf("who (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.why, strings.Join(why, "; ")); diff != "" {
				t.Errorf("why (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReviewedFailsClosed(t *testing.T) {
	for _, tt := range []struct {
		name string
		r    *approval.Reviewed
		want string
	}{
		{"nothing", nil, "review: nobody looked at the reviews"},
		{"the zero value", &approval.Reviewed{}, "review: nobody approves the pull request"},
		{"a reason", &approval.Reviewed{Why: "no answer"}, "review: no answer"},
		{"a commit that lacks it", &approval.Reviewed{By: []string{"alice"}, Unseen: map[string]string{"E": "not seen"}}, "review: not seen"},
		{"an approval", &approval.Reviewed{By: []string{"alice"}, Unseen: map[string]string{"F": "not seen"}}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.r.Lack("E"); got != tt.want || tt.r.Covers("E") != (tt.want == "") {
				t.Errorf("lack %q, want %q", got, tt.want)
			}
		})
	}
}
