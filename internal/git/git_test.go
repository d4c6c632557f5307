package git_test

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/internal/git"
)

// checkout is a repository made by the real git.
type checkout struct {
	t    *testing.T
	root string
}

// newCheckout makes an empty repository.
func newCheckout(t *testing.T, options ...string) checkout {
	t.Helper()
	c := checkout{t, t.TempDir()}
	c.git(append([]string{"init", "-q", "-b", "main"}, options...)...)
	return c
}

// git runs git in the repository and returns what it prints.
func (c checkout) git(args ...string) string {
	c.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = c.root
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull,
		"GIT_AUTHOR_NAME=jo", "GIT_AUTHOR_EMAIL=jo@example.com", "GIT_COMMITTER_NAME=jo", "GIT_COMMITTER_EMAIL=jo@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

func (c checkout) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// commit commits all that is there and returns the name of the commit.
func (c checkout) commit() string {
	c.t.Helper()
	c.git("add", "-A")
	c.git("commit", "-q", "-m", "x")
	return c.git("rev-parse", "HEAD")
}

func (c checkout) open() *git.Repository {
	c.t.Helper()
	r, err := git.Open(c.root)
	if err != nil {
		c.t.Fatal(err)
	}
	return r
}

const limit = 1 << 10

func TestFile(t *testing.T) {
	for _, format := range []string{"sha1", "sha256"} {
		t.Run(format, func(t *testing.T) {
			c := newCheckout(t, "--object-format="+format)
			c.write(".github/codewarrant.yml", "version: 1\n")
			c.write("large.yml", strings.Repeat("x", limit+1))
			c.write("full.yml", strings.Repeat("x", limit))
			c.write("a", "a")
			if err := os.Symlink(".github", filepath.Join(c.root, "link")); err != nil {
				t.Fatal(err)
			}
			sub := c.commit()
			c.git("update-index", "--add", "--cacheinfo", "160000,"+sub+",sub")
			c.git("commit", "-q", "-m", "a submodule")
			commit := c.git("rev-parse", "HEAD")
			c.write(".github/codewarrant.yml", "changed\n")
			r := c.open()
			for _, tt := range []struct {
				name, path string
				want       string
				missing    bool // there is no such file
				wantErr    string
			}{
				{"a file as it was at the commit", ".github/codewarrant.yml", "version: 1\n", false, ""},
				{"a file as large as is read", "full.yml", strings.Repeat("x", limit), false, ""},
				{"a larger one", "large.yml", "", false, "not in the checkout"},
				{"no file", "codewarrant.yml", "", true, "file does not exist"},
				{"no folder", "b/codewarrant.yml", "", true, "file does not exist"},
				{"a path below a file", "a/codewarrant.yml", "", true, "file does not exist"},
				{"a name that another begins with", ".github/codewarrant.ym", "", true, "file does not exist"},
				{"a folder", ".github", "", false, "it is a folder"},
				{"a link", "link", "", false, "a symbolic link is on the way"},
				{"a path over a link", "link/codewarrant.yml", "", false, "a symbolic link is on the way"},
				{"a path into a submodule", "sub/codewarrant.yml", "", false, "a submodule is on the way"},
				{"a path out of the repository", "../codewarrant.yml", "", false, "is not a file at a commit"},
				{"the root", ".", "", false, "is not a file at a commit"},
			} {
				t.Run(tt.name, func(t *testing.T) {
					got, err := r.File(t.Context(), commit, tt.path, limit)
					message := ""
					if err != nil {
						message = err.Error()
					}
					if string(got) != tt.want || (message == "") != (tt.wantErr == "") || !strings.Contains(message, tt.wantErr) {
						t.Errorf("File = %q, %q; want %q, %q", got, message, tt.want, tt.wantErr)
					}
					if errors.Is(err, fs.ErrNotExist) != tt.missing {
						t.Errorf("%v says that there is no such file: %t", err, !tt.missing)
					}
				})
			}
		})
	}
}

func TestFileTakesNoNameOfACommitThatMoves(t *testing.T) {
	c := newCheckout(t)
	c.write("a", "a")
	c.commit()
	for _, name := range []string{"main", "HEAD", "", "--help", strings.Repeat("0", 39)} {
		if _, err := c.open().File(t.Context(), name, "a", limit); err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, git.ErrMissing) {
			t.Errorf("at %q: %v", name, err)
		}
	}
}

