package approval

import "github.com/codewarrant/codewarrant/internal/sshsig"

// maxCounted bounds the keys of which [CanReach] looks for those of different people:
// the steps of largest grow fast.
const maxCounted = 20

// CanReach reports whether so many different people may sign exceptions, each with a key
// that no other one has. Of more keys than can be counted it says yes.
func CanReach(needed int, signers sshsig.AllowedSigners) bool {
	var fingerprints []string
	keys := map[string][]sshsig.Entry{}
	for _, e := range signers {
		if e.Namespaces != "" && !e.Namespaces.Match(Namespace) {
			continue
		}
		if keys[e.Fingerprint] == nil {
			fingerprints = append(fingerprints, e.Fingerprint)
		}
		keys[e.Fingerprint] = append(keys[e.Fingerprint], e)
	}
	if len(fingerprints) < needed || len(fingerprints) > maxCounted {
		return len(fingerprints) >= needed
	}
	one := func(i, j int) bool { return mayBeOne(keys[fingerprints[i]], keys[fingerprints[j]]) }
	all := make([]int, len(fingerprints))
	for i := range all {
		all[i] = i
	}
	return len(largest(all, one)) >= needed
}
