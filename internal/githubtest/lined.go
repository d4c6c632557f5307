package githubtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// lines answers what is asked of the files of a pull request, and of comments on their lines.
func (s *Server) lines(r *http.Request, p *Pull, token, what string) reply {
	var list []object
	switch {
	case what == "files" && r.Method == http.MethodGet:
		for _, name := range slices.Sorted(maps.Keys(p.Patches)) {
			o := object{"filename": name, "status": "modified"}
			if patch := p.Patches[name]; patch != "" {
				o["patch"] = patch
			}
			list = append(list, o)
		}
		return paged(r, list)
	case what == "comments" && r.Method == http.MethodGet:
		for _, c := range p.Lined {
			list = append(list, c.object())
		}
		return paged(r, list)
	case what != "comments" || r.Method != http.MethodPost:
		return notFound()
	}
	var v struct {
		Body   string `json:"body"`
		Commit string `json:"commit_id"`
		Path   string `json:"path"`
		Line   int    `json:"line"`
		Side   string `json:"side"`
	}
	src, err := io.ReadAll(r.Body)
	if err != nil || json.Unmarshal(src, &v) != nil {
		return message(http.StatusBadRequest, "Problems parsing JSON")
	}
	if v.Body == "" || len([]rune(v.Body)) > maxBody || v.Commit == "" || v.Side != "RIGHT" || !shows(p.Patches[v.Path], v.Line) {
		return message(http.StatusUnprocessableEntity, "Validation Failed: pull_request_review_thread.line must be part of the diff")
	}
	s.comments++
	one := Lined{Comment{2000 + s.comments, s.Accounts[token], v.Body}, v.Commit, v.Path, v.Line}
	p.Lined = append(p.Lined, one)
	return encoded(http.StatusCreated, one.object())
}

// shows reports whether a patch has a line of the new file.
func shows(patch string, line int) bool {
	at, left := 0, 0
	for l := range strings.SplitSeq(patch, "\n") {
		var from, count, start, n int
		if got, _ := fmt.Sscanf(l, "@@ -%d,%d +%d,%d @@", &from, &count, &start, &n); got == 4 {
			at, left = start, n
			continue
		}
		if left > 0 && !strings.HasPrefix(l, "-") && !strings.HasPrefix(l, "\\") {
			if at == line {
				return true
			}
			at, left = at+1, left-1
		}
	}
	return false
}
