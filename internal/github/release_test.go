package github_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// released is acme with a release of acme/policies.
func released(t *testing.T, assets ...githubtest.Asset) *githubtest.Server {
	s := acme(t)
	s.Repos["acme/policies"].Latest = &githubtest.Release{ID: 3, Tag: "v1.2", Assets: assets}
	return s
}

func TestLatestRelease(t *testing.T) {
	s := released(t,
		githubtest.Asset{ID: 41, Name: "Acme.zip", Data: "PK"},
		githubtest.Asset{ID: 42, Name: "old.zip", Data: "PK", Digest: "none"},
		githubtest.Asset{ID: 43, Name: "odd.zip", Data: "PK", Digest: "md5:1234"},
		githubtest.Asset{ID: 44, Name: "begun.zip", State: "starter"},
	)
	c, _ := client(s, secret)
	got, err := c.LatestRelease(t.Context(), "acme", "policies")
	want := &github.Release{Tag: "v1.2", Assets: []github.Asset{
		{ID: 41, Name: "Acme.zip", Size: 2, SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte("PK")))},
		{ID: 42, Name: "old.zip", Size: 2},
		{ID: 43, Name: "odd.zip", Size: 2},
	}}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	if got, err := c.LatestRelease(t.Context(), "acme", "app"); got != nil || err != nil {
		t.Errorf("of a repository without a release: %v, %v", got, err)
	}
	for range 150 {
		s.Repos["acme/policies"].Latest.Assets = append(s.Repos["acme/policies"].Latest.Assets, githubtest.Asset{ID: 50, Name: "x"})
	}
	if got, err := c.LatestRelease(t.Context(), "acme", "policies"); err != nil || len(got.Assets) != 153 {
		t.Errorf("of many assets: %v, %v", got, err)
	}
}

func TestDownload(t *testing.T) {
	const op = "acme/policies, asset Acme.zip: "
	whole := githubtest.Asset{ID: 41, Name: "Acme.zip", Data: strings.Repeat("PK", 1000)}
	sum := fmt.Sprintf("%x", sha256.Sum256([]byte(whole.Data)))
	elsewhere := githubtest.New()
	defer elsewhere.Close()
	for name, tt := range map[string]struct {
		digest string
		edit   func(*githubtest.Server, *github.Asset)
		want   outcome
	}{
		"it is fetched from where it is stored": {},
		"one that is cut off is fetched once more": {edit: func(s *githubtest.Server, _ *github.Asset) {
			s.Script(githubtest.CutOff, githubtest.Fail(502, "Bad Gateway"))
		}},
		"the API may send it itself": {edit: func(s *githubtest.Server, _ *github.Asset) {
			s.Script(githubtest.Answer(200, nil, whole.Data))
		}},
		"one with another digest is refused": {
			digest: "sha256:" + strings.Repeat("0", 64),
			want: outcome{
				Status: 200, Error: op + "what came is not the asset: its SHA-256 is " + sum + ", and GitHub names " + strings.Repeat("0", 64),
				Hint: "see who could have changed it, and upload it once more",
			},
		},
		"one without a digest is refused": {digest: "none", want: outcome{
			Error: op + "GitHub names no digest of the asset", Hint: "upload it once more: GitHub names digests since June 2025",
		}},
		"one that is longer than it says is refused": {
			edit: func(_ *githubtest.Server, a *github.Asset) { a.Size-- },
			want: outcome{Status: 200, Error: op + "what came has not the 1999 bytes that GitHub says the asset has"},
		},
		"one that is too large is not asked for": {
			edit: func(_ *githubtest.Server, a *github.Asset) { a.Size = 1 << 40 },
			want: outcome{Error: op + "the asset has 1099511627776 bytes, over the limit of 2147483648"},
		},
		"a redirect to a file of this machine is not followed": {
			edit: func(s *githubtest.Server, _ *github.Asset) {
				s.Script(githubtest.Redirect(302, "file:///etc/passwd"))
			},
			want: outcome{Status: 302, Error: op + `GitHub redirects to "", which is not followed`, Hint: "only the host of the API is asked; is GITHUB_API_URL its address?"},
		},
		"a redirect in the clear to another machine is not followed": {
			edit: func(s *githubtest.Server, _ *github.Asset) {
				s.Script(githubtest.Redirect(302, "http://192.0.2.1/asset"))
			},
			want: outcome{Status: 302, Error: op + `GitHub redirects to "192.0.2.1", which is not followed`, Hint: "only the host of the API is asked; is GITHUB_API_URL its address?"},
		},
		"a host that redirects to itself is asked six times": {
			edit: func(s *githubtest.Server, _ *github.Asset) {
				for range 10 {
					elsewhere.Script(githubtest.Redirect(302, elsewhere.URL+"/again"))
				}
				s.Script(githubtest.Redirect(302, elsewhere.URL+"/asset"))
			},
			want: outcome{Status: 302, Error: op + "GitHub redirects more than 5 times"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := whole
			a.Digest = tt.digest
			s := released(t, a)
			c, _ := client(s, secret)
			r, err := c.LatestRelease(t.Context(), "acme", "policies")
			if err != nil {
				t.Fatal(err)
			}
			if tt.edit != nil {
				tt.edit(s, &r.Assets[0])
			}
			f, err := os.Create(filepath.Join(t.TempDir(), "asset"))
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			err = c.Download(t.Context(), "acme", "policies", r.Assets[0], f)
			if diff := cmp.Diff(tt.want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
			b, readErr := os.ReadFile(f.Name())
			if readErr != nil || err == nil && string(b) != whole.Data {
				t.Errorf("%d bytes were written, %v", len(b), readErr)
			}
			for _, r := range append(s.Fetched(), elsewhere.Requests()...) {
				if r.Header.Get("Authorization") != "" {
					t.Errorf("another host was given the token: %v", r)
				}
			}
		})
	}
}

func TestRepositories(t *testing.T) {
	s := acme(t)
	for i := range 250 {
		name := fmt.Sprintf("acme/x%03d", i)
		s.Repos[name] = &githubtest.Repo{ID: 100 + i, FullName: fmt.Sprintf("Acme/X%03d", i), Archived: i == 0, Topics: []string{"macos"}}
	}
	s.Repos["other/x"] = &githubtest.Repo{}
	c, _ := client(s, other)
	got, err := c.Repositories(t.Context(), "ACME")
	if err != nil || len(got) != 251 {
		t.Fatalf("%d repositories, %v", len(got), err)
	}
	want := []github.Repository{
		{Name: "acme/app", DefaultBranch: "trunk", Topics: []string{}},
		{Name: "Acme/X000", DefaultBranch: "main", Archived: true, Topics: []string{"macos"}},
		{Name: "Acme/X001", DefaultBranch: "main", Topics: []string{"macos"}},
	}
	if diff := cmp.Diff(want, got[:3]); diff != "" {
		t.Error(diff)
	}
	if n := len(s.Requests()); n != 6 {
		t.Errorf("asked %d times, not twice for each page", n)
	}
	// One goes while the second page is read, and others move up.
	s.Watch = func(n int) {
		if n == 8 {
			delete(s.Repos, "acme/x000")
		}
	}
	got, err = c.Repositories(t.Context(), "acme")
	if err != nil || len(got) != 250 || !slices.ContainsFunc(got, func(r github.Repository) bool { return r.Name == "Acme/X099" }) {
		t.Errorf("of a list that changed %d repositories, %v", len(got), err)
	}
	for _, tt := range []struct {
		name string
		edit func(*githubtest.Server)
		org  string
		want string
	}{
		{"an organisation that nobody sees", func(*githubtest.Server) {}, "initech", "the repositories of initech: not found"},
		{"a name that leads elsewhere", func(*githubtest.Server) {}, "../user", `the repositories of ../user: "../user" is not an organisation`},
		{"a repository whose name leads elsewhere", func(s *githubtest.Server) { s.Repos["acme/x003"].FullName = "acme/../../user" }, "acme", `GitHub's answer names no repository: "acme/../../user"`},
		{"a branch that is none", func(s *githubtest.Server) { s.Repos["acme/x003"].DefaultBranch = "\x1b[2J" }, "acme", "GitHub's answer names no default branch"},
		{"an answer that is no list", func(s *githubtest.Server) { s.Script(githubtest.Answer(200, nil, "{}")) }, "acme", "is not the JSON that is documented"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.edit(s)
			list, err := c.Repositories(t.Context(), tt.org)
			if list != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%d repositories, %v, want %s", len(list), err, tt.want)
			}
		})
	}
}

