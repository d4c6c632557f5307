package policy

import (
	"fmt"
	"strings"
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
		if d := distance(name, v); d < best && d*2 < len(v) {
			best, at = d, i
		}
	}
	if at < 0 {
		return hint
	}
	return fmt.Sprintf("did you mean %q? %s", valid[at], hint)
}

// distance returns the Levenshtein distance of two names in bytes, taking - and _
// for one and letters in either case. For a long name, it returns its length.
func distance(a, b string) int {
	if len(a) > quoteLimit {
		return len(a)
	}
	fold := strings.NewReplacer("_", "-")
	a, b = fold.Replace(strings.ToLower(a)), fold.Replace(strings.ToLower(b))
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
