package github

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
)

// contents is what GitHub says of a path, with the media type that makes an object
// of everything.
type contents struct {
	Type     string `json:"type"`
	Path     string `json:"path"`
	Size     int64  `json:"size"` // bytes
	SHA      string `json:"sha"`  // git's name of the blob
	Encoding string `json:"encoding"`
	Content  string `json:"content"`
	Target   string `json:"target"` // of a symbolic link
}

// File returns the bytes of a file at a ref: a branch, a tag, or the full SHA of a
// commit. It is an error when there is no regular file at the path, when it is over
// MaxFile, or when what came is not the blob that the commit names.
//
// A ref that moves is one file now and another later: Branch tells the SHA to read
// at. GitHub finds a commit of any fork under the SHA, too: that an SHA is given
// says which bytes are meant, and not that the repository's owners ever had them on
// a branch.
func (c *Client) File(ctx context.Context, owner, repo, path, ref string) ([]byte, error) {
	q := about(owner, repo)
	q.what += "//" + path + " at " + ref
	q.path += "/contents/" + escapePath(path) + "?" + url.Values{"ref": {ref}}.Encode()
	for _, wrong := range []string{wrongRepo(owner, repo), wrongPath(path), wrongRef(ref)} {
		if wrong != "" {
			return nil, c.fail(q, 0, wrong, "", nil)
		}
	}
	// The raw media type would do for every size, but a folder, a link to one and a
	// submodule are answers there that look like files. An object says what it is
	// and how large; what is too large for it is asked for in a second request.
	q.accept = "application/vnd.github.object+json"
	var f contents
	if err := c.decode(ctx, q, &f); err != nil {
		return nil, c.missing(ctx, q, owner, repo, ref, err)
	}
	if wrong, hint := f.wrong(path, c.maxFile()); wrong != "" {
		return nil, c.fail(q, http.StatusOK, wrong, hint, nil)
	}
	data, err := c.bytes(ctx, q, f)
	if err != nil {
		return nil, err
	}
	if int64(len(data)) != f.Size || !f.names(data) {
		return nil, c.fail(q, http.StatusOK, "what GitHub sent is not the file that it describes",
			"if the ref is a branch, it may have moved in between; if the path is a symbolic link, name the file itself", nil)
	}
	return data, nil
}

// wrong says why what is at the path is not the file that was asked for.
func (f contents) wrong(path string, limit int64) (wrong, hint string) {
	const itself = "name the file itself"
	switch {
	case f.Type == "dir":
		return "it is a folder", "name a file in it"
	case f.Type == "submodule":
		return "it is a submodule", "name the submodule's own repository"
	case f.Type == "symlink":
		return fmt.Sprintf("it is a symbolic link to %q", f.Target), itself
	case f.Type != "file":
		return fmt.Sprintf("GitHub calls it %q, and not a file", f.Type), ""
	case f.Path != path: // which is how a link to a file shows
		return fmt.Sprintf("GitHub answers with another file, %q", f.Path), "is it a symbolic link? " + itself
	case f.Size < 0 || f.Size > limit:
		return fmt.Sprintf("the file has %d bytes, over the limit of %d", f.Size, limit), ""
	}
	return "", ""
}

// bytes returns the content of a file that may be read.
func (c *Client) bytes(ctx context.Context, q question, f contents) ([]byte, error) {
	switch f.Encoding {
	case "base64":
		data, err := base64.StdEncoding.DecodeString(f.Content) // which skips the newlines
		if err != nil {
			return nil, c.fail(q, http.StatusOK, "the file's content is not base64", "", nil)
		}
		return data, nil
	case "none": // over 1 MB
		q.accept, q.limit = "application/vnd.github.raw+json", f.Size
		data, err := c.ask(ctx, q)
		return bytes.Clone(data), err // the cache has the other
	}
	return nil, c.fail(q, http.StatusOK, fmt.Sprintf("the file's content is encoded as %q, which is neither base64 nor none", f.Encoding), "", nil)
}

// names reports whether git calls the data by the SHA. It is SHA-1 in nearly all
// repositories: this finds what was mixed up or cut off, not what was forged.
func (f contents) names(data []byte) bool {
	blob := fmt.Appendf(nil, "blob %d\x00", len(data))
	blob = append(blob, data...)
	if len(f.SHA) == 2*sha256.Size {
		return fmt.Sprintf("%x", sha256.Sum256(blob)) == f.SHA
	}
	return fmt.Sprintf("%x", sha1.Sum(blob)) == f.SHA
}

// missing makes of a file that was not found one that is not there, if the commit
// can be read. The difference decides: a token that sees nothing must not pass for
// a repository without a policy.
func (c *Client) missing(ctx context.Context, q question, owner, repo, ref string, err error) error {
	var e *Error
	if !errors.As(err, &e) || e.Status != http.StatusNotFound {
		return err
	}
	commit := about(owner, repo)
	commit.what += " at " + ref
	commit.path += "/commits/" + url.PathEscape(ref)
	commit.accept = "application/vnd.github.sha"
	commit.limit = 64 // hexadecimal digits of the longer SHA
	sha, other := c.ask(ctx, commit)
	switch {
	case other == nil && isSHA(string(sha)):
		return c.fail(q, http.StatusNotFound, "there is no such file", "", fs.ErrNotExist)
	case other == nil:
		return c.fail(commit, http.StatusOK, "GitHub's answer is not the name of a commit", "", nil)
	case errors.As(other, &e) && (e.Status == http.StatusNotFound || e.Status == http.StatusUnprocessableEntity):
		return err
	}
	return other
}
