package entitlement_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/codewarrant/codewarrant/entitlement"
)

func TestRestricted(t *testing.T) {
	for _, row := range []struct {
		name string
		key  string
		want bool
	}{
		{"debugging, which TN3125 names as unrestricted", "com.apple.security.get-task-allow", false},
		{"app groups, which it names", "com.apple.security.application-groups", false},
		{"the App Sandbox, which it names", "com.apple.security.app-sandbox", false},
		{"the Hardened Runtime, which it names", "com.apple.security.cs.allow-jit", false},
		{"a personal resource of the Hardened Runtime", "com.apple.security.device.camera", false},
		{"Enhanced Security", "com.apple.security.hardened-process.dyld-ro", false},
		{"Enhanced Security by its other name", "com.apple.developer.hardened-process.x", false},
		{"the same without a dot", "com.apple.developer.hardened-processes", true},
		{"keychain groups, which TN3125 names as restricted", "keychain-access-groups", true},
		{"Endpoint Security, of which Apple says so", "com.apple.developer.endpoint-security.client", true},
		{"the identifier of the app", "com.apple.application-identifier", true},
		{"networks of virtual machines", "com.apple.vm.networking", true},
		{"virtual machines", "com.apple.security.virtualization", false},
		{"Apple's own", "com.apple.private.tcc.allow", true},
		{"a prefix that is not whole", "com.apple.security", true},
		{"the spelling of iOS for debugging", "get-task-allow", true},
		{"a name that somebody made up", "org.example.key", true},
	} {
		if got := entitlement.Restricted(row.key); got != row.want {
			t.Errorf("%s: %s: restricted %t, want %t", row.name, row.key, got, row.want)
		}
	}
}

// The families are those that Apple's pages are grouped by.
func TestFamiliesAgreeWithWhatIsRestricted(t *testing.T) {
	free := []string{"hardened-runtime", "personal-information", "hardened-process", "app-sandbox"}
	bound := []string{"restricted", "system-extension", "network", "other-platform"}
	for _, k := range entitlement.AllKnown() {
		is := entitlement.Restricted(strings.TrimSuffix(k.Key, "*"))
		if slices.Contains(free, k.Family) && is || slices.Contains(bound, k.Family) && !is {
			t.Errorf("%s is of family %s: restricted %t", k.Key, k.Family, is)
		}
	}
}
