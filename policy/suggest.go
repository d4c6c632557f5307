package policy

import (
	"fmt"
	"strings"

	"github.com/codewarrant/codewarrant/internal/near"
)

// quoteLimit is how many characters of a value an error message repeats.
const quoteLimit = 64

// quote returns s in double quotes, escaped as in Go, and shortened.
func quote(s string) string {
	n := 0
	for i := range s {
		if n++; n > quoteLimit {
			return fmt.Sprintf("%q…", s[:i])
		}
	}
	return fmt.Sprintf("%q", s)
}

// suggest returns the hint for a name that is not one of the valid ones: the
// nearest of them if one is near, and all of them.
func suggest(name string, valid []string) string {
	hint := "valid: " + strings.Join(valid, ", ")
	best, at := 3, -1
	for i, v := range valid {
		if d := near.Distance(fold(name), fold(v), 2); d >= 0 && d < best && d*2 < len(v) {
			best, at = d, i
		}
	}
	if at < 0 {
		return hint
	}
	return fmt.Sprintf("did you mean %q? %s", valid[at], hint)
}

// fold takes - and _ for one, and letters in either case.
func fold(name string) string { return strings.ReplaceAll(strings.ToLower(name), "_", "-") }
