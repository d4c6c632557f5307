package githubtest

import (
	"cmp"
	"crypto/sha1"
	"fmt"
	"net/http"
	"strings"
)

// Repo is a repository.
type Repo struct {
	FullName      string // as it is spelt; "": the key in Repos
	ID            int    // of /repositories/ID, where a redirect leads
	Private       bool
	DefaultBranch string // "": main
	Branches      map[string]Branch
	Tags          map[string]string // -> a key of Commits
	Commits       map[string]Tree   // by full SHA
	Makers        map[string]Makers // of commits, by full SHA
	Pulls         map[int]*Pull
	Archived      bool
	Topics        []string
	Latest        *Release // nil: there is none

	// Script gives the answers to the next requests about the repository, as the server's does.
	Script []http.HandlerFunc
}

// Branch is where a branch stands.
type Branch struct {
	Commit    string // a key of Commits
	Protected bool
}

// Tree is the files of a commit, by path from the root. A folder is there when
// something is in it.
type Tree map[string]Entry

// Entry is a file, unless one of the other fields is set.
type Entry struct {
	Data      string
	Link      string // what a symbolic link says
	Submodule string // URL of the submodule's repository
}

// commit returns the full SHA that a ref stands for.
func (r *Repo) commit(ref string) (string, bool) {
	short := strings.TrimPrefix(ref, "refs/")
	for _, sha := range []string{
		r.Branches[strings.TrimPrefix(short, "heads/")].Commit,
		r.Tags[strings.TrimPrefix(short, "tags/")],
		ref,
	} {
		if _, ok := r.Commits[sha]; ok {
			return sha, true
		}
	}
	return "", false
}

func (r *Repo) defaultBranch() string { return cmp.Or(r.DefaultBranch, "main") }

// sha is the name that git gives to the entry: that of a blob, or of a
// submodule's commit, which is made up.
func (e Entry) sha() string {
	if e.Submodule != "" {
		return strings.Repeat("5", 40)
	}
	data := cmp.Or(e.Link, e.Data)
	return fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data)))
}
