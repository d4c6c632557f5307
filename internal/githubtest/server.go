// Package githubtest plays GitHub's REST API on a local port, for tests: repositories
// with files at commits, private ones and the tokens that may read them, rate
// limits, ETags, redirects, and failures in the order that a test wants them.
//
// It is written from GitHub's documentation alone, and shares nothing with the
// client that reads it, so that a mistake of the client is not repeated:
//
//   - https://docs.github.com/en/rest/repos/contents#get-repository-content
//   - https://docs.github.com/en/rest/repos/repos#get-a-repository
//   - https://docs.github.com/en/rest/repos/repos#list-organization-repositories
//   - https://docs.github.com/en/rest/releases/releases#get-the-latest-release
//   - https://docs.github.com/en/rest/releases/assets
//   - https://docs.github.com/en/rest/branches/branches#get-a-branch
//   - https://docs.github.com/en/rest/commits/commits#get-a-commit
//   - https://docs.github.com/en/rest/issues/comments
//   - https://docs.github.com/en/rest/pulls/reviews#list-reviews-for-a-pull-request
//   - https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
//   - https://docs.github.com/en/rest/pulls/comments
//   - https://docs.github.com/en/rest/teams/members#get-team-membership-for-a-user
//   - https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api
//   - https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
//   - https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api
//   - https://docs.github.com/en/rest/using-the-rest-api/troubleshooting-the-rest-api
//   - https://docs.github.com/en/rest/authentication/permissions-required-for-fine-grained-personal-access-tokens
//
// Of the API it has what reads one repository, its latest release, the reviews and comments of
// its pull requests, the repositories of an organization, and the members of teams. Comments
// alone are written. Assets are stored on another host, as GitHub's are.
package githubtest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is GitHub, as far as one test needs it. Its fields are set before the
// first request.
type Server struct {
	URL string // of the API, without a slash at its end

	Repos  map[string]*Repo       // by owner/name in lower case
	Moved  map[string]string      // owner/name that a repository had -> the one it has
	Tokens map[string]Permissions // by token; any other token is refused

	Accounts map[string]Account           // whose a token is
	Teams    map[string]map[string]string // by org/team in lower case, login -> active or pending

	// Watch, unless nil, is told the number of each request before it is answered.
	Watch func(n int)

	Limit int       // requests that are answered before the rate limit; 0: 5000
	Reset time.Time // when the rate limit is said to end

	http     *httptest.Server
	storage  *httptest.Server // of assets
	fetched  []Request        // from it
	mu       sync.Mutex
	used     int
	script   []http.HandlerFunc
	requests []Request
	comments int
}

// Permissions is what a token may do in the repositories it was made for, by
// owner/name in lower case: contents, or metadata, which is part of every
// permission. In public repositories every token may read.
type Permissions map[string]string

// The permissions of a token.
// Of pull requests the permissions stand beside, under owner/name with " pulls" after it: read
// or write. That to read the members of an organization stands under its name.
const (
	Contents = "contents" // files, branches and commits
	Metadata = "metadata" // that the repository is there, and its default branch

	Read    = "read"
	Write   = "write"
	Members = "members"
)

// Request is one that came in, scripted answers included.
type Request struct {
	Method string
	Path   string // with the query, as it was escaped
	Header http.Header
	Kept   bool // it was answered with 200 and an ETag
}

// New starts a server without repositories. It is to be closed.
func New() *Server {
	s := &Server{
		Repos:  map[string]*Repo{},
		Moved:  map[string]string{},
		Tokens: map[string]Permissions{},

		Accounts: map[string]Account{},
		Teams:    map[string]map[string]string{},
	}
	s.http = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	// A client's transport asks again by itself when a connection that it had kept
	// is closed. One connection a request makes what is recorded certain.
	s.http.Config.SetKeepAlivesEnabled(false)
	s.http.Start()
	s.URL = s.http.URL
	s.storage = httptest.NewServer(http.HandlerFunc(s.store))
	return s
}

// Close stops the server.
func (s *Server) Close() {
	s.http.Close()
	s.storage.Close()
}

// Set runs what changes the server's fields, which another process may ask about already.
func (s *Server) Set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// Requests returns what came in so far, in order.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Renew starts a new hour of the rate limit.
func (s *Server) Renew() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.used = 0
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	n, handler := s.record(r)
	if handler != nil {
		handler(w, r)
		return
	}
	a := s.answer(r)
	s.Set(func() { s.requests[n].Kept = a.status == http.StatusOK && a.header.Get("ETag") != "" })
	a.write(w)
}

// record notes the request and returns its index, and the scripted answer whose turn it is, if
// any.
func (s *Server) record(r *http.Request) (n int, _ http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, Request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone()})
	n = len(s.requests) - 1
	if s.Watch != nil {
		s.Watch(len(s.requests))
	}
	if len(s.script) == 0 {
		return n, s.own(r)
	}
	handler := s.script[0]
	s.script = s.script[1:]
	return n, handler
}

// answer is what GitHub would say. Requests are refused in the order of what is
// known about them: malformed ones, unknown tokens, too many.
func (s *Server) answer(r *http.Request) reply {
	// https://docs.github.com/en/rest/about-the-rest-api/api-versions
	version := cmp.Or(r.Header.Get("X-GitHub-Api-Version"), "2022-11-28")
	switch {
	case r.Header.Get("User-Agent") == "":
		return message(http.StatusForbidden, "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.")
	case version != "2022-11-28" && version != "2026-03-10":
		return message(http.StatusBadRequest, fmt.Sprintf("%q is not a supported version.", version))
	}
	token, authorised := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if _, known := s.Tokens[token]; authorised && !known {
		return message(http.StatusUnauthorized, "Bad credentials")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	limit := cmp.Or(s.Limit, 5000)
	if s.used >= limit {
		return s.counted(limit, message(http.StatusForbidden, "API rate limit exceeded for installation ID 1."))
	}
	a := s.route(r, token)
	if a.status == http.StatusOK && r.Method == http.MethodGet {
		a.header.Set("ETag", etag(token, r.Header.Get("Accept"), a.body))
		if slices.Contains(r.Header.Values("If-None-Match"), a.header.Get("ETag")) {
			a.status, a.body = http.StatusNotModified, nil
			return s.counted(limit, a) // which costs nothing
		}
	}
	s.used++
	return s.counted(limit, a)
}

// counted adds the headers that tell the state of the rate limit.
func (s *Server) counted(limit int, a reply) reply {
	a.header.Set("X-RateLimit-Limit", strconv.Itoa(limit))
	a.header.Set("X-RateLimit-Remaining", strconv.Itoa(limit-s.used))
	a.header.Set("X-RateLimit-Used", strconv.Itoa(s.used))
	a.header.Set("X-RateLimit-Reset", strconv.FormatInt(s.Reset.Unix(), 10))
	a.header.Set("X-RateLimit-Resource", "core")
	return a
}

// etag differs between tokens and media types, as GitHub's does.
func etag(token, accept string, body []byte) string {
	return fmt.Sprintf(`W/"%x"`, sha256.Sum256(fmt.Appendf(nil, "%s\n%s\n%s", token, accept, body)))
}
