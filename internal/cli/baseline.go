package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/compare"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/policy"
	"github.com/codewarrant/codewarrant/report"
)

// baseline is the build that what is checked is compared with; the zero baseline is none.
type baseline struct {
	path  string      // a binary, a folder, an archive or a report, in the workspace
	asset policy.Glob // or that of the name of an asset of the latest release
}

// baseline reads the inputs that name one.
func (j *job) baseline() (b baseline, err error) {
	b.path, b.asset = j.inWorkspace(j.action.GetInput("baseline")), policy.Glob(j.action.GetInput("baseline-asset"))
	switch {
	case b.path != "" && b.asset != "":
		return b, hinted{errors.New("inputs baseline and baseline-asset: only one of them can be given"), "leave one away"}
	case b.path != "":
		if _, err := os.Stat(b.path); err != nil {
			return b, hinted{fmt.Errorf("input baseline: %w", err), "was it downloaded before this step?"}
		}
		return b, j.own("baseline", []string{b.path})
	case b.asset != "":
		if _, err := policy.ParseGlob(string(b.asset)); err != nil {
			return b, hinted{fmt.Errorf("input baseline-asset: %q %w", b.asset, err), "the only wildcard is *, which stands for any characters, such as in Acme-*.dmg"}
		}
	}
	return b, nil
}

// changes compares what was checked with the baseline; nil: there is none. That there is no
// release to compare with, or that it cannot be had, is told and changes no verdict; one that
// is not what GitHub says it is, is an error.
func (j *job) changes(ctx context.Context, b baseline, r *check.Report) (*report.Changes, error) {
	var of string
	var from *compare.Side
	switch {
	case b.path != "":
		d, err := documentAt(ctx, j.env, reading{}, b.path)
		if err != nil {
			return nil, fmt.Errorf("input baseline: %w", err)
		}
		side := d.Side()
		of, from = relative(b.path), &side
	case b.asset != "":
		var err error
		if of, from, err = j.released(ctx, b.asset); err != nil || from == nil {
			return nil, err
		}
	default:
		return nil, nil
	}
	to := report.DocumentOf(r, Version()).Side()
	if !slices.ContainsFunc(from.Subjects, isSource) {
		// Sources are there to be compared with what was built of them, and are new only if
		// there were others.
		to.Subjects = slices.DeleteFunc(to.Subjects, isSource)
	}
	return &report.Changes{From: of, To: "this build", By: j.changer(), Result: compare.Sides(*from, to)}, nil
}

func isSource(s compare.Subject) bool { return s.Kind == compare.Source }

// changer names what the changes come with.
func (j *job) changer() string {
	if strings.HasPrefix(j.env.Getenv("GITHUB_EVENT_NAME"), "pull_request") {
		return "this pull request"
	}
	return "this build"
}

// released returns what is in the asset of the latest release whose name matches, and what it
// is called; nil where there is none that can be had.
func (j *job) released(ctx context.Context, pattern policy.Glob) (of string, from *compare.Side, err error) {
	const without = "not compared with the latest release: "
	remote := newRemote(j.env)
	if remote == nil {
		j.note("notice", without+"GITHUB_REPOSITORY names no repository")
		return "", nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	release, err := remote.client.LatestRelease(ctx, remote.owner, remote.repo)
	if err != nil {
		return "", nil, j.notHad(without, err)
	}
	if release == nil {
		j.note("notice", fmt.Sprintf("%s%s/%s has none, or the token may not see it", without, remote.owner, remote.repo))
		return "", nil, nil
	}
	var found []github.Asset
	var names []string
	for _, a := range release.Assets {
		if pattern.Match(a.Name) {
			found, names = append(found, a), append(names, a.Name)
		}
	}
	switch {
	case len(found) == 0:
		j.note("notice", fmt.Sprintf("%s%s has no asset %s", without, release.Tag, pattern))
		return "", nil, nil
	case len(found) > 1:
		j.note("warning", fmt.Sprintf("%s%s has several assets %s: %s", without, release.Tag, pattern, strings.Join(names[:min(len(names), 5)], ", ")))
		return "", nil, nil
	}
	if name := found[0].Name; strings.ContainsAny(name, `/\`) || !filepath.IsLocal(name) {
		j.note("warning", fmt.Sprintf("%s%s has the asset %q, which cannot be the name of a file", without, release.Tag, name))
		return "", nil, nil
	}
	dir, err := os.MkdirTemp("", "codewarrant-") // which nobody else may look into
	if err != nil {
		return "", nil, j.notHad(without, err)
	}
	defer os.RemoveAll(dir)
	of = fmt.Sprintf("%s of %s", found[0].Name, release.Tag)
	file := filepath.Join(dir, found[0].Name)
	if err := download(ctx, remote, found[0], file); err != nil {
		return "", nil, j.notHad(without, err)
	}
	d, err := documentAt(ctx, j.env, reading{}, file)
	if err != nil {
		return "", nil, j.notHad(without, errors.New(release.Tag+": "+strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), "")))
	}
	side := d.Side()
	nameBelow(&side, filepath.ToSlash(dir)+"/")
	return of, &side, nil
}

// nameBelow leaves away what the paths of a side begin with: where it was put for a while is
// nobody's affair.
func nameBelow(s *compare.Side, dir string) {
	bare := func(name *string) { *name = strings.TrimPrefix(*name, dir) }
	for i := range s.Subjects {
		for k := range s.Subjects[i].Paths {
			bare(&s.Subjects[i].Paths[k])
		}
	}
	for i := range s.Remarks {
		bare(&s.Remarks[i].Path)
	}
	for i := range s.Unread {
		bare(&s.Unread[i].Path)
	}
}

// download writes an asset into a new file.
func download(ctx context.Context, remote *remote, a github.Asset, file string) error {
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	return cmp.Or(remote.client.Download(ctx, remote.owner, remote.repo, a, f), f.Close())
}

// notHad tells why there is no release to compare with. It returns the error where that is no
// matter of what is there, and of who may read it.
func (j *job) notHad(without string, err error) error {
	if errors.Is(err, github.ErrDigest) {
		return advised(fmt.Errorf("input baseline-asset: %w", err))
	}
	j.lacks(without, err)
	return nil
}

// markdown returns the report in no more than limit bytes, and what is different to the
// baseline, which gets a third of them at most.
func (j *job) markdown(r *check.Report, limit int) ([]byte, error) {
	var verdict, changes bytes.Buffer
	if j.differs != nil {
		changes.WriteByte('\n')
		if err := report.ChangesMarkdown(&changes, j.differs, limit/3); err != nil {
			return nil, err
		}
	}
	err := report.Markdown(&verdict, r, limit-changes.Len())
	return append(verdict.Bytes(), changes.Bytes()...), err
}
