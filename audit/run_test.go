package audit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/audit"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// Eight jobs, each of which has the plan and a token, come to the same as one.
func TestShardsMergedAreAsOneRun(t *testing.T) {
	s := acme(t)
	whole, err := run(t.Context(), t, s, file, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, shards := range []int{1, 8, 200} {
		p, err := makePlan(t.Context(), client(s, nil), file, shards)
		if err != nil {
			t.Fatal(err)
		}
		var b bytes.Buffer
		if err := p.Write(&b); err != nil {
			t.Fatal(err)
		}
		var parts []string
		for k := p.Shards; k >= 1; k-- {
			p, err := audit.Read(b.Bytes(), "test")
			if err != nil {
				t.Fatal(err)
			}
			state := open(t, t.TempDir())
			part, err := runPlan(t.Context(), t, client(s, state), p, state, k)
			if err != nil {
				t.Fatal(err)
			}
			parts = append(parts, write(t, "part.json", part))
		}
		if diff := cmp.Diff(whole, merged(t, parts...)); diff != "" {
			t.Errorf("%d shards (-one run +merged):\n%s", p.Shards, diff)
		}
	}
}

// interrupted audits with a run that ends with the n-th request, and then with one that
// does not, and returns what that comes to, and whether the first one was interrupted.
func interrupted(t *testing.T, s *githubtest.Server, src, dir string, n int) (string, bool) {
	t.Helper()
	ctx, cancel := context.WithCancelCause(t.Context())
	stop := errors.New("stop")
	s.Set(func() {
		s.Watch = func(i int) {
			if i == n {
				cancel(stop)
			}
		}
	})
	defer cancel(nil)
	text, err := run(ctx, t, s, src, dir)
	if err == nil {
		return text, false
	}
	if ctx.Err() == nil {
		t.Fatal(err)
	}
	text, err = run(t.Context(), t, s, src, dir)
	if err != nil {
		t.Fatal(err)
	}
	return text, true
}

// few is an audit with a bit of everything.
const few = `version: 1
repositories: [acme/fine, acme/without, acme/sometimes, acme/release-jit, acme/gone, acme/beside, initech/utensil]
discover: [{org: acme, name: [fine, policies, signed], without-policy: ignore}]
baseline: {github: acme/policies//base.yml, ref: ` + baseCommit + `}
release: {assets: "*.zip"}
`

func TestARunThatIsInterruptedAtAnyRequestGoesOn(t *testing.T) {
	whole, err := run(t.Context(), t, acme(t), few, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; ; n++ {
		text, stopped := interrupted(t, acme(t), few, t.TempDir(), n)
		if text != whole {
			t.Errorf("stopped at request %d (-whole +resumed):\n%s", n, cmp.Diff(whole, text))
		}
		if !stopped {
			if n < 30 {
				t.Errorf("there are only %d requests", n)
			}
			break
		}
	}
	whole, err = run(t.Context(), t, acme(t), file, t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for n := 7; n < 160; n += 31 {
		if text, _ := interrupted(t, acme(t), file, t.TempDir(), n); text != whole {
			t.Errorf("forty repositories, stopped at request %d (-whole +resumed):\n%s", n, cmp.Diff(whole, text))
		}
	}
}

// What was answered once is asked for again only to hear whether it has changed: in the
// same run, in one that goes on, and in the next one.
func TestNothingIsAskedForTwiceUnconditionally(t *testing.T) {
	s, dir := acme(t), t.TempDir()
	const n = 40
	if _, stopped := interrupted(t, s, file, dir, n); !stopped {
		t.Fatal("the run was not interrupted")
	}
	before := len(s.Requests())
	whole, err := run(t.Context(), t, s, file, dir)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{} // the request that was answered, from 1
	lost := 0
	for i, r := range s.Requests() {
		key := r.Header.Get("Accept") + " " + r.Path
		at := seen[key]
		again := at > 0 && r.Header.Get("If-None-Match") == ""
		switch {
		case again && at <= n+jobs: // the run that was interrupted may not have come to keep it
			lost++
		case again:
			t.Errorf("request %d asks for %s once more, and for all of it", i+1, r.Path)
		}
		if r.Kept && (at == 0 || again) {
			seen[key] = i + 1
		}
	}
	if lost > jobs {
		t.Errorf("%d answers were lost by %d that asked when the run was interrupted", lost, jobs)
	}
	if len(seen) < 40 || before < 100 {
		t.Errorf("only %d answers were kept of %d requests", len(seen), before)
	}
	s.Set(func() { s.Repos["acme/fine"].Commits = repo("").Commits })
	changed, err := run(t.Context(), t, s, file, dir)
	if err != nil || changed == whole || !strings.Contains(changed, `"repository":"Acme/fine"`) || !strings.Contains(changed, "there is no .github/codewarrant.yml") {
		t.Errorf("a run after the first one does not tell what has changed: %v", err)
	}
}

// kept is how many answers are in a state.
func kept(t *testing.T, dir string) int {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "answers*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	return len(names)
}

// Of what was answered no more is kept than the last run that was over has used, however often
// it was interrupted.
func TestAnswersThatARunDoesNotUseAreDropped(t *testing.T) {
	s, dir, other := acme(t), t.TempDir(), t.TempDir()
	const less = "version: 1\nrepositories: [acme/fine, acme/beside]\n"
	for range 3 {
		if _, err := run(t.Context(), t, s, less, other); err != nil {
			t.Fatal(err)
		}
	}
	want := kept(t, other)
	if _, err := run(t.Context(), t, s, few, dir); err != nil {
		t.Fatal(err)
	}
	if n := kept(t, dir); n <= want || want == 0 {
		t.Fatalf("%d answers, and %d of less", n, want)
	}
	if _, stopped := interrupted(t, s, less, dir, len(s.Requests())+4); !stopped {
		t.Fatal("the run was not interrupted")
	}
	if n := kept(t, dir); n != want {
		t.Errorf("%d answers are kept, and %d are used", n, want)
	}
	asked := len(s.Requests())
	if _, err := run(t.Context(), t, s, less, dir); err != nil {
		t.Fatal(err)
	}
	for _, r := range s.Requests()[asked:] {
		if r.Header.Get("If-None-Match") == "" {
			t.Errorf("an answer that was used was dropped: %s", r.Path)
		}
	}
	for i := range 4 { // what changes leaves nothing behind
		tree := githubtest.Tree{own: {Data: fmt.Sprintf("version: 1 # %d\n", i)}}
		sha := fmt.Sprintf("%040d", i+1)
		s.Set(func() {
			s.Repos["acme/fine"].Commits = map[string]githubtest.Tree{sha: tree}
			s.Repos["acme/fine"].Branches = map[string]githubtest.Branch{"main": {Commit: sha}}
		})
		if _, err := run(t.Context(), t, s, less, dir); err != nil {
			t.Fatal(err)
		}
	}
	if n := kept(t, dir); n > want {
		t.Errorf("%d answers are kept, and %d are used", n, want)
	}
}

// A run that was interrupted and is never gone on with leaves nothing behind, and what it was
// answered is not asked for again in full by the run that takes its place.
func TestAnswersOfAPlanThatIsGivenUpAreDropped(t *testing.T) {
	s, dir, other := acme(t), t.TempDir(), t.TempDir()
	const less = "version: 1\nrepositories: [acme/fine, acme/beside]\n"
	if _, err := run(t.Context(), t, s, less, other); err != nil {
		t.Fatal(err)
	}
	want := kept(t, other)
	for range 2 {
		giveUp(t, s, few, dir)
	}
	if n := kept(t, dir); n <= want || want == 0 {
		t.Fatalf("%d answers, and %d of less", n, want)
	}
	asked := len(s.Requests())
	if _, err := run(t.Context(), t, s, less, dir); err != nil {
		t.Fatal(err)
	}
	again := 0
	for _, r := range s.Requests()[asked:] {
		if !strings.HasPrefix(strings.ToLower(r.Path), "/repos/acme/fine/") {
			continue
		}
		if again++; r.Header.Get("If-None-Match") == "" {
			t.Errorf("an answer that was there was dropped: %s", r.Path)
		}
	}
	if n := kept(t, dir); n != want || again == 0 {
		t.Errorf("%d answers are kept, and %d are used", n, want)
	}
}

// giveUp runs all of a plan, and is killed before it comes to its end.
func giveUp(t *testing.T, s *githubtest.Server, src, dir string) {
	t.Helper()
	if err := unfinished(t, s, src, open(t, dir)); err != nil {
		t.Fatal(err)
	}
}

// unfinished runs all of a plan, without the end of it.
func unfinished(t *testing.T, s *githubtest.Server, src string, state *audit.State) error {
	t.Helper()
	c := client(s, state)
	p, err := makePlan(t.Context(), c, src, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := state.Begin(p, 0); err != nil {
		t.Fatal(err)
	}
	_, _, err = audit.Run(t.Context(), p, audit.Options{Client: c, Version: "test", State: state})
	return err
}

// The token goes to the API alone, and is written nowhere.
func TestTheTokenStaysWithTheAPI(t *testing.T) {
	s, dir := acme(t), t.TempDir()
	text, err := run(t.Context(), t, s, file, dir)
	if err != nil || strings.Contains(text, secret) {
		t.Errorf("the token is in the report, or %v", err)
	}
	if strings.Contains(text, dir) || strings.Contains(text, "/assets/") {
		t.Errorf("the report tells where assets were fetched to:\n%s", text)
	}
	if len(s.Fetched()) < 5 {
		t.Errorf("only %d assets were fetched", len(s.Fetched()))
	}
	for _, r := range s.Fetched() {
		if r.Header.Get("Authorization") != "" {
			t.Errorf("the storage of assets was given the token, for %s", r.Path)
		}
	}
	files := 0
	err = filepath.WalkDir(dir, func(name string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		info, err := d.Info()
		if err != nil {
			return err
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others: %v", name, info.Mode())
		}
		b, err := os.ReadFile(name)
		if bytes.Contains(b, []byte(secret)) {
			t.Errorf("%s has the token", name)
		}
		return err
	})
	if err != nil || files < 40 {
		t.Errorf("%d files, %v", files, err)
	}
}

// A state that was made for another plan is not believed.
func TestStateOfAnotherRun(t *testing.T) {
	s, dir := acme(t), t.TempDir()
	state := open(t, dir)
	p, err := makePlan(t.Context(), client(s, state), few, 2)
	if err != nil {
		t.Fatal(err)
	}
	begin := func(shard int) int {
		t.Helper()
		if err := state.Begin(p, shard); err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "reports", "*.json"))
		if err != nil {
			t.Fatal(err)
		}
		return len(left)
	}
	begin(1)
	files, limited, err := audit.Run(t.Context(), p, audit.Options{Client: client(s, state), State: state, Shard: 1})
	if err != nil || limited || len(files) == 0 {
		t.Fatal(files, limited, err)
	}
	asked := len(s.Requests())
	if _, _, err := audit.Run(t.Context(), p, audit.Options{Client: client(s, state), State: state, Shard: 1}); err != nil || len(s.Requests()) != asked {
		t.Errorf("what is there was asked for again, or %v", err)
	}
	if n := begin(1); n == 0 {
		t.Error("the reports of the same part were taken away")
	}
	if n := begin(2); n != 0 {
		t.Errorf("%d reports of another part are left", n)
	}
	if err := os.WriteFile(files[0], nil, 0o600); err != nil { // as after a power cut
		t.Fatal(err)
	}
	if err := state.Begin(p, 2); err != nil {
		t.Fatal(err)
	}
	if again, _, err := audit.Run(t.Context(), p, audit.Options{Client: client(s, state), State: state, Shard: 1}); err != nil || len(again) != len(files) || len(s.Requests()) == asked {
		t.Errorf("an empty report is taken for one: %v", err)
	}
}

// What the rate limit kept from being read is looked at once more by the same run, and
// nothing else is.
func TestARunThatWasLimitedGoesOn(t *testing.T) {
	s, dir := acme(t), t.TempDir()
	state := open(t, dir)
	src := "version: 1\nrepositories: [acme/fine, acme/limited, acme/beside]\n"
	p, err := makePlan(t.Context(), client(s, state), src, 1)
	if err != nil {
		t.Fatal(err)
	}
	if err := state.Begin(p, 0); err != nil {
		t.Fatal(err)
	}
	files, limited, err := audit.Run(t.Context(), p, audit.Options{Client: client(s, state), State: state})
	if err != nil || !limited || len(files) != 3 {
		t.Fatal(files, limited, err)
	}
	if text := merged(t, files...); !strings.Contains(text, "the rate limit of GitHub's API is reached") {
		t.Errorf("the rate limit is not told:\n%s", text)
	}
	s.Set(func() { s.Repos["acme/limited"].Script = nil })
	asked := len(s.Requests())
	files, limited, err = audit.Run(t.Context(), p, audit.Options{Client: client(s, state), State: state})
	if err != nil || limited || len(files) != 3 {
		t.Fatal(files, limited, err)
	}
	if text := merged(t, files...); !strings.Contains(text, `"passed": 3`) {
		t.Errorf("not all is complete:\n%s", text)
	}
	for _, r := range s.Requests()[asked:] {
		if !strings.Contains(r.Path, "limited") && !strings.Contains(r.Path, "policies") {
			t.Errorf("asked for %s again", r.Path)
		}
	}
}

func TestAStateThatCannotBeWritten(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "file")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := audit.OpenState(name); err == nil {
		t.Error("a file is taken for a folder")
	}
	if _, err := audit.OpenState(dir); err == nil || !strings.Contains(err.Error(), "is not empty, and no folder of an audit") {
		t.Errorf("a folder with somebody's files is taken: %v", err)
	}
	state := open(t, filepath.Join(dir, "state"))
	if err := os.RemoveAll(filepath.Join(dir, "state", "answers")); err != nil {
		t.Fatal(err)
	}
	s := acme(t)
	err := unfinished(t, s, few, state)
	if err == nil || !strings.Contains(fmt.Sprint(err), "answers") {
		t.Errorf("that no answer could be kept is not told: %v", err)
	}
}

// What docs/audit.md says that is asked about one repository.
func TestWhatARepositoryCosts(t *testing.T) {
	const list = 1 // of the organization
	for _, test := range []struct {
		name, src string
		want      int
	}{
		{"one that is found", "discover: [{org: acme, name: no-extends}]", list + 2},
		{"one that is listed", "repositories: [acme/no-extends]", 3},
		{"one that extends a file beside its policy", "discover: [{org: acme, name: beside}]", list + 2 + 1},
		{"one without a policy", "discover: [{org: acme, name: bare}]", list + 2 + 1},
		{"one without a release", "discover: [{org: acme, name: no-extends}]\nrelease: {assets: '*'}", list + 2 + 1},
		{"one with a release of one asset", "discover: [{org: acme, name: release-no-stage}]\nrelease: {assets: '*'}", list + 2 + 2 + 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := acme(t)
			if _, err := run(t.Context(), t, s, "version: 1\n"+test.src+"\n", t.TempDir()); err != nil {
				t.Fatal(err)
			}
			if n := len(s.Requests()); n != test.want {
				t.Errorf("%d requests, not %d", n, test.want)
			}
		})
	}
}
