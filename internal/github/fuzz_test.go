package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// FuzzAnswer gives any status and body to every question. There is an error that
// can be shown, or what is within the limits.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"type":"file","path":"base.yml","size":1,"encoding":"base64","content":"YQ==\n","sha":"2e65efe2a145dda7ee51d1741299f848e5bf752e"}`,
		`{"type":"file","path":"base.yml","size":1048577,"encoding":"none","content":""}`,
		`{"type":"symlink","target":"../x"}`,
		`{"type":"dir","entries":[]}`,
		`{"name":"main","commit":{"sha":"1111111111111111111111111111111111111111"},"protected":true}`,
		`{"default_branch":"main"}`,
		`[{"filename":"base.yml","patch":"@@ -1,2 +1,3 @@\n a\n+b\n c"}]`,
		first,
	} {
		f.Add(200, []byte(body))
	}
	f.Add(403, []byte(`{"message":"You have exceeded a secondary rate limit."}`))
	f.Add(403, []byte(`{"message":"","errors":[{"code":"too_large"}]}`))
	f.Add(404, []byte(`{"message":"Not Found"}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status < 200 || status > 999 {
			return // which net/http does not hand on
		}
		c, _ := client(&githubtest.Server{URL: "http://localhost"}, secret)
		c.MaxFile = 16
		c.Transport = &transport{handler: githubtest.Answer(status, nil, string(body))}
		data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
		if len(data) > 16 || err != nil && data != nil {
			t.Errorf("%d bytes, error %v", len(data), err)
		}
		check(t, err)
		_, err = c.DefaultBranch(t.Context(), "acme", "policies")
		check(t, err)
		branch, err := c.Branch(t.Context(), "acme", "policies", "main")
		if err != nil && branch != (github.Branch{}) {
			t.Errorf("%+v, error %v", branch, err)
		}
		check(t, err)
		_, err = c.ShownLines(t.Context(), "acme", "policies", 3, "base.yml")
		check(t, err)
	})
}

// check fails when an error is not fit to be shown.
func check(t *testing.T, err error) {
	t.Helper()
	if text := outcomeOf(t, "", err).Error; len(text) > 2000 || strings.ContainsAny(text, "\n\x1b") {
		t.Errorf("%q", text)
	}
}

var _ http.RoundTripper = (*transport)(nil)
