//go:build unix

package artifact

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWalkDoesNotOpenWhatIsNotAFile(t *testing.T) {
	dir := write(t, map[string]string{"Acme.app/Contents/MacOS/Acme": machO})
	for _, name := range []string{"fifo", "Acme.app/Contents/Info.plist"} {
		if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir) // the path of a socket is short
	l, err := net.Listen("unix", "socket")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()

	want := []string{
		"Acme.app: unreadable: Info.plist: not a regular file",
		"Acme.app/Contents/Info.plist: not-regular: not a regular file",
		"Acme.app/Contents/MacOS/Acme in Acme.app as main",
		"fifo: not-regular: not a regular file",
		"socket: not-regular: not a regular file",
		"fifo: not-regular: not a regular file",
	}
	if diff := cmp.Diff(want, list(t, "", Walk(t.Context(), ".", "fifo"))); diff != "" {
		t.Error(diff)
	}
}

func TestWalkDoesNotWaitForAFIFOThatTookAFilesPlace(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mkfifo(filepath.Join(dir, "swapped"), 0o644); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	if _, _, err := newFolder(root).Open("swapped"); err != errNotRegular {
		t.Errorf("got %v, want %v", err, errNotRegular)
	}
}

func TestWalkKeepsNamesAsTheyAre(t *testing.T) {
	names := []string{"::error::x", "a\nb", "a\\b", "back`tick", "not\xffutf8", "ünï"}
	files := map[string]string{}
	for _, name := range names {
		files[name] = machO
	}
	dir := write(t, files)
	if diff := cmp.Diff(names, list(t, dir, Walk(t.Context(), dir))); diff != "" {
		t.Error(diff)
	}
}