// A page that is not full is not the last one where GitHub says so.
func TestPagesGoOnAsLinkSays(t *testing.T) {
	s := acme(t)
	one := `[{"full_name": "acme/%s", "default_branch": "main"}]`
	s.Script(
		githubtest.Answer(200, map[string]string{"Link": `<https://evil.example/?page=2>; rel="next", <https://evil.example/?page=9>; rel="last"`}, fmt.Sprintf(one, "a")),
		githubtest.Answer(200, map[string]string{"Link": `<https://evil.example/?page=1>; rel="prev"`}, fmt.Sprintf(one, "b")),
	)
	c, _ := client(s, other)
	got, err := c.Repositories(t.Context(), "acme")
	if err != nil || len(got) != 2 || got[1].Name != "acme/b" {
		t.Errorf("got %v, %v", got, err)
	}
	if r := s.Requests(); len(r) != 2 || r[1].Path != "/orgs/acme/repos?per_page=100&page=2" {
		t.Errorf("asked %v", r)
	}
}

// store is a Store in memory.
type store map[string][]byte

func (s store) Load(key string) []byte    { return s[key] }
func (s store) Save(key string, b []byte) { s[key] = b }

func TestAnswersAreKeptInAStore(t *testing.T) {
	s, kept := acme(t), store{}
	for i := range 2 {
		c, _ := client(s, secret)
		c.Store = kept
		data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
		if string(data) != "version: 2\n" || err != nil {
			t.Errorf("%d: %q, %v", i, data, err)
		}
	}
	if r := s.Requests(); len(r) != 2 || r[1].Header.Get("If-None-Match") == "" {
		t.Errorf("asked %v", r)
	}
	if b := fmt.Sprint(kept); strings.Contains(b, secret) {
		t.Error("the token is kept")
	}
	for key := range kept {
		for _, b := range []string{"", "{}", "[", `{"etag":"x"}`, `{"etag":"` + strings.Repeat("x", 300) + `"}`} {
			kept[key] = []byte(b)
			c, _ := client(s, secret)
			c.Store = kept
			if data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main"); string(data) != "version: 2\n" || err != nil {
				t.Errorf("of what is kept as %.20q: %q, %v", b, data, err)
			}
		}
	}
}
