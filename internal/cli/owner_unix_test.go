//go:build unix

package cli

import (
	"os"
	"syscall"
	"testing"
)

func TestWhatIsRewrittenKeepsItsOwnerAndMode(t *testing.T) {
	uid, gid := os.Geteuid(), os.Getegid()
	if uid == 0 { // who alone can give a file away
		uid, gid = 1234, 4321
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown("f", uid, gid); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod("f", 0o640); err != nil {
		t.Fatal(err)
	}
	if err := rewriteFile("f", []byte("old"), []byte("new")); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat("f")
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	if int(st.Uid) != uid || int(st.Gid) != gid || info.Mode().Perm() != 0o640 {
		t.Errorf("owner %d:%d, mode %s", st.Uid, st.Gid, info.Mode())
	}
}
