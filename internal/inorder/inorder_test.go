package inorder_test

import (
	"cmp"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/inorder"
)

type word struct {
	text   string
	length int
}

func byLength(a, b word) int { return cmp.Compare(a.length, b.length) }

func TestSortedAndEqualOnesStay(t *testing.T) {
	var list, want []word
	for _, length := range []int{2, 1, 0} {
		for _, text := range []string{"z", "a", "m", "b"} {
			list = append(list, word{text, length})
		}
	}
	for length := range 3 {
		for _, text := range []string{"z", "a", "m", "b"} {
			want = append(want, word{text, length})
		}
	}
	before := append([]word(nil), list...)
	if diff := gocmp.Diff(want, inorder.Copied(list, byLength), gocmp.AllowUnexported(word{})); diff != "" {
		t.Errorf("copied (-want +got):\n%s", diff)
	}
	if diff := gocmp.Diff(before, list, gocmp.AllowUnexported(word{})); diff != "" {
		t.Errorf("the list itself, after it was copied (-want +got):\n%s", diff)
	}
	inorder.By(list, byLength)
	if diff := gocmp.Diff(want, list, gocmp.AllowUnexported(word{})); diff != "" {
		t.Errorf("in place (-want +got):\n%s", diff)
	}
	if got := inorder.Copied([]word{}, byLength); got != nil {
		t.Errorf("the copy of an empty list is %#v, want nil", got)
	}
}
