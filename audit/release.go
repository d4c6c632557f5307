package audit

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/internal/github"
	"github.com/codewarrant/codewarrant/internal/scan"
	"github.com/codewarrant/codewarrant/policy"
)

// release looks at the assets of the latest release, and reports whether there are some
// that are to be looked at.
func (s *subject) release() bool {
	globs := s.plan.audit.Assets
	if len(globs) == 0 {
		return false
	}
	release, err := s.client.LatestRelease(s.ctx, s.owner, s.name)
	if err != nil {
		s.unread(s.target.Repository, err, "see that the token may read the releases")
		return false
	}
	if release == nil {
		return false
	}
	seen := map[string]bool{}
	for _, a := range release.Assets {
		if !slices.ContainsFunc(globs, func(g policy.Glob) bool { return g.Match(a.Name) }) {
			continue
		}
		var err error
		switch {
		case !isName(a.Name):
			err = fmt.Errorf("%q is no name of a file", a.Name)
		case seen[a.Name]:
			err = errors.New("two assets have this name")
		default:
			err = s.asset(a)
		}
		seen[a.Name] = true
		if err != nil {
			s.unread(a.Name, err, "see what the release holds")
		}
	}
	if len(seen) == 0 {
		s.in.Audit.NoAssets = release.Tag
	}
	return len(seen) > 0
}

// isName reports whether a file may be called so: in one folder, and so that all of it shows.
func isName(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 255 && !strings.ContainsFunc(name, func(c rune) bool {
		return c == '/' || c == '\\' || c == ':' || c == unicode.ReplacementChar || !unicode.IsPrint(c)
	})
}

// asset fetches an asset and reads what is in it, as a check of the file would. The file
// is seen by nobody else, and is gone after that.
func (s *subject) asset(a github.Asset) error {
	dir, err := s.o.State.temp()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	f, err := os.OpenFile(filepath.Join(dir, a.Name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	err = s.client.Download(s.ctx, s.owner, s.name, a, f)
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	found, err := s.scan(s.ctx, f.Name())
	if err != nil {
		return err
	}
	within(&found, filepath.ToSlash(dir)+"/")
	s.in.Binaries = append(s.in.Binaries, found.Binaries...)
	s.in.Packages = append(s.in.Packages, found.Packages...)
	s.in.Unread = append(s.in.Unread, found.Unread...)
	s.in.Remarks = append(s.in.Remarks, found.Remarks...)
	s.in.Empty = append(s.in.Empty, found.Empty...)
	return nil
}

// scan reads one file at a time: each takes all cores, and as much memory as one run may.
func (r *run) scan(ctx context.Context, name string) (scan.Result, error) {
	r.scanning.Lock()
	defer r.scanning.Unlock()
	return scan.Run(ctx, []string{name}, scan.Options{Depth: scan.Full, Now: r.plan.day.End(), Evidence: true})
}

// within takes the folder that a file was in off all paths.
func within(r *scan.Result, dir string) {
	cut := func(paths ...*string) {
		for _, p := range paths {
			*p = strings.TrimPrefix(*p, dir)
		}
	}
	for i := range r.Binaries {
		b := &r.Binaries[i]
		for j := range b.Paths {
			cut(&b.Paths[j])
		}
		cut(&b.Outer)
		if b.Bundle != nil {
			cut(&b.Bundle.Path)
		}
		if b.Framework != nil {
			cut(&b.Framework.Path)
		}
		if b.Provisioning != nil {
			cut(&b.Provisioning.Path)
		}
	}
	for i := range r.Packages {
		cut(&r.Packages[i].Path)
	}
	for i := range r.Remarks {
		cut(&r.Remarks[i].Path)
	}
	for _, list := range [][]check.Unread{r.Unread, r.Empty} {
		for i := range list {
			cut(&list[i].Path)
		}
	}
}
