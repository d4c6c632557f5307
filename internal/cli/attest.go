package cli

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/docs"
	"github.com/codewarrant/codewarrant/internal/inorder"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// attesting is the attestation that a run is asked for. What it says is signed by a later
// step, so that no file of another run may be left where that looks for it: they are removed
// before anything is read, and written when there is a verdict.
type attesting struct {
	file     string // of the statement; empty: none is asked for
	resource string // what the artifacts are; empty: what GitHub's variables tell

	begun map[string]fileState // what there was when the run began
}

// outputs is where files are written.
type outputs interface {
	write(name string, write func(io.Writer) error) error
	remove(name string) error
	open(name string) (fs.File, error)
}

// disk is the file system as the user of the command line sees it.
type disk struct{}

func (disk) write(name string, write func(io.Writer) error) error {
	return writeFile(name, write, func() error { return nil })
}

func (disk) remove(name string) error { return os.Remove(name) }

func (disk) open(name string) (fs.File, error) { return os.Open(name) }

// attestationFiles are the names of what is written for a name that is given: the statement,
// and the two parts of it that actions/attest takes to make its own, the predicate and the
// digests of the subjects.
func attestationFiles(name string) []string {
	stem := strings.TrimSuffix(name, ".json")
	return []string{name, stem + ".predicate.json", stem + ".subjects.sha256"}
}

// begin checks that a run of those options is one that can be attested, and notes what the
// files in its paths are.
func (a *attesting) begin(ctx context.Context, env Env, o checkOptions, paths []string, to outputs) error {
	if a.file == "" {
		if a.resource != "" {
			return hinted{errors.New("a resource is named for an attestation that is not asked for"), "give --attestation, or the input attestation-file, too"}
		}
		return nil
	}
	if err := a.clear(to); err != nil {
		return err
	}
	var err error
	switch {
	case len(paths) == 0:
		return hinted{errors.New("an attestation is of what was built, and no path of that is given"), "name it, such as build/Acme.app"}
	case o.at != "":
		return hinted{errors.New("an attestation is of the day of the run, and not of another one"), "leave --at away"}
	case o.verify != "" && o.verify != "full":
		return hinted{fmt.Errorf("an attestation is of code that was compared with its signature, which --verify=%s leaves out", o.verify), "leave --verify away"}
	}
	if a.resource, err = resourceURI(env, a.resource); err != nil {
		return err
	}
	a.begun, err = fileStates(ctx, paths)
	return err
}

// clear removes what another run may have left.
func (a *attesting) clear(to outputs) error {
	if a.file == "-" || strings.HasSuffix(a.file, "/") {
		return hinted{fmt.Errorf("attestation: %q is not the name of a file", a.file), "it becomes three files, such as codewarrant.vsa.json and two beside it"}
	}
	for i, name := range attestationFiles(a.file) {
		switch own, err := isOwn(to, name, i); {
		case isMissing(err):
			continue
		case err != nil:
			return fmt.Errorf("attestation: %w", err)
		case !own:
			return hinted{fmt.Errorf("attestation: %s is there, and no part of an attestation", name), "remove it, or name another file"}
		}
		if err := to.remove(name); err != nil && !isMissing(err) {
			return fmt.Errorf("attestation: %w", err)
		}
	}
	return nil
}

// isOwn reports whether a file is what an earlier run wrote as the i-th of attestationFiles.
// Nobody else's is removed.
func isOwn(to outputs, name string, i int) (bool, error) {
	f, err := to.open(name)
	if err != nil {
		return false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, 64<<10))
	if err != nil {
		return false, err
	}
	if i < 2 {
		marks := [][]byte{[]byte("https://in-toto.io/Statement/v1"), []byte(`"timeVerified"`)}
		return bytes.Contains(b, marks[i]), nil
	}
	const digits = 2 * sha256.Size
	_, err = hex.DecodeString(string(b[:min(digits, len(b))]))
	return len(b) > digits && b[digits] == ' ' && err == nil, nil
}

