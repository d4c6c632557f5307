package seal_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/seal"
)

func TestVerifyStopsWhenItsContextEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	m := acme(t, machotest.Sealer{})
	cancel()
	r := seal.Verify(ctx, m, "Contents/MacOS/Acme")
	want := []string{"stopped: Contents/CodeResources: the rest was not looked at: context canceled"}
	if diff := cmp.Diff(want, lines(r)); diff != "" || r.Files > 0 {
		t.Error(r.Files, diff)
	}
}

func TestVerifyStopsWhereThereIsTooMuch(t *testing.T) {
	const stopped = "the rest was not looked at: more than 200000 files, folders and links"
	m := acme(t, machotest.Sealer{})
	for i := range 1100 {
		put(m.MapFS, fmt.Sprintf("Contents/Resources/added/%d", i), "")
	}
	flat := acme(t, machotest.Sealer{})
	delete(flat.MapFS, "Contents/Resources/current")
	for name := range maps.Clone(flat.MapFS) {
		if rest, ok := strings.CutPrefix(name, "Contents/Resources/data/"); ok {
			put(flat.MapFS, "Contents/Resources/current/"+rest, string(flat.MapFS[name].Data))
		}
	}
	for _, row := range []struct {
		name    string
		m       memory
		entries int
		last    string
	}{
		{"as much as there may be", acme(t, machotest.Sealer{}), 29, ""},
		{"one more", acme(t, machotest.Sealer{}), 28, "stopped: Contents/Resources/de.lproj/Main.strings: " + stopped},
		{"in a folder that was a link", flat, 25, "stopped: Contents/Resources/current: " + stopped},
		{"after a thousand problems", m, 1129, "stopped: Contents/Resources/de.lproj/Main.strings: " + stopped},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := lines(seal.VerifyWithin(context.Background(), row.m, "Contents/MacOS/Acme", row.entries))
			got = slices.DeleteFunc(got, func(line string) bool { return !strings.HasPrefix(line, "stopped: ") })
			if strings.Join(got, "") != row.last {
				t.Error(got)
			}
		})
	}
}

func TestVerifyTellsAThousandProblems(t *testing.T) {
	m := acme(t, machotest.Sealer{})
	for i := range 1100 {
		put(m.MapFS, fmt.Sprintf("Contents/Resources/new/%d", i), "")
	}
	if r := verify(t, m); len(r.Problems) != 1000 || r.More != 100 {
		t.Errorf("%d problems, %d more", len(r.Problems), r.More)
	}
}
