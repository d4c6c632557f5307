package githubtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// maxBody is how long a comment may be, in characters.
const maxBody = 65536

// Account is a person or an App. An App's name ends with [bot].
type Account struct {
	Login string
	ID    int
}

func (a Account) object() object {
	kind := "User"
	if strings.HasSuffix(a.Login, "[bot]") {
		kind = "Bot"
	}
	return object{"login": a.Login, "id": a.ID, "type": kind, "site_admin": false}
}

// nameless is an account in an answer: null where there is none.
func nameless(a Account) any {
	if a == (Account{}) {
		return nil
	}
	return a.object()
}

// Pull is a pull request.
type Pull struct {
	Reviews  []Review
	Comments []Comment         // in the order of their ids
	Patches  map[string]string // of the files that it changes, in the unified form; "": too large to be shown
	Lined    []Lined           // comments on lines, in the order of their ids
}

// Lined is a comment on a line.
type Lined struct {
	Comment
	Commit, Path string
	Line         int // of the new file
}

// Review is a review of a pull request.
type Review struct {
	By     Account
	State  string // such as APPROVED
	Commit string
}

// Comment is a comment in the conversation of a pull request.
type Comment struct {
	ID   int
	By   Account
	Body string
}

// Makers are whom GitHub takes for the author and the committer of a commit; zero: nobody.
type Makers struct{ Author, Committer Account }

// pull answers what is asked of a pull request, or of a comment by its number.
func (s *Server) pull(r *http.Request, repo *Repo, token, name string, rest []string) reply {
	may := func(write bool) reply {
		has := s.Tokens[token][name+" pulls"]
		switch {
		case write && has != Write:
			return forbidden("pull_requests", "write")
		case !write && repo.Private && has == "":
			return forbidden("pull_requests", "read")
		}
		return reply{}
	}
	if refused := may(r.Method != http.MethodGet); refused.status != 0 {
		return refused
	}
	switch path := strings.Join(rest, "/"); {
	case rest[0] == "pulls" && len(rest) == 3 && rest[2] == "reviews" && r.Method == http.MethodGet:
		p := repo.Pulls[number(rest[1])]
		if p == nil {
			return notFound()
		}
		var list []object
		for i, one := range p.Reviews {
			list = append(list, object{"id": 80 + i, "user": nameless(one.By), "body": "", "state": one.State, "commit_id": one.Commit})
		}
		return paged(r, list)
	case rest[0] == "issues" && len(rest) == 3 && rest[2] == "comments":
		p := repo.Pulls[number(rest[1])]
		if p == nil {
			return notFound()
		}
		if r.Method == http.MethodGet {
			var list []object
			for _, one := range p.Comments {
				list = append(list, one.object())
			}
			return paged(r, list)
		}
		body, wrong := bodyOf(r)
		if r.Method != http.MethodPost || wrong.status != 0 {
			return wrong
		}
		s.comments++
		one := Comment{1000 + s.comments, s.Accounts[token], body}
		p.Comments = append(p.Comments, one)
		return encoded(http.StatusCreated, one.object())
	case rest[0] == "pulls" && len(rest) == 3 && (rest[2] == "files" || rest[2] == "comments"):
		if p := repo.Pulls[number(rest[1])]; p != nil {
			return s.lines(r, p, token, rest[2])
		}
	case strings.HasPrefix(path, "pulls/comments/") && len(rest) == 3 && r.Method == http.MethodDelete:
		for _, p := range repo.Pulls {
			if i := slices.IndexFunc(p.Lined, func(c Lined) bool { return c.ID == number(rest[2]) }); i >= 0 {
				p.Lined = slices.Delete(p.Lined, i, i+1)
				return reply{http.StatusNoContent, http.Header{}, nil}
			}
		}
	case strings.HasPrefix(path, "issues/comments/") && len(rest) == 3:
		for _, p := range repo.Pulls {
			i := slices.IndexFunc(p.Comments, func(c Comment) bool { return c.ID == number(rest[2]) })
			switch {
			case i < 0:
				continue
			case r.Method == http.MethodDelete:
				p.Comments = slices.Delete(p.Comments, i, i+1)
				return reply{http.StatusNoContent, http.Header{}, nil}
			case r.Method == http.MethodPatch:
				body, wrong := bodyOf(r)
				if wrong.status != 0 {
					return wrong
				}
				p.Comments[i].Body = body
				return encoded(http.StatusOK, p.Comments[i].object())
			}
		}
	}
	return notFound()
}

func (c Comment) object() object {
	return object{"id": c.ID, "user": nameless(c.By), "body": c.Body, "author_association": "NONE"}
}

func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return -1
	}
	return n
}

// bodyOf returns the text of a comment that is sent, or what GitHub says of another one.
func bodyOf(r *http.Request) (string, reply) {
	var v struct {
		Body string `json:"body"`
	}
	src, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(src, &v) != nil {
		return "", message(http.StatusBadRequest, "Problems parsing JSON")
	}
	if v.Body == "" || len([]rune(v.Body)) > maxBody {
		return "", message(http.StatusUnprocessableEntity, "Validation Failed: body is too long (maximum is 65536 characters)")
	}
	return v.Body, reply{}
}

// paged returns the page of a list that is asked for, of 30 unless more are, and 100 at most.
func paged(r *http.Request, list []object) reply {
	ask := func(name string, byDefault int) int {
		return cmp.Or(max(number(r.URL.Query().Get(name)), 0), byDefault)
	}
	size, page := min(ask("per_page", 30), 100), ask("page", 1)
	from := min((page-1)*size, len(list))
	to := min(from+size, len(list))
	a := encoded(http.StatusOK, append([]object{}, list[from:to]...))
	if to < len(list) {
		next := *r.URL
		q := next.Query()
		q.Set("page", fmt.Sprint(page+1))
		next.RawQuery = q.Encode()
		a.header.Set("Link", fmt.Sprintf(`<http://%s%s>; rel="next"`, r.Host, next.RequestURI()))
	}
	return a
}

// team answers what is asked of a team, by /orgs/ORG/teams/TEAM: nothing of it is shown to a
// token that lacks members: read, and a GITHUB_TOKEN cannot have that.
func (s *Server) team(token string, segments []string) reply {
	if len(segments) < 4 || segments[2] != "teams" {
		return notFound()
	}
	org := strings.ToLower(segments[1])
	team, ok := s.Teams[org+"/"+strings.ToLower(segments[3])]
	switch {
	case s.Tokens[token][org] != Members && s.Tokens[token][org] != "":
		return notFound()
	case s.Tokens[token][org] == "":
		return forbidden("members", "read")
	case !ok:
		return notFound()
	case len(segments) == 4:
		return encoded(http.StatusOK, object{"id": 1, "slug": segments[3], "name": segments[3]})
	case len(segments) == 6 && segments[4] == "memberships" && team[segments[5]] != "":
		return encoded(http.StatusOK, object{"state": team[segments[5]], "role": "member"})
	}
	return notFound()
}

// viewer answers GraphQL, of which one question is known.
func (s *Server) viewer(r *http.Request, token string) reply {
	var v struct {
		Query string `json:"query"`
	}
	src, err := io.ReadAll(r.Body)
	switch {
	case err != nil || json.Unmarshal(src, &v) != nil || v.Query != "{viewer{login}}":
		return message(http.StatusBadRequest, "Problems parsing JSON")
	case s.Accounts[token] == (Account{}):
		return message(http.StatusForbidden, "This endpoint requires you to be authenticated.")
	}
	return encoded(http.StatusOK, object{"data": object{"viewer": object{"login": s.Accounts[token].Login}}})
}
