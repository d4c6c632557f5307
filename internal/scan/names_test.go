package scan_test

import (
	"slices"
	"testing"

	"github.com/blacktop/go-macho/types"
	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/artifact"
	"github.com/codewarrant/codewarrant/macho"
	"github.com/codewarrant/codewarrant/policy"
)

// What a policy may name is what is found.
func TestPoliciesNameTheKindsOfBundlesAndTypesOfFilesThatAreFound(t *testing.T) {
	if diff := cmp.Diff(artifact.BundleKinds(), policy.BundleKinds()); diff != "" {
		t.Errorf("kinds of bundles (-artifact +policy):\n%s", diff)
	}
	var signable []string
	for filetype := types.HeaderFileType(1); filetype <= types.MH_FILESET; filetype++ {
		var s macho.Slice
		if s.Type = filetype; s.IsSignable() {
			signable = append(signable, s.TypeName())
		}
	}
	named := policy.Types()
	slices.Sort(signable)
	slices.Sort(named)
	if diff := cmp.Diff(signable, named); diff != "" {
		t.Errorf("types of files that are signed (-macho +policy):\n%s", diff)
	}
}
