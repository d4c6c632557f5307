package github_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

func TestFile(t *testing.T) {
	const hint = "the token needs the permission contents: read for acme/policies; the GITHUB_TOKEN of a job reads only the job's own repository"
	for name, tt := range map[string]struct {
		token     github.Token
		repo      string // of acme; "": policies
		path, ref string
		limit     int64
		want      outcome
		wantAsked int // requests; 0: one
	}{
		"a file on a branch is its bytes": {
			path: "base.yml", ref: "main",
			want: outcome{Data: "version: 2\n"},
		},
		"a file at a commit is as it was then": {
			path: "base.yml", ref: first,
			want: outcome{Data: "version: 1\n"},
		},
		"a file at a tag is as it was then": {
			path: "base.yml", ref: "v1",
			want: outcome{Data: "version: 1\n"},
		},
		"a branch may have a slash in its name": {
			path: "base.yml", ref: "release/1.x",
			want: outcome{Data: "version: 1\n"},
		},
		"an empty file has no bytes": {
			path: "empty.yml", ref: "main",
			want: outcome{Data: ""},
		},
		"base64 of many lines is put together": {
			path: "teams/long.yml", ref: "main",
			want: outcome{Data: policies["teams/long.yml"].Data},
		},
		"bytes that are no text come as they are": {
			path: "binary", ref: "main",
			want: outcome{Data: "\x00\xff\r\n"},
		},
		"what means something in a URL is escaped": {
			path: "teams/a b/50%/#1?.yml", ref: "main",
			want: outcome{Data: "odd and allowed"},
		},
		"a path need not be ASCII": {
			path: "teams/größe.yml", ref: "main",
			want: outcome{Data: "not ASCII"},
		},
		"a public repository needs no permission": {
			token: other, repo: "app", path: "codewarrant.yml", ref: "trunk",
			want: outcome{Data: "version: 1\n"},
		},
		"a renamed repository is followed": {
			repo: "rules", path: "base.yml", ref: "main",
			want: outcome{Data: "version: 2\n"}, wantAsked: 2,
		},
		"a file at the limit is read": {
			path: "exact.yml", ref: "main",
			want: outcome{Data: policies["exact.yml"].Data},
		},
		"a file over 1 MB is asked for a second time, as raw bytes": {
			path: "more.yml", ref: "main", limit: 2 << 20,
			want: outcome{Data: policies["more.yml"].Data}, wantAsked: 2,
		},
		"a file over the limit is not transferred": {
			path: "more.yml", ref: "main",
			want: outcome{Status: 200, Error: "acme/policies//more.yml at main: the file has 1048577 bytes, over the limit of 1048576"},
		},
		"a small file may be over a smaller limit": {
			path: "base.yml", ref: "main", limit: 10,
			want: outcome{Status: 200, Error: "acme/policies//base.yml at main: the file has 11 bytes, over the limit of 10"},
		},
		"a folder is not a file": {
			path: "teams", ref: "main",
			want: outcome{Status: 200, Error: "acme/policies//teams at main: it is a folder", Hint: "name a file in it"},
		},
		"a link to a file is answered with the file, and still not taken for it": {
			path: "link.yml", ref: "main",
			want: outcome{
				Status: 200,
				Error:  `acme/policies//link.yml at main: GitHub answers with another file, "base.yml"`,
				Hint:   "is it a symbolic link? name the file itself",
			},
		},
		"a link to a file elsewhere is one, too": {
			path: "teams/up.yml", ref: "main",
			want: outcome{
				Status: 200,
				Error:  `acme/policies//teams/up.yml at main: GitHub answers with another file, "base.yml"`,
				Hint:   "is it a symbolic link? name the file itself",
			},
		},
		"a link to a folder is a link": {
			path: "folder-link", ref: "main",
			want: outcome{
				Status: 200,
				Error:  `acme/policies//folder-link at main: it is a symbolic link to "teams"`,
				Hint:   "name the file itself",
			},
		},
		"what a link says is on one line": {
			path: "dangling", ref: "main",
			want: outcome{
				Status: 200,
				Error:  `acme/policies//dangling at main: it is a symbolic link to "../outside\n"`,
				Hint:   "name the file itself",
			},
		},
		"a submodule is not a file": {
			path: "vendor/shared-policies", ref: "main",
			want: outcome{
				Status: 200,
				Error:  "acme/policies//vendor/shared-policies at main: it is a submodule",
				Hint:   "name the submodule's own repository",
			},
		},
		"a file that the commit lacks is known not to be there": {
			path: "none.yml", ref: "main",
			want:      outcome{Status: 404, Error: "acme/policies//none.yml at main: there is no such file", Is: "file does not exist"},
			wantAsked: 2,
		},
		"a path through a link to a folder is not there for git": {
			path: "folder-link/long.yml", ref: "main",
			want:      outcome{Status: 404, Error: "acme/policies//folder-link/long.yml at main: there is no such file", Is: "file does not exist"},
			wantAsked: 2,
		},
		"a commit that is not there says nothing about its files": {
			path: "base.yml", ref: absent,
			want: outcome{
				Status: 404,
				Error:  "acme/policies//base.yml at " + absent + `: not found: it is not there, or the token may not see it; GitHub says "No commit found for the ref ` + absent + `"`,
				Hint:   hint,
			},
			wantAsked: 2,
		},
		"a repository that the token may not see is not taken for one without the file": {
			token: other, path: "base.yml", ref: "main",
			want: outcome{
				Status: 404,
				Error:  `acme/policies//base.yml at main: not found: it is not there, or the token may not see it; GitHub says "Not Found"`,
				Hint:   hint,
			},
			wantAsked: 2,
		},
		"a token that sees the repository and not its contents is told the permission": {
			token: sees, path: "base.yml", ref: "main",
			want: outcome{
				Status: 403,
				Error:  `acme/policies//base.yml at main: the token may not read this; GitHub says "Resource not accessible by integration"`,
				Hint:   hint,
				Is:     "permission denied",
			},
		},
		"a private repository without a token asks for one": {
			token: "-", path: "base.yml", ref: "main",
			want: outcome{
				Status: 404,
				Error:  `acme/policies//base.yml at main: not found: it is not there, or not shown without a token; GitHub says "Not Found"`,
				Hint:   "a private repository needs a token with the permission contents: read for acme/policies",
			},
			wantAsked: 2,
		},
		"a token that GitHub does not know is refused, and not tried again": {
			token: "ghs_expired", path: "base.yml", ref: "main",
			want: outcome{
				Status: 401,
				Error:  `acme/policies//base.yml at main: GitHub does not know the token; GitHub says "Bad credentials"`,
				Hint:   "it may have expired or been revoked; the GITHUB_TOKEN of a job ends with the job",
				Is:     "permission denied",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			token, repo, asked := tt.token, tt.repo, max(tt.wantAsked, 1)
			switch token {
			case "":
				token = secret
			case "-":
				token = ""
			}
			if repo == "" {
				repo = "policies"
			}
			c, waits := client(s, token)
			c.MaxFile = tt.limit
			data, err := c.File(t.Context(), "acme", repo, tt.path, tt.ref)
			if diff := cmp.Diff(tt.want, outcomeOf(t, string(data), err)); diff != "" {
				t.Error(diff)
			}
			if len(s.Requests()) != asked || len(*waits) != 0 {
				t.Errorf("asked for %q with waits of %v, not %d times and without", paths(s), *waits, asked)
			}
		})
	}
}

