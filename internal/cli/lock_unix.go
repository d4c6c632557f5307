//go:build unix && !aix && !solaris

package cli

import (
	"os"
	"syscall"
)

// lock waits until no other run holds the lock of a file or a folder. It ends with the
// program, too. An error is also that the file system has no locks, or none of what is open
// for reading alone, as NFS has not (https://man7.org/linux/man-pages/man2/flock.2.html).
func lock(name string) (unlock func(), err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if err := flock(f, syscall.LOCK_EX); err != nil {
		f.Close()
		return nil, err
	}
	return func() { f.Close() }, nil
}

// flock asks for the lock of an open file until no signal comes in between.
func flock(f *os.File, how int) error {
	for {
		switch err := syscall.Flock(int(f.Fd()), how); err {
		case nil:
			return nil
		case syscall.EINTR:
		default:
			return &os.PathError{Op: "flock", Path: f.Name(), Err: err}
		}
	}
}
