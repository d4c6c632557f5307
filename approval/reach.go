package approval

import "github.com/codewarrant/codewarrant/internal/sshsig"

// maxCounted bounds the keys of which [CanReach] looks for those of different people:
// the steps of largest grow fast.
const maxCounted = 20

// CanReach reports whether so many different people may sign exceptions, each with a key
// that no other one has. Of more keys than can be counted it says yes.
func CanReach(needed int, signers sshsig.AllowedSigners) bool {
	keys := map[string][]sshsig.Entry{} // all lines of each: whose it is those tell, too, that do not allow it for this
	seen := map[string]bool{}
	var usable []string
	for _, e := range signers {
		keys[e.Fingerprint] = append(keys[e.Fingerprint], e)
		if maySign(e) && !seen[e.Fingerprint] {
			seen[e.Fingerprint] = true
			usable = append(usable, e.Fingerprint)
		}
	}
	if len(usable) < needed || len(usable) > maxCounted {
		return len(usable) >= needed
	}
	all, who := make([]int, len(usable)), make([]people, len(usable))
	for i, key := range usable {
		all[i], who[i] = i, peopleOf(keys[key])
	}
	one := func(i, j int) bool { return mayBeOne(who[i], who[j]) }
	return len(largest(all, one)) >= needed
}
