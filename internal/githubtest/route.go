package githubtest

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// route answers by the path: /repos/OWNER/NAME or /repositories/ID, and what
// follows.
func (s *Server) route(r *http.Request, token string) reply {
	segments, ok := unescape(r.URL.EscapedPath())
	switch {
	case ok && r.Method == http.MethodPost && len(segments) == 1 && segments[0] == "graphql":
		return s.viewer(r, token)
	case !ok || len(segments) < 2:
		return notFound()
	case segments[0] == "orgs" && len(segments) == 3 && segments[2] == "repos" && r.Method == http.MethodGet:
		return s.organization(r, token, segments[1])
	case segments[0] == "orgs" && r.Method == http.MethodGet:
		return s.team(token, segments)
	case segments[0] == "repositories":
		for name, repo := range s.Repos {
			if strconv.Itoa(repo.ID) == segments[1] {
				return s.repo(r, token, name, segments[2:])
			}
		}
	case segments[0] == "repos" && len(segments) > 2:
		name := strings.ToLower(segments[1] + "/" + segments[2])
		if now, ok := s.Moved[name]; ok {
			return s.moved(r, token, now, segments[3:])
		}
		return s.repo(r, token, name, segments[3:])
	}
	return notFound()
}

// unescape returns the segments of a path. A slash within one was %2F.
func unescape(path string) ([]string, bool) {
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, segment := range segments {
		var err error
		if segments[i], err = url.PathUnescape(segment); err != nil || segment == "" {
			return nil, false // such as a slash at the end
		}
	}
	return segments, true
}

// moved leads from the name that a repository had to its number, which it keeps.
func (s *Server) moved(r *http.Request, token, name string, rest []string) reply {
	repo := s.Repos[name]
	if repo == nil || !s.sees(token, name) {
		return notFound()
	}
	location := fmt.Sprintf("%s/repositories/%d", s.URL, repo.ID)
	for _, segment := range rest {
		location += "/" + url.PathEscape(segment)
	}
	if r.URL.RawQuery != "" {
		location += "?" + r.URL.RawQuery
	}
	return redirect(http.StatusMovedPermanently, location)
}

func (s *Server) sees(token, name string) bool {
	return !s.Repos[name].Private || s.Tokens[token][name] != ""
}

func (s *Server) repo(r *http.Request, token, name string, rest []string) reply {
	repo := s.Repos[name]
	if repo == nil || !s.sees(token, name) {
		return notFound()
	}
	if len(rest) == 0 {
		return encoded(http.StatusOK, repo.object(name))
	}
	if rest[0] == "pulls" || rest[0] == "issues" {
		return s.pull(r, repo, token, name, rest)
	}
	if r.Method != http.MethodGet {
		return notFound()
	}
	if repo.Private && s.Tokens[token][name] != Contents {
		return forbidden(Contents, "read")
	}
	below := strings.Join(rest[1:], "/")
	switch rest[0] {
	case "contents":
		return repo.contents(r, below)
	case "branches":
		return repo.branch(below)
	case "commits":
		return repo.show(r, below)
	case "releases":
		return s.release(r, repo, name, rest[1:])
	}
	return notFound()
}

func (r *Repo) branch(name string) reply {
	b, ok := r.Branches[name]
	if !ok {
		return message(http.StatusNotFound, "Branch not found")
	}
	return encoded(http.StatusOK, object{
		"name":      name,
		"commit":    object{"sha": b.Commit, "parents": []object{}},
		"protected": b.Protected,
	})
}

// show tells the SHA of a commit, to those who ask for it with the media type
// that says so.
func (r *Repo) show(req *http.Request, ref string) reply {
	sha, ok := r.commit(ref)
	switch {
	case len(r.Commits) == 0:
		return message(http.StatusConflict, "Git Repository is empty.")
	case !ok:
		return message(http.StatusUnprocessableEntity, "No commit found for SHA: "+ref)
	case req.Header.Get("Accept") == "application/vnd.github.sha":
		return typed(http.StatusOK, "application/vnd.github.sha", []byte(sha))
	}
	makers := r.Makers[sha]
	o := object{"sha": sha, "commit": object{"message": "x", "author": object{"name": "whoever"}}}
	o["author"], o["committer"] = nameless(makers.Author), nameless(makers.Committer)
	return encoded(http.StatusOK, o)
}
