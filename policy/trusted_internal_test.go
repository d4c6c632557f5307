package policy

import "testing"

func TestAChangeKnowsAFileByItsPlaceAndNotByItsCommit(t *testing.T) {
	for _, tt := range []struct{ name, a, b string }{
		{"of the workspace, and at the trusted ref", "policies/org.yml", "base:policies/org.yml"},
		{"of another repository, at two commits", "github:acme/policies//base.yml@0123", "github:acme/policies//base.yml@4567"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if unpinned(tt.a) != unpinned(tt.b) {
				t.Errorf("%s is another one than %s", unpinned(tt.a), unpinned(tt.b))
			}
		})
	}
	for _, name := range []string{"org@acme.yml", "github:acme.yml"} {
		if unpinned(name) != name {
			t.Errorf("%s is %s", name, unpinned(name))
		}
	}
}
