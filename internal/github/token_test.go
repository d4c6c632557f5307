package github_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

// silent is the log of a server whose complaints are expected.
func silent() *log.Logger { return log.New(io.Discard, "", 0) }

// A server that knows the token, and puts it wherever an error may take something
// from: no error shows it. outcomeOf looks.
func TestTheTokenIsInNoError(t *testing.T) {
	echo := map[string]string{
		"ETag": secret, "Retry-After": secret, "X-RateLimit-Reset": secret, "X-RateLimit-Remaining": secret,
		"X-GitHub-SSO": secret, "X-Accepted-GitHub-Permissions": secret, "Content-Type": secret,
	}
	file := func(fields string) http.HandlerFunc {
		return githubtest.Answer(200, echo, fmt.Sprintf(`{"type":"file","path":"base.yml","size":3,%s}`, fields))
	}
	for name, answer := range map[string]http.HandlerFunc{
		"400":                       githubtest.Fail(400, secret),
		"401":                       githubtest.Fail(401, "Bad credentials: "+secret),
		"403":                       githubtest.Fail(403, secret+secret),
		"404":                       githubtest.Fail(404, "x"+secret+"x"),
		"429":                       githubtest.Fail(429, secret),
		"503":                       githubtest.Fail(503, secret),
		"a message that is cut":     githubtest.Fail(400, strings.Repeat("x", 190)+secret),
		"a message with quotes":     githubtest.Fail(400, `"`+secret+`"`),
		"headers that repeat it":    githubtest.Answer(403, echo, ""),
		"a body that is no JSON":    githubtest.Answer(200, echo, secret),
		"JSON of another type":      githubtest.Answer(200, echo, `"`+secret+`"`),
		"a redirect":                githubtest.Redirect(301, "https://"+secret+":"+secret+"@"+secret+".example/"+secret+"?"+secret+"#"+secret),
		"a redirect that is broken": githubtest.Redirect(301, "http://"+secret+"%zz"),
		"a type":                    githubtest.Answer(200, echo, `{"type":"`+secret+`"}`),
		"a link":                    githubtest.Answer(200, echo, `{"type":"symlink","target":"`+secret+`"}`),
		"a path":                    githubtest.Answer(200, echo, `{"type":"file","path":"`+secret+`"}`),
		"an encoding":               file(`"encoding":"` + secret + `"`),
		"content":                   file(`"encoding":"base64","content":"` + secret + `!"`),
		"a blob":                    file(`"encoding":"base64","content":"YWJj","sha":"` + secret + `"`),
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(answer, answer, answer, answer)
			c, _ := client(s, secret)
			data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if got := outcomeOf(t, string(data), err); got.Error == "" {
				t.Errorf("no error, but %q", got.Data)
			}
		})
	}
	t.Run("the names that it was asked with", func(t *testing.T) {
		s := acme(t)
		c, _ := client(s, secret)
		_, err := c.File(t.Context(), "acme", "policies", secret+".yml", "main")
		want := outcome{Status: 404, Error: "acme/policies//[token].yml at main: there is no such file", Is: "file does not exist"}
		if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("nobody at the address", func(t *testing.T) {
		s := acme(t)
		c, _ := client(s, secret)
		s.Close()
		_, err := c.DefaultBranch(t.Context(), "acme", secret)
		if got := outcomeOf(t, "", err); got.Status != 0 || got.Error == "" {
			t.Errorf("got %+v", got)
		}
	})
}

func TestTheTokenIsNotPrinted(t *testing.T) {
	c := &github.Client{Token: secret}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, v := range []any{c.Token, c, []any{c.Token}, struct{ T github.Token }{secret}} {
			if got := fmt.Sprintf(format, v); strings.Contains(got, secret) || strings.Contains(got, fmt.Sprintf("%x", secret)) {
				t.Errorf("%s of a %T is %s", format, v, got)
			}
		}
	}
}

func TestATokenThatIsNoneIsNotSent(t *testing.T) {
	for name, token := range map[string]github.Token{
		"a line break at its end": secret + "\n",
		"a space in it":           "Bearer " + secret,
		"quotes around it":        `"` + secret + `"`,
		"not ASCII":               secret + "é",
		"only a space":            " ",
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			c, _ := client(s, token)
			_, err := c.DefaultBranch(t.Context(), "acme", "app")
			want := outcome{
				Error: "acme/app: the token holds a space, a line break or another character that no token has (RFC 6750)",
				Hint:  "was it copied whole, and nothing else with it?",
			}
			if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
			if asked := paths(s); len(asked) != 0 {
				t.Errorf("asked for %q", asked)
			}
		})
	}
}

func TestWhatGitHubSaysIsHostile(t *testing.T) {
	for name, tt := range map[string]struct{ message, want string }{
		"nothing":                   {"", ""},
		"a line break":              {"a\n::error::b", `; GitHub says "a\n::error::b"`},
		"a terminal's escape":       {"\x1b[31mred", `; GitHub says "\x1b[31mred"`},
		"text that is turned round": {"a\u202eb", `; GitHub says "a\u202eb"`},
		"more than 200 bytes":       {strings.Repeat("ä", 150), `; GitHub says "` + strings.Repeat("ä", 100) + `…"`},
		"a cut within a character":  {"x" + strings.Repeat("ä", 150), `; GitHub says "x` + strings.Repeat("ä", 99) + `…"`},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(githubtest.Fail(400, tt.message))
			c, _ := client(s, secret)
			_, err := c.DefaultBranch(t.Context(), "acme", "app")
			want := outcome{Status: 400, Error: "acme/app: GitHub answers 400 Bad Request" + tt.want}
			if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
		})
	}
	for name, body := range map[string]string{
		"a page is not quoted":                `<html>sign in</html>`,
		"a message of another type is not":    `{"message":["a"]}`,
		"what is over the limit is not JSON":  `{"message":"a","more":"` + strings.Repeat("x", 1<<20) + `"}`,
		"an array is not":                     `["a"]`,
		"no body is not":                      ``,
		"a message that is not closed is not": `{"message":"a`,
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(githubtest.Answer(400, nil, body))
			c, _ := client(s, secret)
			_, err := c.DefaultBranch(t.Context(), "acme", "app")
			want := outcome{Status: 400, Error: "acme/app: GitHub answers 400 Bad Request"}
			if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}
