package compare

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/entitlement"
)

func TestWhatWasNotReadHasNeitherComeNorGone(t *testing.T) {
	app := binary("App", slice(nil))
	helper := binary("helper", slice(func(s *Slice) {
		claims(jit, entitlement.Bool(true))(s)
		s.Identifier = "helper"
	}))
	damaged := binary("lib", Slice{Arch: "arm64", Unreadable: "too short"})
	script := Remark{"installer-script", "build/postinstall", "runs as root"}
	with := func(s Side, unread ...Unread) Side {
		s.Unread, s.Remarks = append(s.Unread, unread...), []Remark{script}
		return s
	}
	without := func(s Side, unread ...Unread) Side {
		s.Unread = append(s.Unread, unread...)
		return s
	}
	cut := Unread{"build/helper", "too short"}
	for _, c := range []struct {
		name     string
		from, to Side
		want     []string
	}{
		{"nothing of the new one was read", with(side(app, helper)), without(side(), cut), []string{
			"new build/helper: too short",
			"whether files of the old one are gone (2), as not all of the new one could be read: build/App, build/helper",
		}},
		{"a part of the new one was not read", with(side(app, helper)), without(side(app), cut), []string{
			"new build/helper: too short",
			"whether files of the old one are gone (1), as not all of the new one could be read: build/helper",
		}},
		{"a slice of the new one was not read", side(app, helper), side(app, damaged), []string{
			"looser : is new: nothing of the old one has its path",
			"new build/lib: too short",
			"whether files of the old one are gone (1), as not all of the new one could be read: build/helper",
		}},
		{"nothing of the old one was read", without(side(), cut), with(side(app, helper)), []string{
			"old build/helper: too short",
			"files of the new one (2), as nothing of the old one could be read: build/App, build/helper",
		}},
		{"a part of the old one was not read", without(side(app), cut), with(side(app, helper)), []string{
			"looser arm64: " + jit + ": true, was not claimed",
			"looser arm64: is new (execute, signed with a certificate, identifier helper, team A1B2C3D4E5, hardened runtime), or was in what could not be read of the old one: nothing of the old one has its path, nor its identifier helper",
			"looser : installer-script is new: runs as root",
			"old build/helper: too short",
		}},
		{"neither was read", without(side(), cut), without(side(), cut), []string{"old build/helper: too short", "new build/helper: too short"}},
		{"what is gone could not be read, and the new one could", without(side(app, damaged)), side(app), []string{
			"stricter : is gone: nothing of the new one has its path",
			"old build/lib: too short",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, said(Sides(c.from, c.to))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

func TestOfManyFilesInDoubtSomeAreNamed(t *testing.T) {
	var list []Subject
	for i := range maxDoubts + 5 {
		list = append(list, binary(fmt.Sprintf("lib%02d", i), slice(nil)))
	}
	r := Sides(side(list...), Side{Full: true, Unread: []Unread{{"new", "no such file"}}})
	want := []string{"whether files of the old one are gone (15), as not all of the new one could be read: " +
		"build/lib00, build/lib01, build/lib02, build/lib03, build/lib04, build/lib05, build/lib06, build/lib07, build/lib08, build/lib09 and 5 more"}
	if diff := cmp.Diff(want, r.NotCompared); diff != "" || len(r.Changes)+r.Came+r.Went > 0 {
		t.Errorf("-want +got:\n%s", diff)
	}
}
