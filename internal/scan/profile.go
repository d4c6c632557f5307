package scan

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/check"
	"github.com/codewarrant/codewarrant/codesign"
	"github.com/codewarrant/codewarrant/profile"
)

// readProfile reads the provisioning profile of the bundle whose main executable the
// item is. Others have none.
func readProfile(item *artifact.Item, list []check.Slice, v *codesign.Verifier) *check.Provisioning {
	p := &check.Provisioning{}
	if !item.Main {
		return p
	}
	name := profileName(item.Bundle, list)
	b, err := readAll(item.Bundle, name)
	if errors.Is(err, fs.ErrNotExist) {
		return p
	}
	p.Path = path.Join(item.Bundle.Path, name)
	if err == nil {
		p.Profile, err = profile.Read(b, v)
	}
	p.Err = err
	return p
}

// profileName returns where systems look for the profile of a bundle (TN3125,
// "Profile location"): below Contents on a Mac, beside the program on iOS and in the
// flat bundles of drivers. One that is elsewhere counts for nothing.
func profileName(b *artifact.Bundle, list []check.Slice) string {
	const mac = "embedded.provisionprofile"
	switch {
	case strings.HasPrefix(b.Main(), "Contents/"):
		return "Contents/" + mac
	case slices.ContainsFunc(list, func(s check.Slice) bool { return s.Err == nil && s.IsForMac() }):
		return mac
	}
	return "embedded.mobileprovision"
}

func readAll(bundle *artifact.Bundle, name string) ([]byte, error) {
	r, size, err := bundle.Open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if size > profile.MaxSize {
		return nil, fmt.Errorf("%d bytes; the limit is %d", size, profile.MaxSize)
	}
	return io.ReadAll(io.LimitReader(r, profile.MaxSize))
}
