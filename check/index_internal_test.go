package check

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/entitlement"
	"github.com/codewarrant/codewarrant/policy"
)

// The index passes over no exception whose scope matches, and keeps their order.
func TestTheIndexFindsWhatALookAtAllFinds(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	one := func(list ...string) string { return list[random.IntN(len(list))] }
	some := func(list ...string) (out []string) {
		for range random.IntN(4) {
			out = append(out, one(list...))
		}
		return out
	}
	globs := []string{
		"a/b", "**/b", "a*/**", "/a/*", "*", "**", "Helper-?.app/**", "*elper-1*/**", "[a-b]/**", "Helper[12]x/**", "b/Helper-1.app", "a/a/*long-name*",
	}
	paths := []string{"a/b", "a", "b/a/a", "a/Helper-1.app/x", "Helper-2.app/a/b", "Helper1x/b", "a/a/some-long-name-of-it", "é/b"}
	var list []policy.Exception
	for i := range 400 {
		s := policy.Scope{
			Path: some(globs...), Identifier: some("i", "j", "k"), TeamID: some("T", "U"), Arch: some("arm64", "x86_64"),
			CDHash: some("c", "d", "e"), Binaries: some("g", "h"),
		}
		list = append(list, policy.Exception{ID: fmt.Sprint(i), Entitlement: one("a", "b"), AppliesTo: s})
	}
	x := newExceptions(Input{Policy: &policy.Policy{Exceptions: list}})
	found := 0
	for range 2000 {
		target := policy.Target{
			Identifier: one("i", "j", ""), TeamID: one("T", "U", ""), Arch: one("arm64", "x86_64"), CDHash: one("c", "d", ""), Groups: some("g", "h"),
		}
		for range 1 + random.IntN(2) {
			target.Paths = append(target.Paths, one(paths...))
		}
		key := one("a", "b", "c")
		var want, got []string
		for _, e := range list {
			if e.Entitlement == key && e.AppliesTo.Matches(target) {
				want = append(want, e.ID)
			}
		}
		for _, u := range x.matching(target, key, entitlement.Bool(true)) {
			got = append(got, u.ID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%+v (-want +got):\n%s", target, diff)
		}
		found += len(want)
		x.look(target)
		for _, u := range x.all {
			if u.AppliesTo.Matches(target) && !u.seen {
				t.Fatalf("%+v is in the scope of %s, %+v", target, u.ID, u.AppliesTo)
			}
		}
	}
	if found < 1000 {
		t.Errorf("only %d were found", found)
	}
	for _, u := range newExceptions(Input{Policy: &policy.Policy{Exceptions: list}}).all {
		if u.seen {
			t.Errorf("%s was seen", u.ID)
		}
	}
}
