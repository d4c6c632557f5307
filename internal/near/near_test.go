package near

import "testing"

func TestDistance(t *testing.T) {
	for _, row := range []struct {
		name, a, b  string
		limit, want int
	}{
		{"equal names", "abc", "abc", 0, 0},
		{"a letter too many", "abbc", "abc", 1, 1},
		{"a letter too few", "ac", "abc", 1, 1},
		{"another letter", "axc", "abc", 1, 1},
		{"two letters swapped", "acb", "abc", 2, 2},
		{"above the limit", "xyz", "abc", 2, -1},
		{"lengths too far apart", "a", "abcd", 2, -1},
		{"nothing and something", "", "ab", 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Distance(row.a, row.b, row.limit); got != row.want {
				t.Errorf("%d, want %d", got, row.want)
			}
		})
	}
}
