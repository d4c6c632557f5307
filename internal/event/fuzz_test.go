package event_test

import (
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/event"
)

// FuzzParse reads any payload as any event: it is an error, or there is one place to
// trust, and the workspace is one for a push to the default branch alone.
func FuzzParse(f *testing.F) {
	for _, payload := range []string{pull, group, push, release, dispatch, comment, run, schedule, "{}", ""} {
		for _, name := range []string{"pull_request", "pull_request_target", "merge_group", "push", "schedule"} {
			f.Add(name, "refs/heads/main", []byte(strings.ReplaceAll(payload, "BASE", "main")))
		}
	}
	f.Fuzz(func(t *testing.T, name, ref string, src []byte) {
		e, err := event.Parse(name, ref, head, src)
		if err != nil {
			return
		}
		got, err := e.Trusted()
		if err != nil {
			if got != (event.Trusted{}) {
				t.Errorf("%+v and %v", got, err)
			}
			return
		}
		places := 0
		for _, is := range []bool{got.Workspace, got.Commit != "", got.Branch != ""} {
			if is {
				places++
			}
		}
		if places != 1 || got.Name == "" || got.Alone != (name == event.PullRequestTarget) {
			t.Errorf("%+v", got)
		}
		if got.Workspace && (name != "push" || ref != "refs/heads/"+e.DefaultBranch) {
			t.Errorf("the workspace is trusted on %s of %s", name, ref)
		}
	})
}
