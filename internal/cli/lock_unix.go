//go:build unix && !aix && !solaris

package cli

import (
	"os"
	"syscall"
)

// lock waits until no other run holds the lock of a file. It ends with the program, too.
// On file systems that know no locks there is none.
func lock(name string) (unlock func(), err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	_ = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	return func() { f.Close() }, nil
}
