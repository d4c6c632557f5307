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

func TestRedirect(t *testing.T) {
	const (
		op   = "acme/policies//base.yml at main: "
		to   = "/repositories/7/contents/base.yml?ref=main"
		hint = "only the host of the API is asked; is GITHUB_API_URL its address?"
	)
	elsewhere := githubtest.New()
	defer elsewhere.Close()
	port := elsewhere.URL[strings.LastIndex(elsewhere.URL, ":"):]
	for name, tt := range map[string]struct {
		status   int
		location string // SELF stands for the server itself
		want     outcome
	}{
		"301 on the same host is followed":         {301, "SELF" + to, outcome{Data: "version: 2\n"}},
		"302 on the same host is followed":         {302, "SELF" + to, outcome{Data: "version: 2\n"}},
		"307 on the same host is followed":         {307, "SELF" + to, outcome{Data: "version: 2\n"}},
		"308 on the same host is followed":         {308, "SELF" + to, outcome{Data: "version: 2\n"}},
		"a location without a host is on the same": {301, to, outcome{Data: "version: 2\n"}},
		"another port is another host":             {301, "http://127.0.0.1" + port + to, outcome{Status: 301, Error: op + `GitHub redirects to "127.0.0.1", which is not followed`, Hint: hint}},
		"another name of the host is another":      {302, "http://localhost" + port + to, outcome{Status: 302, Error: op + `GitHub redirects to "localhost", which is not followed`, Hint: hint}},
		"a host without a scheme is another":       {307, "//127.0.0.1" + port + to, outcome{Status: 307, Error: op + `GitHub redirects to "127.0.0.1", which is not followed`, Hint: hint}},
		"another scheme is not followed":           {301, "https://SELFHOST" + to, outcome{Status: 301, Error: op + `GitHub redirects to "127.0.0.1", which is not followed`, Hint: hint}},
		"a file of this machine is not followed":   {301, "file:///etc/passwd", outcome{Status: 301, Error: op + `GitHub redirects to "", which is not followed`, Hint: hint}},
		"a location with a user is not followed":   {301, "http://user@SELFHOST" + to, outcome{Status: 301, Error: op + `GitHub redirects to "127.0.0.1", which is not followed`, Hint: hint}},
		"the token in a location is not shown":     {301, "https://" + secret + ".evil.example/" + secret, outcome{Status: 301, Error: op + `GitHub redirects to "[token].evil.example", which is not followed`, Hint: hint}},
		"a location that is none leads nowhere":    {301, "http://%zz", outcome{Status: 301, Error: op + "GitHub redirects to nowhere"}},
		"no location leads nowhere":                {301, "", outcome{Status: 301, Error: op + "GitHub redirects to nowhere"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			host := strings.TrimPrefix(s.URL, "http://")
			location := strings.NewReplacer("SELFHOST", host, "SELF", s.URL).Replace(tt.location)
			s.Script(githubtest.Redirect(tt.status, location))
			c, waits := client(s, secret)
			data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if diff := cmp.Diff(tt.want, outcomeOf(t, string(data), err)); diff != "" {
				t.Error(diff)
			}
			if len(*waits) != 0 {
				t.Errorf("waited for %v", *waits)
			}
		})
	}
	if r := elsewhere.Requests(); len(r) != 0 {
		t.Errorf("another host was asked, and got %v", r)
	}
	t.Run("the error at the other end is the error", func(t *testing.T) {
		s := acme(t)
		s.Script(githubtest.Redirect(301, "/repositories/7/x"))
		c, _ := client(s, secret)
		_, err := c.DefaultBranch(t.Context(), "acme", "app")
		if got := outcomeOf(t, "", err); got.Status != http.StatusNotFound {
			t.Errorf("got %+v", got)
		}
	})
	t.Run("a circle ends", func(t *testing.T) {
		s := acme(t)
		for range 10 {
			s.Script(githubtest.Redirect(302, to))
		}
		c, _ := client(s, secret)
		_, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
		if diff := cmp.Diff(outcome{Status: 302, Error: op + "GitHub redirects more than 5 times"}, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
		if n := len(s.Requests()); n != 6 {
			t.Errorf("asked %d times, not 6", n)
		}
	})
}

func TestCertificateThatIsNotTrusted(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = silent()
	s.StartTLS()
	defer s.Close()
	c := &github.Client{BaseURL: s.URL, Token: secret}
	_, err := c.DefaultBranch(t.Context(), "acme", "app")
	got := outcomeOf(t, "", err)
	const start = "acme/app: the certificate of GitHub's API is not trusted: "
	if !strings.HasPrefix(got.Error, start) || got.Hint == "" || got.Status != 0 {
		t.Errorf("got %+v, not an error that starts with %q", got, start)
	}
}
