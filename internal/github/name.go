package github

import (
	"fmt"
	"io/fs"
	"net/url"
	"strings"
	"unicode"
)

// Limits of names in bytes: GitHub's of an owner and a repository, with room; git's
// of a path and a ref are those of the file system.
const (
	maxName = 100
	maxPath = 4096
	maxRef  = 255
)

// IsRepository reports whether a text names a repository: OWNER/NAME.
func IsRepository(name string) bool {
	owner, repo, ok := strings.Cut(name, "/")
	return ok && wrongRepo(owner, repo) == ""
}

// wrongRepo says what is wrong with the name of a repository; "" is nothing.
func wrongRepo(owner, repo string) string {
	switch {
	case owner == "" || len(owner) > maxName || strings.Trim(owner, word) != "":
		return fmt.Sprintf("%q is not an owner: letters, digits, - and _", owner)
	case repo == "" || len(repo) > maxName || strings.Trim(repo, word+".") != "" || repo == "." || repo == "..":
		return fmt.Sprintf("%q is not a repository: letters, digits, -, _ and .", repo)
	}
	return ""
}

const word = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// wrongPath says what is wrong with the path of a file. A path is one from the
// root, as of an fs.FS, in which everything shows.
func wrongPath(path string) string {
	if !fs.ValidPath(path) || path == "." || len(path) > maxPath || strings.ContainsFunc(path, odd) {
		return fmt.Sprintf(`%q is not the path of a file: names from the root with / between them, no .. or \ among them`, path)
	}
	return ""
}

// wrongRef says what is wrong with the name of a branch, a tag or a commit, by the
// rules of git-check-ref-format. What selects commits (main~1, @{1}) is not a name.
func wrongRef(ref string) string {
	if ref == "" || len(ref) > maxRef || strings.ContainsFunc(ref, odd) || strings.ContainsAny(ref, " ~^:?*[") ||
		strings.HasPrefix(ref, "-") || ref == "@" || strings.Contains(ref, "@{") || strings.HasSuffix(ref, ".") {
		return notRef(ref)
	}
	for segment := range strings.SplitSeq(ref, "/") {
		if segment == "" || segment[0] == '.' || strings.Contains(segment, "..") || strings.HasSuffix(segment, ".lock") {
			return notRef(ref)
		}
	}
	return ""
}

func notRef(ref string) string {
	return fmt.Sprintf("%q is not the name of a branch, a tag or a commit", ref)
}

func odd(r rune) bool { return r == '\\' || r == unicode.ReplacementChar || !unicode.IsPrint(r) }

// escapePath escapes each segment of a path.
func escapePath(path string) string {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		segments[i] = url.PathEscape(s)
	}
	return strings.Join(segments, "/")
}

// isSHA reports whether s is the full name of an object: SHA-1 or SHA-256.
func isSHA(s string) bool {
	return (len(s) == 40 || len(s) == 64) && strings.Trim(s, "0123456789abcdef") == ""
}
