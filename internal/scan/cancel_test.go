package scan_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/codewarrant/codewarrant/internal/machotest"
	"github.com/codewarrant/codewarrant/internal/scan"
)

func TestRunTellsOfEachFileInTheOrderOfTheWalk(t *testing.T) {
	signed := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	t.Chdir(t.TempDir())
	machotest.WriteTree(t, ".", map[string][]byte{"b/1": signed, "b/2/x": signed, "b/3": []byte("text"), "b/4": signed})
	var got []string
	_, err := scan.Run(t.Context(), []string{"b"}, scan.Options{Depth: scan.Full, Now: time.Now(), Begun: func(path string, size int64) {
		got = append(got, fmt.Sprintf("%s %d", path, size))
	}})
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range []string{"b/1", "b/2/x", "b/4"} {
		want = append(want, fmt.Sprintf("%s %d", name, len(signed)))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestRunThatIsEndedHasNoResultAndBeginsNoMoreFiles(t *testing.T) {
	signed := machotest.Binary{Signature: &machotest.Signature{}}.Bytes()
	files := map[string][]byte{}
	for i := range 100 {
		files[fmt.Sprintf("b/%02d", i)] = signed
	}
	t.Chdir(t.TempDir())
	machotest.WriteTree(t, ".", files)
	enough := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	begun := 0
	r, err := scan.Run(ctx, []string{"b"}, scan.Options{Depth: scan.Full, Now: time.Now(), Begun: func(string, int64) {
		begun++
		cancel(enough)
	}})
	if err != enough || begun != 1 {
		t.Errorf("error %v after %d files, want %v after 1", err, begun, enough)
	}
	if diff := cmp.Diff(scan.Result{}, r); diff != "" {
		t.Error(diff)
	}
}
