package audit

import (
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

// Of the latest release of one repository no more are looked at: they are all on disk at the
// same time, of which a machine of GitHub Actions has 14 GB.
const (
	maxAssets     = 100
	maxAssetBytes = 8 << 30
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
	var list []github.Asset
	seen, size := map[string]bool{}, int64(0)
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
		case len(list) == maxAssets || a.Size > maxAssetBytes-size:
			err = fmt.Errorf("the assets of the release are more than %d, or have more than %d bytes", maxAssets, int64(maxAssetBytes))
		default:
			list = append(list, a)
			size += max(a.Size, 0)
		}
		seen[a.Name] = true
		if err != nil {
			s.unread(a.Name, err, "see what the release holds; the audit may ask for fewer assets")
		}
	}
	if len(seen) == 0 {
		s.in.Audit.NoAssets = release.Tag
		return false
	}
	if err := s.assets(list); err != nil {
		s.unread(s.target.Repository, err, "run the audit again")
	}
	return true
}

// isName reports whether a file may be called so: in one folder, and so that all of it shows.
func isName(name string) bool {
	return fs.ValidPath(name) && name != "." && len(name) <= 255 && !strings.ContainsFunc(name, func(c rune) bool {
		return c == '/' || c == '\\' || c == ':' || c == unicode.ReplacementChar || !unicode.IsPrint(c)
	})
}

// assets fetches assets and reads what is in them, as a check of the files would. The files
// are seen by nobody else, and are gone after that. Those of one repository have their turn
// at a time: they take disk, all cores, and as much memory as one check may.
func (s *subject) assets(list []github.Asset) error {
	s.scanning.Lock()
	defer s.scanning.Unlock()
	dir, err := s.o.State.temp()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var names []string
	for _, a := range list {
		name := filepath.Join(dir, a.Name)
		if err := s.fetch(a, name); err != nil {
			s.unread(a.Name, err, "see what the release holds")
			continue
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return nil
	}
	found, err := scan.Run(s.ctx, names, scan.Options{Depth: scan.Full, Now: s.plan.day.End(), Evidence: true})
	if err != nil {
		return err
	}
	within(&found, filepath.ToSlash(dir)+"/")
	s.in.Binaries, s.in.Packages, s.in.Remarks = found.Binaries, found.Packages, found.Remarks
	s.in.Unread, s.in.Empty = append(s.in.Unread, found.Unread...), found.Empty
	s.in.Audit.NoCode = s.noCode()
	return nil
}

// noCode takes away what is no code by its name, and was found to have none in it, and returns
// its paths. Where no code was found at all nothing was judged, and it stays.
func (s *subject) noCode() (paths []string) {
	if len(s.in.Binaries)+len(s.in.Packages) == 0 {
		return nil
	}
	s.in.Empty = slices.DeleteFunc(s.in.Empty, func(u check.Unread) bool {
		is := strings.HasSuffix(u.Path, ".entitlements")
		if is {
			paths = append(paths, u.Path)
		}
		return is
	})
	return paths
}

// fetch writes an asset to a file.
func (s *subject) fetch(a github.Asset, name string) error {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(s.client.Download(s.ctx, s.owner, s.name, a, f), f.Close())
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
