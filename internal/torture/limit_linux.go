package main

import "syscall"

// limitMemory bounds the memory that the process may write to. The limit of the
// address space would count what the Go runtime sets aside and does not use.
func limitMemory(bytes uint64) error {
	return syscall.Setrlimit(syscall.RLIMIT_DATA, &syscall.Rlimit{Cur: bytes, Max: bytes})
}