// finish writes the attestation of a report; written is false where there is no verdict that
// could be attested.
func (a *attesting) finish(ctx context.Context, env Env, r *check.Report, policyName string, to outputs) (written bool, err error) {
	switch {
	case a.file == "":
		return false, nil
	case ctx.Err() != nil:
		return false, context.Cause(ctx)
	case r.Result() == check.Unreadable:
		fmt.Fprintln(env.Stderr, "codewarrant: no attestation is written: something could not be read")
		return false, nil
	}
	subjects, err := a.subjects(ctx, r)
	if err != nil {
		return false, err
	}
	of := report.Attestation{
		Subjects: subjects, Time: env.Now(), Resource: a.resource, Version: Version(), PolicyURI: policyURI(env, r, policyName),
	}
	for i, write := range []func(io.Writer) error{
		func(w io.Writer) error { return report.Statement(w, r, of) },
		func(w io.Writer) error { return report.Predicate(w, r, of) },
		func(w io.Writer) error { return report.Checksums(w, of) },
	} {
		if err := to.write(attestationFiles(a.file)[i], write); err != nil {
			return false, errors.Join(fmt.Errorf("attestation: %w", err), a.clear(to))
		}
	}
	return true, nil
}

// subjects are the files on disk that the code of a report is in, by their names: a file that
// is code, or the archive, package or image that has it. Of a folder these are its files of
// code: a folder has no bytes of its own that a digest could be of, and what else is in a
// bundle is named, by its hash, in what its main executable is signed with.
func (a *attesting) subjects(ctx context.Context, r *check.Report) ([]report.Digest, error) {
	found := map[string]bool{}
	add := func(name string) error {
		for at := name; ; at = path.Dir(at) {
			if _, ok := a.begun[at]; ok {
				found[at] = true
				return nil
			}
			if at == path.Dir(at) {
				return fmt.Errorf("attestation: %s was not there when the check began", name)
			}
		}
	}
	for _, b := range r.Binaries {
		for _, name := range b.Paths {
			if err := add(name); err != nil {
				return nil, err
			}
		}
	}
	for _, p := range r.Packages {
		if err := add(p.Path); err != nil {
			return nil, err
		}
	}
	switch {
	case len(found) == 0:
		return nil, hinted{errors.New("attestation: there is no code to attest, only what it is built from"), "name what was built from it"}
	case len(found) > report.MaxSubjects:
		return nil, hinted{
			fmt.Errorf("attestation: %d files of code, and an attestation on GitHub has %d at most", len(found), report.MaxSubjects),
			"check the archive, the package or the disk image that they are published in, which is one file",
		}
	}
	var list []report.Digest
	for name := range found {
		sum, err := a.digest(ctx, name)
		if err != nil {
			return nil, fmt.Errorf("attestation: %w", err)
		}
		list = append(list, report.Digest{Name: relative(name), SHA256: sum})
	}
	inorder.By(list, func(a, b report.Digest) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// fileState is by what a file is known to be the one that was read: itself, when it was
// changed, and its contents. Whoever puts another in its place while it is read, and that one back,
// is not noticed.
type fileState struct {
	info fs.FileInfo
	sum  [sha256.Size]byte
}

func (s fileState) is(o fileState) bool {
	return s.info != nil && os.SameFile(s.info, o.info) && s.info.Size() == o.info.Size() && s.info.ModTime().Equal(o.info.ModTime()) && s.sum == o.sum
}

// stateOf reads a file.
func stateOf(ctx context.Context, name string) (fileState, error) {
	f, err := os.Open(name)
	if err != nil {
		return fileState{}, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, reader{ctx, f}); err != nil {
		return fileState{}, err
	}
	info, err := f.Stat()
	return fileState{info, [sha256.Size]byte(h.Sum(nil))}, err
}

// maxStates bounds how many files there may be in what is attested: each takes some
// hundred bytes of memory.
const maxStates = 1 << 20

// fileStates returns the states of the files in the paths, by the names that a report has
// for them. What cannot be read the check tells.
func fileStates(ctx context.Context, paths []string) (map[string]fileState, error) {
	states := map[string]fileState{}
	for _, given := range paths {
		clean := filepath.Clean(given)
		info, err := os.Stat(clean)
		if err != nil {
			continue
		}
		if !info.IsDir() {
			if state, err := stateOf(ctx, clean); err == nil {
				states[filepath.ToSlash(clean)] = state
			}
			continue
		}
		err = fs.WalkDir(os.DirFS(clean), ".", func(name string, e fs.DirEntry, err error) error {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if err != nil || !e.Type().IsRegular() {
				return nil
			}
			if state, err := stateOf(ctx, filepath.Join(clean, filepath.FromSlash(name))); err == nil {
				states[path.Join(filepath.ToSlash(clean), name)] = state
			}
			if len(states) > maxStates {
				return hinted{fmt.Errorf("attestation: more than %d files", maxStates), "check the archive that they are published in"}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return states, nil
}

// digest returns the SHA-256 of a file that is the one that there was when the run began.
func (a *attesting) digest(ctx context.Context, name string) (string, error) {
	state, err := stateOf(ctx, filepath.FromSlash(name))
	if err == nil && !a.begun[name].is(state) {
		err = fmt.Errorf("%s was changed while it was checked", name)
	}
	return hex.EncodeToString(state.sum[:]), err
}

// reader ends with its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(p []byte) (int, error) {
	if r.ctx.Err() != nil {
		return 0, context.Cause(r.ctx)
	}
	return r.r.Read(p)
}

// resourceURI returns the URI of what is attested: the one that is given, else the repository
// and the ref that the workflow runs for. That keeps what was found of a pull request from
// being taken for a release. The form is that of SPDX for a version control system
// (https://spdx.github.io/spdx-spec/v2.3/package-information/#77-package-download-location-field).
func resourceURI(env Env, given string) (string, error) {
	const wrong = "the resource that is attested"
	if given == "" {
		repo, ref := repositoryURL(env), env.Getenv("GITHUB_REF")
		if repo == "" || ref == "" {
			return "", hinted{errors.New(wrong + " is not known"), "name it with --resource-uri, such as the address that it is published at"}
		}
		return "git+" + repo + "@" + escaped(ref), nil
	}
	u, err := url.Parse(given)
	if err != nil || u.Scheme == "" || len(given) > 2048 || strings.ContainsFunc(given, func(c rune) bool { return c <= ' ' || c >= 0x7f }) {
		return "", hinted{fmt.Errorf("%s: %q is not a URI", wrong, given), "such as https://example.com/Acme-1.2.dmg, or pkg:generic/acme@1.2"}
	}
	return given, nil
}

// policyURI returns the URI of the policy that a report goes by. One that stands in no
// repository that is known is a file by its name.
func policyURI(env Env, r *check.Report, given string) string {
	name, _, base := report.Attested(r)
	if preset, ok := strings.CutPrefix(name, policy.PresetPrefix); ok {
		return presetURI(preset, Version())
	}
	repo, commit := repositoryURL(env), env.Getenv("GITHUB_SHA")
	if base {
		commit = r.Base.Commit
	} else if at, inside, err := placeOf(env, cmp.Or(given, name)); err != nil || !inside || !at.named {
		commit = ""
	} else {
		name = at.names[0]
	}
	if repo == "" || commit == "" {
		return "file:" + escaped(name)
	}
	return "git+" + repo + "@" + escaped(commit) + "#" + escaped(name)
}

// released matches the versions that are tags: those of releases, not those that Go makes up
// of a commit.
var released = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$`)

// presetURI returns the URI of a preset at the tag of a release; that of another build names
// no version, as the text need not stand in any. The digest beside it is of a fixed text, so
// that a branch would not do.
func presetURI(preset, version string) string {
	at := ""
	if released.MatchString(version) && version != unreleased {
		at = "@" + version
	}
	return "git+" + docs.Home + at + "#policy/presets/" + preset + ".yml"
}

// unreleased is the version that make release gives where none is named.
const unreleased = "v0.0.0-devel"

// escaped returns a path as it is written in a URI.
func escaped(p string) string { return (&url.URL{Path: filepath.ToSlash(p)}).EscapedPath() }

// repositoryURL returns where the repository of the workflow is; empty outside of one.
func repositoryURL(env Env) string {
	server, repo := env.Getenv("GITHUB_SERVER_URL"), env.Getenv("GITHUB_REPOSITORY")
	if !serverURL.MatchString(server) || !repository.MatchString(repo) {
		return ""
	}
	return server + "/" + repo
}
