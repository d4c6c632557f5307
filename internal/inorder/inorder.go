// Package inorder sorts lists with little code. [slices.SortFunc] and its kin are compiled anew for each type that they
// sort, as a dozen functions that have up to 25 kB where the type is a struct of many fields. Package sort has one copy
// for all types, which swaps by reflection. What is long, of numbers, and in the way of a scan is left to package slices.
package inorder

import "sort"

// By sorts a list, and leaves what compare calls equal in the order that it has.
func By[S ~[]E, E any](list S, compare func(a, b E) int) {
	sort.SliceStable(list, func(i, j int) bool { return compare(list[i], list[j]) < 0 })
}

// Copied returns a copy of a list, sorted as [By] does; nil for an empty one.
func Copied[S ~[]E, E any](list S, compare func(a, b E) int) S {
	sorted := append(S(nil), list...)
	By(sorted, compare)
	return sorted
}
