package githubtest

import (
	"cmp"
	"encoding/base64"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Up to embedded bytes a file is part of the JSON that describes it, above only
// its size is, and above served nothing is (Get repository content: 1 MB, 100 MB).
const (
	embedded = 1 << 20
	served   = 100 << 20
)

// The media types of "Get repository content".
const (
	raw     = "application/vnd.github.raw+json"
	uniform = "application/vnd.github.object+json"
)

// contents answers "Get repository content".
func (r *Repo) contents(req *http.Request, name string) reply {
	ref := cmp.Or(req.URL.Query().Get("ref"), r.defaultBranch())
	sha, ok := r.commit(ref)
	if !ok {
		return message(http.StatusNotFound, "No commit found for the ref "+ref)
	}
	tree, accept := r.Commits[sha], req.Header.Get("Accept")
	if entry, ok := tree[name]; ok {
		// A link to a file is answered with the file, whose path is then the link's
		// target; other links are described.
		target := path.Join(path.Dir(name), entry.Link)
		if to, ok := tree[target]; ok && entry.Link != "" && to.Link == "" && to.Submodule == "" {
			name, entry = target, to
		}
		return entry.reply(name, accept)
	}
	return tree.directory(name, accept)
}

func (e Entry) reply(name, accept string) reply {
	o := e.describe(name)
	switch {
	case e.Submodule != "":
	case e.Link != "":
		if accept == raw {
			return typed(http.StatusOK, raw, []byte(e.Link))
		}
	case len(e.Data) > served, len(e.Data) > embedded && accept != raw && accept != uniform:
		return tooLarge()
	case accept == raw:
		return typed(http.StatusOK, raw, []byte(e.Data))
	case len(e.Data) > embedded:
		o["encoding"], o["content"] = "none", ""
	default:
		o["encoding"], o["content"] = "base64", lines(base64.StdEncoding.EncodeToString([]byte(e.Data)))
	}
	return encoded(http.StatusOK, o)
}

// describe is what an answer and a listing both say of an entry.
func (e Entry) describe(name string) object {
	o := object{"type": "file", "name": path.Base(name), "path": name, "sha": e.sha(), "size": len(e.Data)}
	switch {
	case e.Submodule != "":
		o["type"], o["submodule_git_url"] = "submodule", e.Submodule
	case e.Link != "":
		o["type"], o["target"], o["size"] = "symlink", e.Link, len(e.Link)
	}
	return o
}

func tooLarge() reply {
	return encoded(http.StatusForbidden, object{
		"message": "This API returns blobs up to 1 MB in size. The requested blob is too large to fetch via the API, " +
			"but you can use the Git Data API to request blobs up to 100 MB in size.",
		"errors":            []object{{"resource": "Blob", "field": "data", "code": "too_large"}},
		"documentation_url": "https://docs.github.com/rest/repos/contents#get-repository-content",
	})
}

// lines breaks base64 as GitHub does, with a newline after each 60 characters and
// at the end.
func lines(s string) string {
	var b strings.Builder
	for chunk := range slices.Chunk([]byte(s), 60) {
		b.Write(chunk)
		b.WriteByte('\n')
	}
	return b.String()
}

// directory lists what is directly in a folder: as an array, or as an object that
// holds one.
func (t Tree) directory(name, accept string) reply {
	entries := map[string]object{}
	for p, entry := range t {
		below, ok := strings.CutPrefix(p, name+"/")
		if name == "" {
			below, ok = p, true
		}
		if !ok {
			continue
		}
		first, _, deeper := strings.Cut(below, "/")
		entries[first] = entry.describe(path.Join(name, first))
		if deeper {
			entries[first] = object{"type": "dir", "name": first, "path": path.Join(name, first), "size": 0}
		}
	}
	if len(entries) == 0 {
		return notFound()
	}
	var names []string
	for first := range entries {
		names = append(names, first)
	}
	slices.Sort(names)
	list := make([]object, len(names))
	for i, first := range names {
		list[i] = entries[first]
	}
	if accept == uniform {
		return encoded(http.StatusOK, object{"type": "dir", "name": path.Base(name), "path": name, "size": 0, "entries": list})
	}
	return encoded(http.StatusOK, list)
}
