package github_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"time"

	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/githubtest"
)

const (
	secret = "ghs_Q0RhbmNlcnNBdE5pZ2h0" // of the job: it reads acme/policies
	sees   = "ghs_c2Vlc0FuZE5vTW9yZQ"   // it has metadata: read alone
	other  = "ghs_b3RoZXJSZXBvc2l0b3J5" // it was made for another repository

	first  = "1111111111111111111111111111111111111111"
	second = "2222222222222222222222222222222222222222"
	absent = "9999999999999999999999999999999999999999"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// acme is a company on GitHub: a private repository of policies, and a public one.
func acme(t *testing.T) *githubtest.Server {
	t.Helper()
	s := githubtest.New()
	t.Cleanup(s.Close)
	s.Reset = noon.Add(38 * time.Minute)
	s.Repos["acme/policies"] = &githubtest.Repo{
		ID:       7,
		Private:  true,
		Branches: map[string]githubtest.Branch{"main": {Commit: second, Protected: true}, "release/1.x": {Commit: first}},
		Tags:     map[string]string{"v1": first},
		Commits: map[string]githubtest.Tree{
			first:  {"base.yml": {Data: "version: 1\n"}},
			second: policies,
		},
	}
	s.Repos["acme/app"] = &githubtest.Repo{
		ID:            8,
		DefaultBranch: "trunk",
		Branches:      map[string]githubtest.Branch{"trunk": {Commit: first}},
		Commits:       map[string]githubtest.Tree{first: {"codewarrant.yml": {Data: "version: 1\n"}}},
	}
	s.Moved["acme/rules"] = "acme/policies"
	s.Tokens[secret] = githubtest.Permissions{"acme/policies": githubtest.Contents}
	s.Tokens[sees] = githubtest.Permissions{"acme/policies": githubtest.Metadata}
	s.Tokens[other] = githubtest.Permissions{"acme/other": githubtest.Contents}
	return s
}

// policies is what stands on acme's main branch.
var policies = githubtest.Tree{
	"base.yml":               {Data: "version: 2\n"},
	"empty.yml":              {},
	"teams/a b/50%/#1?.yml":  {Data: "odd and allowed"},
	"teams/größe.yml":        {Data: "not ASCII"},
	"teams/long.yml":         {Data: strings.Repeat("0123456789", 500)},
	"binary":                 {Data: "\x00\xff\r\n"},
	"exact.yml":              {Data: strings.Repeat("m", 1<<20)},
	"more.yml":               {Data: strings.Repeat("m", 1<<20+1)},
	"link.yml":               {Link: "base.yml"},
	"teams/up.yml":           {Link: "../base.yml"},
	"folder-link":            {Link: "teams"},
	"dangling":               {Link: "../outside\n"},
	"vendor/shared-policies": {Submodule: "https://github.com/acme/shared.git"},
}

// client asks s with a token. It waits by writing down for how long.
func client(s *githubtest.Server, token github.Token) (*github.Client, *[]time.Duration) {
	var waits []time.Duration
	return &github.Client{
		BaseURL: s.URL,
		Token:   token,
		Sleep: func(ctx context.Context, d time.Duration) error {
			waits = append(waits, d)
			return ctx.Err()
		},
		Now: func() time.Time { return noon },
	}, &waits
}

// outcome is what a caller sees.
type outcome struct {
	Data        string
	Status      int
	Error, Hint string
	Is          string // what errors.Is says
}

func outcomeOf(t *testing.T, data string, err error) outcome {
	t.Helper()
	if err == nil {
		return outcome{Data: data}
	}
	var e *github.Error
	if !errors.As(err, &e) {
		t.Fatalf("%T is not an *Error: %v", err, err)
	}
	shows(t, err)
	got := outcome{Data: data, Status: e.Status, Error: err.Error(), Hint: e.Hint}
	for _, target := range []error{fs.ErrNotExist, fs.ErrPermission, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, target) {
			got.Is = strings.TrimSpace(got.Is + " " + target.Error())
		}
	}
	return got
}

// shows fails when an error holds a token, in any of the ways to print it.
func shows(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, text := range []string{e.Error(), fmt.Sprintf("%v", e), fmt.Sprintf("%+v", e), fmt.Sprintf("%#v", e)} {
			for _, token := range []string{secret, sees, other} {
				if strings.Contains(text, token) {
					t.Errorf("the token shows: %s", text)
				}
			}
		}
	}
}

// paths returns what was asked for.
func paths(s *githubtest.Server) []string {
	var list []string
	for _, r := range s.Requests() {
		list = append(list, r.Path)
	}
	return list
}