// What is not there is not taken for a file that is not there.
func TestFileTellsWhatTheCheckoutDoesNotHave(t *testing.T) {
	origin := newCheckout(t)
	origin.write("policy.yml", "version: 1\n")
	base := origin.commit()
	origin.write("b", "b")
	origin.commit()
	origin.git("config", "uploadpack.allowFilter", "true")

	shallow := checkout{t, filepath.Join(t.TempDir(), "shallow")}
	origin.git("clone", "-q", "--depth=1", "file://"+origin.root, shallow.root)
	partial := checkout{t, filepath.Join(t.TempDir(), "partial")}
	origin.git("clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+origin.root, partial.root)
	broken := newCheckout(t)
	broken.write("policy.yml", "version: 1\n")
	at := broken.commit()
	broken.write(".git/config", "[core\n")
	for name, tt := range map[string]struct {
		checkout checkout
		commit   string
	}{
		"a shallow clone":                      {shallow, base},
		"a partial clone, which would fetch":   {partial, base},
		"a commit that is nowhere":             {origin, strings.Repeat("1", 40)},
		"a name that is a file's":              {origin, origin.git("rev-parse", "HEAD:b")},
		"a configuration that git cannot read": {broken, at},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := tt.checkout.open().File(t.Context(), tt.commit, "policy.yml", limit)
			if !errors.Is(err, git.ErrMissing) || errors.Is(err, fs.ErrNotExist) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// Whatever the repository says of its objects, they are what their names say.
func TestFileIsNotReplaced(t *testing.T) {
	c := newCheckout(t)
	c.write("policy.yml", "version: 1\n")
	c.write("lax.yml", "lax\n")
	commit := c.commit()
	c.git("rm", "-q", "policy.yml")
	other := c.commit()
	blob := c.git("rev-parse", commit+":policy.yml")
	c.git("replace", blob, c.git("rev-parse", commit+":lax.yml"))
	c.git("replace", commit, other)
	if got, err := c.open().File(t.Context(), commit, "policy.yml", limit); err != nil || string(got) != "version: 1\n" {
		t.Errorf("File = %q, %v", got, err)
	}

	// A loose object with the content of another.
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	fmt.Fprint(z, "blob 4\x00lax\n")
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.root, ".git/objects", blob[:2], blob[2:])
	if err := os.Chmod(file, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if got, err := c.open().File(t.Context(), commit, "policy.yml", limit); err == nil {
		t.Errorf("File = %q", got)
	}
}

// Nothing that the repository's configuration names is run.
func TestNothingOfTheRepositoryIsRun(t *testing.T) {
	c := newCheckout(t)
	c.write("policy.yml", "version: 1\n")
	c.write(".gitattributes", "* filter=evil diff=evil\n")
	commit := c.commit()
	c.git("branch", "other")
	marker := filepath.Join(t.TempDir(), "ran")
	evil := filepath.Join(c.root, "evil.sh")
	if err := os.WriteFile(evil, []byte("#!/bin/sh\necho ran > "+marker+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"core.fsmonitor", "core.sshCommand", "core.pager", "pager.cat-file", "core.editor", "core.askPass", "core.gitProxy",
		"core.alternateRefsCommand", "filter.evil.smudge", "filter.evil.process", "diff.evil.textconv", "credential.helper",
		"alias.cat-file", "alias.rev-parse", "uploadpack.packObjectsHook", "gpg.program",
	} {
		c.git("config", key, "!"+evil)
		c.git("config", "--add", key, evil)
	}
	c.git("config", "core.hooksPath", c.root)
	for _, hook := range []string{"post-checkout", "reference-transaction", "post-index-change"} {
		if err := os.Link(evil, filepath.Join(c.root, hook)); err != nil {
			t.Fatal(err)
		}
	}
	c.git("config", "core.repositoryFormatVersion", "1")
	c.git("config", "extensions.partialClone", "origin")
	c.git("config", "remote.origin.promisor", "true")
	c.git("config", "remote.origin.url", "ext::"+evil)
	c.git("config", "protocol.ext.allow", "always")
	r := c.open()
	if got, err := r.Resolve(t.Context(), "other"); err != nil || got != commit {
		t.Errorf("Resolve = %q, %v", got, err)
	}
	if got, err := r.File(t.Context(), commit, "policy.yml", limit); err != nil || string(got) != "version: 1\n" {
		t.Errorf("File = %q, %v", got, err)
	}
	if _, err := r.File(t.Context(), strings.Repeat("1", 40), "policy.yml", limit); !errors.Is(err, git.ErrMissing) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(marker); err == nil {
		t.Error("a program of the repository ran")
	}
}

func TestTheEnvironmentNamesNoOtherRepository(t *testing.T) {
	c, other := newCheckout(t), newCheckout(t)
	c.write("policy.yml", "version: 1\n")
	commit := c.commit()
	t.Setenv("GIT_DIR", filepath.Join(other.root, ".git"))
	t.Setenv("GIT_OBJECT_DIRECTORY", filepath.Join(other.root, ".git/objects"))
	t.Setenv("GIT_CONFIG_COUNT", "x")
	if got, err := c.open().File(t.Context(), commit, "policy.yml", limit); err != nil || string(got) != "version: 1\n" {
		t.Errorf("File = %q, %v", got, err)
	}
}

func TestResolve(t *testing.T) {
	c := newCheckout(t)
	c.write("a", "a")
	first := c.commit()
	c.git("tag", "-a", "v1.0", "-m", "x")
	c.git("update-ref", "refs/remotes/origin/main", first)
	c.write("b", "b")
	second := c.commit()
	r := c.open()
	for name, want := range map[string]string{
		"main": second, "HEAD": second, "HEAD~1": first, "v1.0": first, "origin/main": first, first: first, first[:10]: first,
		"nowhere": "", "HEAD:a": "", "--all": "", "-h": "", "main\nHEAD": "", "": "", strings.Repeat("1", 40): "", "HEAD..main": "",
	} {
		got, err := r.Resolve(t.Context(), name)
		if got != want || (err == nil) != (want != "") || errors.Is(err, fs.ErrNotExist) {
			t.Errorf("Resolve(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

// Who may push a tag may not move a branch, and a tag goes before a branch in git.
func TestResolveTakesNoNameOfTwoThings(t *testing.T) {
	c := newCheckout(t)
	c.write("a", "a")
	first := c.commit()
	c.git("update-ref", "refs/remotes/origin/main", first)
	c.write("b", "b")
	second := c.commit()
	for _, ref := range []string{"refs/tags/main", "refs/tags/origin/main", "refs/tags/" + first[:8]} {
		c.git("update-ref", ref, second)
	}
	r := c.open()
	for name, want := range map[string]string{
		"main": "", "main~0": "", "origin/main": "", first[:8]: "",
		"refs/heads/main": second, "refs/remotes/origin/main": first, "heads/main": second, "remotes/origin/main": first, first[:9]: first,
	} {
		got, err := r.Resolve(t.Context(), name)
		if got != want || (err == nil) != (want != "") || err != nil && !strings.Contains(err.Error(), "may be each of") {
			t.Errorf("Resolve(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
}

func TestOpenRunsNoGitOfTheCheckout(t *testing.T) {
	c := newCheckout(t)
	c.write("bin/git", "#!/bin/sh\n")
	if err := os.Chmod(filepath.Join(c.root, "bin/git"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"from the checkout": filepath.Join(c.root, "bin"), "from nowhere": t.TempDir()} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("PATH", path)
			if _, err := git.Open(c.root); !errors.Is(err, git.ErrNoGit) {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, err := git.Open(t.TempDir()); err == nil || errors.Is(err, git.ErrNoGit) {
		t.Errorf("opened a folder that is no checkout: %v", err)
	}
}

func TestHead(t *testing.T) {
	c := newCheckout(t)
	if got := git.Head(c.root); got != "" {
		t.Errorf("nothing is checked out, and Head is %q", got)
	}
	c.write("a", "a")
	commit := c.commit()
	for _, step := range []struct {
		name string
		do   func()
	}{
		{"a branch", func() {}},
		{"a branch in packed-refs", func() { c.git("pack-refs", "--all") }},
		{"a commit", func() { c.git("checkout", "-q", "--detach") }},
	} {
		step.do()
		if got := git.Head(c.root); got != commit {
			t.Errorf("%s: Head = %q, want %q", step.name, got, commit)
		}
	}
	for _, text := range []string{"", "ref: ../HEAD\n", "ref: refs/../HEAD\n", "ref: refs/heads/none\n", "ref: refs/heads\n", commit[:39] + "\n", strings.Repeat("a", 2000)} {
		c.write(".git/HEAD", text)
		if got := git.Head(c.root); got != "" {
			t.Errorf("of %q Head is %q", text, got)
		}
	}
	if got := git.Head(t.TempDir()); got != "" {
		t.Errorf("of no checkout Head is %q", got)
	}
}

// In a container the program is root and the checkout is the runner's. Who is not root
// cannot give files away, and reads its own here.
func TestFileReadsTheCheckoutOfAnotherUser(t *testing.T) {
	c := newCheckout(t)
	c.write("policy.yml", "version: 1\n")
	commit := c.commit()
	if os.Geteuid() == 0 {
		err := filepath.WalkDir(c.root, func(path string, _ fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			return os.Lchown(path, 1001, 1001)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := c.open().File(t.Context(), commit, "policy.yml", limit); err != nil || string(got) != "version: 1\n" {
		t.Errorf("File = %q, %v", got, err)
	}
}
