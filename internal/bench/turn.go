package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// enough is for how long a turn repeats what it measures: a pass of the fastest
// contestant alone would be over before the clock and the core have settled.
const enough = 200 * time.Millisecond

// turn is what is measured in one turn.
type turn struct {
	Time time.Duration // of one pass, the mean of all but the first
	CPU  time.Duration // the same, of all cores together
	Peak uint64        // bytes, the most memory that the process had up to the end of the first pass
}

// start has a turn in a process of its own. The error is what the contestant has
// against the file.
func start(contestant int, file string) (t turn, err error) {
	self, err := os.Executable()
	if err != nil {
		return t, err
	}
	out, err := exec.Command(self, "-child", strconv.Itoa(contestant), file).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && len(exit.Stderr) > 0 {
		first, _, _ := bytes.Cut(exit.Stderr, []byte("\n"))
		return t, errors.New(string(first))
	} else if err != nil {
		return t, err
	}
	return t, json.Unmarshal(out, &t)
}

// have has a turn and writes to standard output what it measured.
func have(c contestant, file string) error {
	out := json.NewEncoder(os.Stdout)
	os.Stdout = os.Stderr // go-macho prints
	pass, err := c.prepare(file)
	if err == nil {
		err = pass()
	}
	if err != nil {
		return err
	}
	t := turn{Peak: peak()}
	runtime.GC()
	begin, beginCPU, n := time.Now(), cpu(), time.Duration(0)
	for ; time.Since(begin) < enough; n++ {
		if err := pass(); err != nil {
			return err
		}
	}
	t.Time, t.CPU = time.Since(begin)/n, (cpu()-beginCPU)/n
	return out.Encode(t)
}

// cpu returns the time that the process had the cores, in and out of the kernel.
func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// peak returns the peak resident set of the process, VmHWM of proc(5), 0 where there
// is none. The one that getrusage(2) tells begins with that of the parent.
func peak() (kib uint64) {
	status, _ := os.ReadFile("/proc/self/status")
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Sscan(rest, &kib)
	return kib << 10
}
