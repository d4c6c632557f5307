package policy

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// Location is where the text of a policy is: a preset, a file, a file at the trusted ref,
// or a file in a repository on GitHub at one commit.
type Location struct {
	Preset string // name of a built-in policy

	Base       bool   // Path is from the root of the checked-out repository, at the trusted ref
	Repository string // owner/name on GitHub; empty: Path is a file of this machine, or Base
	Ref        string // of the commit, 40 hexadecimal digits
	Path       string // slash-separated; in the repository from its root
}

// RepositoryPrefix is what the name of a [Policy] begins with that comes from another
// repository.
const RepositoryPrefix = "github:"

// String returns the name that a policy from there has, as in [Policy.Name].
func (l Location) String() string {
	switch {
	case l.Preset != "":
		return PresetPrefix + l.Preset
	case l.Repository != "":
		return RepositoryPrefix + l.Repository + "//" + l.Path + "@" + l.Ref
	case l.Base:
		return BasePrefix + l.Path
	}
	return l.Path
}

// IsFile reports whether the name is that of a file of the workspace, and not of a policy
// that is built in, stands at the trusted ref or comes from another repository.
func IsFile(name string) bool {
	return name != "" && !strings.HasPrefix(name, PresetPrefix) && !strings.HasPrefix(name, BasePrefix) && !strings.HasPrefix(name, RepositoryPrefix)
}

// Beside returns where a file is that the policy there refers to: below the folder
// that the policy is in, and in the same commit if it is in a repository. The error
// says why it would not be.
func (l Location) Beside(file string) (Location, error) {
	if l.Preset != "" {
		return Location{}, fmt.Errorf("%s is built in; no file is beside it", l)
	}
	if err := checkPath(file); err != nil {
		return Location{}, err
	}
	l.Path = path.Join(path.Dir(l.Path), file)
	return l, nil
}

// SignersFile returns where the file of those who may sign is: beside the policy that
// names it, which may be one that p extends.
func (p *Policy) SignersFile() (Location, error) {
	at := p.Approvals.Fields["allowed-signers"]
	i := slices.IndexFunc(p.Sources, func(s Source) bool { return s.Name() == at.File })
	if i < 0 {
		return Location{}, errors.New("no policy that was read names the file")
	}
	return p.Sources[i].Location.Beside(p.Approvals.AllowedSigners)
}

// of returns where the policy is that another one, at l, refers to.
func (l Location) of(ref Reference) (Location, error) {
	switch {
	case ref.Preset != "":
		return Location{Preset: ref.Preset}, nil
	case ref.Repository != "":
		return Location{Repository: ref.Repository, Ref: ref.Ref, Path: ref.Path}, nil
	}
	return l.Beside(ref.File)
}

// identity is equal for locations of one text. GitHub takes the names of owners and
// repositories in either case.
func (l Location) identity() Location {
	l.Repository = strings.ToLower(l.Repository)
	if l.Path != "" {
		l.Path = path.Clean(l.Path)
	}
	return l
}
