package githubtest

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Release is a release that is published.
type Release struct {
	ID     int
	Tag    string
	Assets []Asset
}

// Asset is a file of a release.
type Asset struct {
	ID     int
	Name   string
	Data   string
	Digest string // "": that of the data; none: null, as of old assets
	State  string // "": uploaded
}

// object is a repository as all answers describe it.
func (r *Repo) object(name string) object {
	return object{
		"id": r.ID, "full_name": cmp.Or(r.FullName, name), "private": r.Private, "default_branch": r.defaultBranch(),
		"archived": r.Archived, "topics": append([]string{}, r.Topics...),
	}
}

// organization lists the repositories of an organization that a token may see, by name.
func (s *Server) organization(r *http.Request, token, org string) reply {
	var names []string
	for name := range s.Repos {
		if strings.HasPrefix(name, strings.ToLower(org)+"/") && s.sees(token, name) {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return notFound()
	}
	slices.Sort(names)
	var list []object
	for _, name := range names {
		list = append(list, s.Repos[name].object(name))
	}
	return paged(r, list)
}

// release answers by what follows /releases/: latest, ID/assets or assets/ID.
func (s *Server) release(r *http.Request, repo *Repo, name string, rest []string) reply {
	release := repo.Latest
	switch {
	case release == nil || len(rest) == 0:
	case len(rest) == 1 && rest[0] == "latest":
		return encoded(http.StatusOK, object{"id": release.ID, "tag_name": release.Tag, "draft": false, "prerelease": false})
	case len(rest) == 2 && rest[1] == "assets" && number(rest[0]) == release.ID:
		var list []object
		for _, a := range release.Assets {
			list = append(list, a.object())
		}
		return paged(r, list)
	case len(rest) == 2 && rest[0] == "assets":
		for _, a := range release.Assets {
			switch {
			case a.ID != number(rest[1]):
			case r.Header.Get("Accept") != "application/octet-stream":
				return encoded(http.StatusOK, a.object())
			default:
				return redirect(http.StatusFound, fmt.Sprintf("%s/%s/%d", s.storage.URL, name, a.ID))
			}
		}
	}
	return notFound()
}

func (a Asset) object() object {
	o := object{"id": a.ID, "name": a.Name, "size": len(a.Data), "state": cmp.Or(a.State, "uploaded"), "digest": nil}
	if a.Digest != "none" {
		o["digest"] = cmp.Or(a.Digest, fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(a.Data))))
	}
	return o
}

// store serves assets to whoever knows their address, as GitHub's storage does.
func (s *Server) store(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fetched = append(s.fetched, Request{Method: r.Method, Path: r.URL.RequestURI(), Header: r.Header.Clone()})
	i := strings.LastIndex(r.URL.Path, "/")
	repo := s.Repos[strings.Trim(r.URL.Path[:i], "/")]
	if repo != nil && repo.Latest != nil {
		for _, a := range repo.Latest.Assets {
			if a.ID == number(r.URL.Path[i+1:]) {
				w.Write([]byte(a.Data)) // a client that went away is the test's affair
				return
			}
		}
	}
	http.NotFound(w, r)
}

// Fetched returns what was asked of the storage so far, in order.
func (s *Server) Fetched() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.fetched)
}

// own returns the scripted answer of the repository that a request is about, if any. The lock
// is held.
func (s *Server) own(r *http.Request) http.HandlerFunc {
	segments, _ := unescape(r.URL.EscapedPath())
	if len(segments) < 3 || segments[0] != "repos" {
		return nil
	}
	repo := s.Repos[strings.ToLower(segments[1]+"/"+segments[2])]
	if repo == nil || len(repo.Script) == 0 {
		return nil
	}
	handler := repo.Script[0]
	repo.Script = repo.Script[1:]
	return handler
}
