//go:build unix

package cli

import (
	"os"
	"path"
	"syscall"
)

// inherit gives a file the owner of the folder it is in, where the program may
// do so: as root, which container actions are.
func inherit(root *os.Root, name string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := root.Stat(path.Dir(name))
	if err != nil {
		return err
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return root.Lchown(name, int(st.Uid), int(st.Gid))
	}
	return nil
}

// keepOwner gives a file the owner and the group of the one that it is to replace, or
// the group alone, where the program may do so.
func keepOwner(f *os.File, old os.FileInfo) {
	if st, ok := old.Sys().(*syscall.Stat_t); ok && f.Chown(int(st.Uid), int(st.Gid)) != nil {
		_ = f.Chown(-1, int(st.Gid))
	}
}
