// Package near tells how far apart two names are, for hints such as "did you mean".
package near

import "slices"

// Distance returns the Levenshtein distance of two names in bytes, or -1 when it is
// above the limit. The work is the product of their lengths at most, and far less
// for names with little in common.
func Distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return -1
	}
	prev, row := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(prev[j]+cost, prev[j+1]+1, row[j]+1)
		}
		if slices.Min(row) > limit {
			return -1
		}
		prev, row = row, prev
	}
	if d := prev[len(b)]; d <= limit {
		return d
	}
	return -1
}
