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
