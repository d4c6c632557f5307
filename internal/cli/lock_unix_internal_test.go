//go:build unix && !aix && !solaris

package cli

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

func TestLockIsHeldByOne(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "policy.yml")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, path string }{
		{"a folder", dir},
		{"a file", file},
	} {
		t.Run(tt.name, func(t *testing.T) {
			unlock, err := lock(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			other, err := os.Open(tt.path)
			if err != nil {
				t.Fatal(err)
			}
			defer other.Close()
			if err := flock(other, syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
				t.Errorf("while it is held: %v", err)
			}
			unlock()
			if err := flock(other, syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
				t.Errorf("after that: %v", err)
			}
		})
	}
}

func TestLockThatCannotBeHadIsAnError(t *testing.T) {
	if _, err := lock(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("of what is not there: %v", err)
	}
	f, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := flock(f, syscall.LOCK_EX); !errors.Is(err, syscall.EBADF) {
		t.Errorf("of what cannot be locked: %v", err)
	}
}
