package github_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestRequestsAreTheDocumentedOnes(t *testing.T) {
	s := acme(t)
	c, _ := client(s, secret)
	c.MaxFile = 2 << 20
	if _, err := c.DefaultBranch(t.Context(), "acme", "policies"); err != nil {
		t.Error(err)
	}
	if _, err := c.Branch(t.Context(), "acme", "policies", "release/1.x"); err != nil {
		t.Error(err)
	}
	for _, path := range []string{"teams/a b/50%/#1?.yml", "more.yml"} {
		if _, err := c.File(t.Context(), "acme", "policies", path, "main"); err != nil {
			t.Error(err)
		}
	}
	c.UserAgent = "codewarrant/1.2.3"
	if _, err := c.File(t.Context(), "acme", "policies", "none.yml", "release/1.x"); err == nil {
		t.Error("a file that is not there was read")
	}
	type request struct{ Path, Accept, Authorization, UserAgent, Version string }
	var got []request
	for _, r := range s.Requests() {
		got = append(got, request{
			r.Path, r.Header.Get("Accept"), r.Header.Get("Authorization"),
			r.Header.Get("User-Agent"), r.Header.Get("X-GitHub-Api-Version"),
		})
	}
	const object = "application/vnd.github.object+json"
	want := []request{
		{"/repos/acme/policies", "application/vnd.github+json", "Bearer " + secret, "codewarrant", "2022-11-28"},
		{"/repos/acme/policies/branches/release%2F1.x", "application/vnd.github+json", "Bearer " + secret, "codewarrant", "2022-11-28"},
		{"/repos/acme/policies/contents/teams/a%20b/50%25/%231%3F.yml?ref=main", object, "Bearer " + secret, "codewarrant", "2022-11-28"},
		{"/repos/acme/policies/contents/more.yml?ref=main", object, "Bearer " + secret, "codewarrant", "2022-11-28"},
		{"/repos/acme/policies/contents/more.yml?ref=main", "application/vnd.github.raw+json", "Bearer " + secret, "codewarrant", "2022-11-28"},
		{"/repos/acme/policies/contents/none.yml?ref=release%2F1.x", object, "Bearer " + secret, "codewarrant/1.2.3", "2022-11-28"},
		{"/repos/acme/policies/commits/release%2F1.x", "application/vnd.github.sha", "Bearer " + secret, "codewarrant/1.2.3", "2022-11-28"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// transport answers in the place of a network, and notes what it was asked for.
type transport struct {
	handler http.HandlerFunc
	asked   []string
}

func (tr *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	tr.asked = append(tr.asked, r.URL.String())
	w := httptest.NewRecorder()
	tr.handler(w, r)
	return w.Result(), nil
}

func TestBaseURL(t *testing.T) {
	const (
		example = "such as https://api.github.com, or https://HOST/api/v3 of GitHub Enterprise Server"
		not     = "acme/app: the address of GitHub's API is not an address: it is a scheme, a host and a path"
		https   = "acme/app: the address of GitHub's API has to be https"
	)
	for name, tt := range map[string]struct {
		base string
		want string // what is asked for
		err  outcome
	}{
		"nothing is github.com":                      {"", "https://api.github.com/repos/acme/app", outcome{}},
		"the one of Actions":                         {"https://api.github.com", "https://api.github.com/repos/acme/app", outcome{}},
		"a slash at the end changes nothing":         {"https://api.github.com/", "https://api.github.com/repos/acme/app", outcome{}},
		"GitHub Enterprise Server has it below":      {"https://git.acme.example/api/v3", "https://git.acme.example/api/v3/repos/acme/app", outcome{}},
		"a port is kept":                             {"https://git.acme.example:8443/api/v3/", "https://git.acme.example:8443/api/v3/repos/acme/app", outcome{}},
		"http is for this machine":                   {"http://127.0.0.1:3000", "http://127.0.0.1:3000/repos/acme/app", outcome{}},
		"http is for this machine, by IPv6":          {"http://[::1]:3000", "http://[::1]:3000/repos/acme/app", outcome{}},
		"http is for this machine, by name":          {"http://localhost:3000", "http://localhost:3000/repos/acme/app", outcome{}},
		"http to another machine is refused":         {"http://git.acme.example/api/v3", "", outcome{Error: https, Hint: example}},
		"a name that only looks like this machine's": {"http://localhost.acme.example", "", outcome{Error: https, Hint: example}},
		"another scheme is refused":                  {"ftp://api.github.com", "", outcome{Error: https, Hint: example}},
		"no scheme is refused":                       {"api.github.com", "", outcome{Error: not, Hint: example}},
		"no host is refused":                         {"https:///api/v3", "", outcome{Error: not, Hint: example}},
		"a name and password are refused, unseen":    {"https://u:" + secret + "@api.github.com", "", outcome{Error: not, Hint: example}},
		"a query is refused":                         {"https://api.github.com?a=b", "", outcome{Error: not, Hint: example}},
		"an empty query changes nothing":             {"https://api.github.com?", "https://api.github.com/repos/acme/app", outcome{}},
		"what is no URL is refused, unseen":          {"https://" + secret + "\n", "", outcome{Error: not, Hint: example}},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &transport{handler: githubtest.Answer(http.StatusOK, nil, `{"full_name":"acme/app","default_branch":"main"}`)}
			c := &github.Client{BaseURL: tt.base, Token: secret, Transport: tr}
			_, err := c.DefaultBranch(t.Context(), "acme", "app")
			if diff := cmp.Diff(tt.err, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
			if got := strings.Join(tr.asked, " "); got != tt.want {
				t.Errorf("asked for %q, not %q", got, tt.want)
			}
		})
	}
}

func TestNamesThatAreNotAskedFor(t *testing.T) {
	long := strings.Repeat("a", 5000)
	for name, tt := range map[string]struct {
		owner, repo, path, ref string
		want                   string // the end of the error
	}{
		"no owner":                      {"", "r", "f", "main", `"" is not an owner: letters, digits, - and _`},
		"an owner with a slash":         {"a/b", "r", "f", "main", `"a/b" is not an owner: letters, digits, - and _`},
		"an owner that leads up":        {"..", "r", "f", "main", `".." is not an owner: letters, digits, - and _`},
		"an owner that is escaped":      {"a%2fb", "r", "f", "main", `"a%2fb" is not an owner: letters, digits, - and _`},
		"no repository":                 {"o", "", "f", "main", `"" is not a repository: letters, digits, -, _ and .`},
		"a repository that leads up":    {"o", "..", "f", "main", `".." is not a repository: letters, digits, -, _ and .`},
		"a repository that is here":     {"o", ".", "f", "main", `"." is not a repository: letters, digits, -, _ and .`},
		"a repository with a query":     {"o", "r?x", "f", "main", `"r?x" is not a repository: letters, digits, -, _ and .`},
		"a repository with a backslash": {"o", `r\x`, "f", "main", `"r\\x" is not a repository: letters, digits, -, _ and .`},
		"no path":                       {"o", "r", "", "main", `"" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"the root":                      {"o", "r", ".", "main", `"." is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path from above":             {"o", "r", "/f", "main", `"/f" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path that leads up":          {"o", "r", "a/../../f", "main", `"a/../../f" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path with an empty name":     {"o", "r", "a//f", "main", `"a//f" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path that ends in a slash":   {"o", "r", "a/", "main", `"a/" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path with a backslash":       {"o", "r", `a\f`, "main", `"a\\f" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path with a line break":      {"o", "r", "a\nf", "main", `"a\nf" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path written backwards":      {"o", "r", "a\u202ef", "main", `"a\u202ef" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"a path that is not UTF-8":      {"o", "r", "a\xff", "main", `"a\xff" is not the path of a file: names from the root with / between them, no .. or \ among them`},
		"no ref":                        {"o", "r", "f", "", `"" is not the name of a branch, a tag or a commit`},
		"a ref that counts back":        {"o", "r", "f", "main~1", `"main~1" is not the name of a branch, a tag or a commit`},
		"a ref of the log":              {"o", "r", "f", "main@{1}", `"main@{1}" is not the name of a branch, a tag or a commit`},
		"a ref that is a range":         {"o", "r", "f", "a..b", `"a..b" is not the name of a branch, a tag or a commit`},
		"a ref that leads up":           {"o", "r", "f", "a/../b", `"a/../b" is not the name of a branch, a tag or a commit`},
		"a ref with a space":            {"o", "r", "f", "a b", `"a b" is not the name of a branch, a tag or a commit`},
		"a ref that is an option":       {"o", "r", "f", "-x", `"-x" is not the name of a branch, a tag or a commit`},
		"a ref with a line break":       {"o", "r", "f", "a\nb", `"a\nb" is not the name of a branch, a tag or a commit`},
		"a ref that is not UTF-8":       {"o", "r", "f", "a\xff", `"a\xff" is not the name of a branch, a tag or a commit`},
		"git's short name of HEAD":      {"o", "r", "f", "@", `"@" is not the name of a branch, a tag or a commit`},
		"a ref that is hidden":          {"o", "r", "f", "a/.b", `"a/.b" is not the name of a branch, a tag or a commit`},
		"a lock of git":                 {"o", "r", "f", "a.lock", `"a.lock" is not the name of a branch, a tag or a commit`},
		"a path that is too long":       {"o", "r", long, "main", "…"},
		"a ref that is too long":        {"o", "r", "f", long, "…"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &transport{}
			c := &github.Client{Transport: tr}
			_, err := c.File(t.Context(), tt.owner, tt.repo, tt.path, tt.ref)
			got := outcomeOf(t, "", err)
			if !strings.HasSuffix(got.Error, ": "+tt.want) && (tt.want != "…" || !strings.HasSuffix(got.Error, "…")) {
				t.Errorf("got %q, not one that ends in %q", got.Error, tt.want)
			}
			if len(got.Error) > 1500 || strings.Contains(got.Error, "\n") || len(tr.asked) != 0 {
				t.Errorf("asked for %q, error %q", tr.asked, got.Error)
			}
		})
	}
}
