package audit

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
	"github.com/codewarrant/codewarrant/policy"
)

// small is a run of one repository, whose policy and release are given.
func small(t *testing.T, own string, assets []githubtest.Asset) *run {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	const sha = "c0ffee0000000000000000000000000000000000"
	s.Repos["acme/app"] = &githubtest.Repo{
		Branches: map[string]githubtest.Branch{"main": {Commit: sha}},
		Commits:  map[string]githubtest.Tree{sha: {".github/codewarrant.yml": {Data: own}}},
		Latest:   &githubtest.Release{ID: 1, Tag: "v1", Assets: assets},
	}
	src := "version: 1\nrepositories: acme/app\nrelease: {assets: '*'}\n"
	a, err := policy.ParseAudit("audit.yml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	c := &github.Client{BaseURL: s.URL}
	day, err := policy.ParseDate("2026-11-23")
	if err != nil {
		t.Fatal(err)
	}
	p, err := Make(t.Context(), c, []byte(src), a, day, 1, "test", nil)
	if err != nil {
		t.Fatal(err)
	}
	state, err := OpenState(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := state.Begin(p, 0); err != nil {
		t.Fatal(err)
	}
	return &run{plan: p, o: Options{Client: c, State: state}, maxReport: 64 << 20}
}

func TestAReportThatIsTooLargeIsToldOf(t *testing.T) {
	own := "version: 1\nexceptions:\n"
	for i := range 30 {
		own += fmt.Sprintf("  - {id: E%d, entitlement: a, applies-to: {identifier: x}}\n", i)
	}
	r := small(t, own, nil)
	r.maxReport = 4000
	r.one(t.Context(), 0)
	name, ok := r.o.State.report(0)
	if !ok || r.failed != nil {
		t.Fatalf("there is no report: %v", r.failed)
	}
	b, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(b), "its report would have more than") || !strings.Contains(string(b), `"result": "unreadable"`) {
		t.Errorf("%v\n%s", err, b)
	}
}

func TestAReleaseOfManyAssets(t *testing.T) {
	var assets []githubtest.Asset
	for i := range maxAssets + 5 {
		assets = append(assets, githubtest.Asset{ID: i + 1, Name: fmt.Sprintf("%03d", i), Data: "x"})
	}
	r := small(t, "version: 1\n", assets)
	result, _ := r.repository(t.Context(), r.plan.Repositories[0])
	many := 0
	for _, f := range result.Findings {
		if strings.HasPrefix(f.Message, "the assets of the release are more than") {
			many++
		}
	}
	if many != 5 {
		t.Errorf("%d assets are too many", many)
	}
}
