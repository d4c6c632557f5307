package entitlement

import "strings"

// unrestricted are the keys that programs on a Mac may claim without a provisioning
// profile; one that ends in a dot stands for all with that prefix.
//
// TN3125 names com.apple.security.get-task-allow, App Groups, those of the App Sandbox
// and those of the Hardened Runtime, and says that the list goes on. They are all in
// com.apple.security, which is what the table _unrestrictedEntitlements of the kernel
// extension AppleMobileFileIntegrity has, with the three below, as it was read out of
// macOS 26.5. Whatever is in no table of it is restricted, whoever made the name up:
// the code that goes through them, decompiled, looks at the key and not at the value.
var unrestricted = []string{
	"com.apple.developer.hardened-process",
	"com.apple.developer.hardened-process.",
	"com.apple.private.signing-identifier",
	"com.apple.security.",
}

// Restricted reports whether a provisioning profile has to authorize a key before a
// program that claims it starts on a Mac. On iOS and its kin it has to for every key.
func Restricted(key string) bool {
	for _, u := range unrestricted {
		if key == u || strings.HasSuffix(u, ".") && strings.HasPrefix(key, u) {
			return false
		}
	}
	return true
}
