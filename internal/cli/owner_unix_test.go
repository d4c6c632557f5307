//go:build unix

package cli

import (
	"os"
	"syscall"
	"testing"
)

func TestWhatIsRewrittenKeepsItsOwnerAndMode(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("f", []byte("old"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown("f", 1234, 4321); err != nil {
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
	if st.Uid != 1234 || st.Gid != 4321 || info.Mode().Perm() != 0o640 {
		t.Errorf("owner %d:%d, mode %s", st.Uid, st.Gid, info.Mode())
	}
}