func TestFileAnswersThatAreNotWhatIsDocumented(t *testing.T) {
	const (
		op    = "acme/policies//base.yml at main: "
		mixed = op + "what GitHub sent is not the file that it describes"
		moved = "if the ref is a branch, it may have moved in between; if the path is a symbolic link, name the file itself"
		sha   = "52c9d0c64ac04a8a94a4ddabb6d4eb0f2d6f0f0f"
	)
	object := func(fields string) string { return `{"type":"file","path":"base.yml",` + fields + `}` }
	for name, tt := range map[string]struct {
		body string
		want outcome
	}{
		"no JSON at all": {
			`<html>log in</html>`,
			outcome{Status: 200, Error: op + "GitHub's answer is not the JSON that is documented", Hint: "is GITHUB_API_URL the address of the API?"},
		},
		"the array of a folder": {
			`[{"type":"file","path":"base.yml"}]`,
			outcome{Status: 200, Error: op + "GitHub's answer is not the JSON that is documented", Hint: "is GITHUB_API_URL the address of the API?"},
		},
		"an object without a type": {
			`{}`,
			outcome{Status: 200, Error: op + `GitHub calls it "", and not a file`},
		},
		"a size that is no int64": {
			object(`"size":1e30`),
			outcome{Status: 200, Error: op + "GitHub's answer is not the JSON that is documented", Hint: "is GITHUB_API_URL the address of the API?"},
		},
		"a negative size": {
			object(`"size":-1`),
			outcome{Status: 200, Error: op + "the file has -1 bytes, over the limit of 1048576"},
		},
		"an encoding of another kind": {
			object(`"size":1,"encoding":"utf-8","content":"a"`),
			outcome{Status: 200, Error: op + `the file's content is encoded as "utf-8", which is neither base64 nor none`},
		},
		"content that is not base64": {
			object(`"size":1,"encoding":"base64","content":"*"`),
			outcome{Status: 200, Error: op + "the file's content is not base64"},
		},
		"content that is shorter than its size": {
			object(`"size":2,"encoding":"base64","content":"YQ==","sha":"2e65efe2a145dda7ee51d1741299f848e5bf752e"`),
			outcome{Status: 200, Error: mixed, Hint: moved},
		},
		"content that is another blob": {
			object(`"size":1,"encoding":"base64","content":"YQ==","sha":"` + sha + `"`),
			outcome{Status: 200, Error: mixed, Hint: moved},
		},
		"content without the name of a blob": {
			object(`"size":1,"encoding":"base64","content":"YQ=="`),
			outcome{Status: 200, Error: mixed, Hint: moved},
		},
		"a blob that git names by SHA-256 is what was asked for": {
			object(`"size":1,"encoding":"base64","content":"YQ==","sha":"eb337bcee2061c5313c9a1392116b6c76039e9e30d71467ae359b36277e17dc7"`),
			outcome{Data: "a"},
		},
		"an answer over 2 MiB": {
			object(`"content":"` + strings.Repeat("A", 2<<20) + `"`),
			outcome{Status: 200, Error: op + "GitHub's answer is over 2097152 bytes"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(githubtest.Answer(http.StatusOK, nil, tt.body))
			c, _ := client(s, secret)
			data, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if diff := cmp.Diff(tt.want, outcomeOf(t, string(data), err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFileRawAnswers(t *testing.T) {
	const op = "acme/policies//more.yml at main: "
	for name, tt := range map[string]struct {
		raw  http.HandlerFunc
		want outcome
	}{
		"a file that changed between the two requests is none": {
			githubtest.Answer(http.StatusOK, nil, strings.Repeat("x", 1<<20+1)),
			outcome{
				Status: 200, Error: op + "what GitHub sent is not the file that it describes",
				Hint: "if the ref is a branch, it may have moved in between; if the path is a symbolic link, name the file itself",
			},
		},
		"more bytes than were announced are not read": {
			githubtest.Answer(http.StatusOK, nil, strings.Repeat("x", 3<<20)),
			outcome{Status: 200, Error: op + "GitHub's answer is over 1048577 bytes"},
		},
		"a file that GitHub does not serve says so": {
			githubtest.TooLarge,
			outcome{Status: 403, Error: op + "the file is larger than GitHub's API serves"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(nil, tt.raw)
			c, _ := client(s, secret)
			c.MaxFile = 2 << 20
			data, err := c.File(t.Context(), "acme", "policies", "more.yml", "main")
			if diff := cmp.Diff(tt.want, outcomeOf(t, string(data), err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// That a file is missing is only said of a commit that was read: whoever takes it
// for "no policy yet" must not be deceived by a failure.
func TestFileIsOnlyMissingWhenTheCommitWasRead(t *testing.T) {
	lost := githubtest.Fail(http.StatusNotFound, "Not Found")
	for name, tt := range map[string]struct {
		script []http.HandlerFunc
		want   outcome
	}{
		"the commit is there": {
			[]http.HandlerFunc{lost},
			outcome{Status: 404, Error: "acme/policies//base.yml at main: there is no such file", Is: "file does not exist"},
		},
		"the commit may not be read": {
			[]http.HandlerFunc{lost, githubtest.Fail(http.StatusForbidden, "Resource not accessible by integration")},
			outcome{
				Status: 403, Error: `acme/policies at main: the token may not read this; GitHub says "Resource not accessible by integration"`,
				Hint: "the token needs the permission contents: read for acme/policies; the GITHUB_TOKEN of a job reads only the job's own repository",
				Is:   "permission denied",
			},
		},
		"the repository is empty": {
			[]http.HandlerFunc{lost, githubtest.Fail(http.StatusConflict, "Git Repository is empty.")},
			outcome{Status: 409, Error: `acme/policies at main: GitHub answers 409 Conflict; GitHub says "Git Repository is empty."`},
		},
		"the answer is a page": {
			[]http.HandlerFunc{lost, githubtest.Answer(http.StatusOK, nil, "<html>")},
			outcome{Status: 200, Error: "acme/policies at main: GitHub's answer is not the name of a commit"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := acme(t)
			s.Script(tt.script...)
			c, _ := client(s, secret)
			_, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
			if diff := cmp.Diff(tt.want, outcomeOf(t, "", err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFileThatIsRefusedWithoutAToken(t *testing.T) {
	for status, said := range map[int]string{401: "Requires authentication", 403: "Although you appear to have the correct authorization credentials"} {
		s := acme(t)
		s.Script(githubtest.Fail(status, said))
		c, _ := client(s, "")
		_, err := c.File(t.Context(), "acme", "policies", "base.yml", "main")
		want := outcome{
			Status: status,
			Error:  `acme/policies//base.yml at main: this is not read without a token; GitHub says "` + said + `"`,
			Hint:   "a private repository needs a token with the permission contents: read for acme/policies",
			Is:     "permission denied",
		}
		if diff := cmp.Diff(want, outcomeOf(t, "", err)); diff != "" {
			t.Error(diff)
		}
	}
}
