package githubtest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/githubtest"
)

const (
	raw    = "application/vnd.github.raw+json"
	object = "application/vnd.github.object+json"
	sha    = "1111111111111111111111111111111111111111"
)

// What the client of this module never asks for, or never sees, as GitHub's
// documentation has it.
func TestServer(t *testing.T) {
	s := githubtest.New()
	defer s.Close()
	s.Repos["octo/hello"] = &githubtest.Repo{
		ID:       1,
		Branches: map[string]githubtest.Branch{"main": {Commit: sha}},
		Pulls: map[int]*githubtest.Pull{1: {
			Reviews:  []githubtest.Review{{State: "COMMENTED"}, {State: "APPROVED", Commit: sha}},
			Comments: []githubtest.Comment{{ID: 5, By: githubtest.Account{Login: "a[bot]", ID: 1}, Body: "b"}},
		}},
		Commits: map[string]githubtest.Tree{sha: {
			"a.txt":      {Data: strings.Repeat("a", 46)},
			"dir/b.txt":  {Data: "b"},
			"dir/c/d":    {Link: "../b.txt"},
			"dir/shared": {Submodule: "https://github.com/octo/shared.git"},
			"large":      {Data: strings.Repeat("l", 1<<20+1)},
			"folder":     {Link: "dir"},
		}},
	}
	s.Tokens["known"] = nil
	type answer struct {
		Status int
		Media  string
		Body   string
	}
	const json = "application/json; charset=utf-8"
	message := func(status int, text, number string) answer {
		return answer{status, json, `{"documentation_url":"https://docs.github.com/rest","message":"` + text + `","status":"` + number + `"}`}
	}
	for name, tt := range map[string]struct {
		path   string
		header map[string]string
		want   answer
	}{
		"a file is an object with base64 in lines of 60": {
			"/repos/octo/hello/contents/a.txt", nil,
			answer{200, json, `{"content":"YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\nYQ==\n","encoding":"base64",` +
				`"name":"a.txt","path":"a.txt","sha":"50b3bbe915fe104dbbb6786fdcfa310bcfc25d4e","size":46,"type":"file"}`},
		},
		"a file is its bytes as raw": {
			"/repos/octo/hello/contents/dir/b.txt",
			map[string]string{"Accept": raw},
			answer{200, raw + "; charset=utf-8", "b"},
		},
		"a link to a file is the file as raw": {
			"/repos/octo/hello/contents/dir/c/d",
			map[string]string{"Accept": raw},
			answer{200, raw + "; charset=utf-8", "b"},
		},
		"a link to a folder is its target as raw": {
			"/repos/octo/hello/contents/folder",
			map[string]string{"Accept": raw},
			answer{200, raw + "; charset=utf-8", "dir"},
		},
		"a folder is an array": {
			"/repos/octo/hello/contents/dir?ref=main", nil,
			answer{200, json, `[{"name":"b.txt","path":"dir/b.txt","sha":"63d8dbd40c23542e740659a7168a0ce3138ea748","size":1,"type":"file"},` +
				`{"name":"c","path":"dir/c","size":0,"type":"dir"},` +
				`{"name":"shared","path":"dir/shared","sha":"5555555555555555555555555555555555555555","size":0,"submodule_git_url":"https://github.com/octo/shared.git","type":"submodule"}]`},
		},
		"a folder is an object to who asks for objects": {
			"/repos/octo/hello/contents/dir/c",
			map[string]string{"Accept": object},
			answer{200, json, `{"entries":[{"name":"d","path":"dir/c/d","sha":"4e19a044f218ee0e12b5b0a255508da3a7c45389","size":8,"target":"../b.txt","type":"symlink"}],` +
				`"name":"c","path":"dir/c","size":0,"type":"dir"}`},
		},
		"a file over 1 MB is no JSON": {
			"/repos/octo/hello/contents/large", nil,
			answer{403, json, `{"documentation_url":"https://docs.github.com/rest/repos/contents#get-repository-content",` +
				`"errors":[{"code":"too_large","field":"data","resource":"Blob"}],` +
				`"message":"This API returns blobs up to 1 MB in size. The requested blob is too large to fetch via the API, ` +
				`but you can use the Git Data API to request blobs up to 100 MB in size."}`},
		},
		"a commit is one by any of its names": {
			"/repos/octo/hello/commits/refs%2Fheads%2Fmain", nil,
			answer{200, json, `{"author":null,"commit":{"author":{"name":"whoever"},"message":"x"},"committer":null,"sha":"` + sha + `"}`},
		},
		"a slash at the end is not found": {
			"/repos/octo/hello/", nil,
			message(404, "Not Found", "404"),
		},
		"what is not played is not found": {
			"/repos/octo/hello/issues/1", nil,
			message(404, "Not Found", "404"),
		},
		"a number that no repository has is not found": {
			"/repositories/2", nil,
			message(404, "Not Found", "404"),
		},
		"reviews come in pages": {
			"/repos/octo/hello/pulls/1/reviews?per_page=1&page=2", nil,
			answer{200, json, `[{"body":"","commit_id":"` + sha + `","id":81,"state":"APPROVED","user":null}]`},
		},
		"a page after the last is empty": {
			"/repos/octo/hello/pulls/1/reviews?page=2", nil,
			answer{200, json, `[]`},
		},
		"comments of a pull request are those of an issue": {
			"/repos/octo/hello/issues/1/comments", nil,
			answer{200, json, `[{"author_association":"NONE","body":"b","id":5,"user":{"id":1,"login":"a[bot]","site_admin":false,"type":"Bot"}}]`},
		},
		"a team is not shown to who may not read members": {
			"/orgs/octo/teams/a/memberships/b", nil,
			message(403, "Resource not accessible by integration", "403"),
		},
		"no user agent is refused": {
			"/repos/octo/hello",
			map[string]string{"User-Agent": ""},
			message(403, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.", "403"),
		},
		"a version that there is not is refused": {
			"/repos/octo/hello",
			map[string]string{"X-GitHub-Api-Version": "2020-01-01"},
			message(400, `\"2020-01-01\" is not a supported version.`, "400"),
		},
		"a token that is not known is refused, in public repositories, too": {
			"/repos/octo/hello",
			map[string]string{"Authorization": "Bearer unknown"},
			message(401, "Bad credentials", "401"),
		},
		"a token without permissions reads public repositories": {
			"/repos/octo/hello",
			map[string]string{"Authorization": "Bearer known"},
			answer{200, json, `{"archived":false,"default_branch":"main","full_name":"octo/hello","id":1,"private":false,"topics":[]}`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+tt.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			for name, value := range tt.header {
				request.Header.Set(name, value)
			}
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, answer{response.StatusCode, response.Header.Get("Content-Type"), string(body)}); diff != "" {
				t.Error(diff)
			}
		})
	}
}
