// Package cost measures what it takes to run a program.
package cost

import (
	"fmt"
	"os/exec"
	"syscall"
	"time"
)

// Cost is what a run of a program took: the time by the clock, that of all cores together, and the most memory
// that it had, in bytes.
type Cost struct {
	Time, Processor time.Duration
	Memory          int64
}

// Run runs a command and measures it. The error has what it wrote.
func Run(args ...string) (Cost, error) {
	cmd := exec.Command(args[0], args[1:]...)
	begin := time.Now()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return Cost{}, fmt.Errorf("%s: %w: %s", args, err, out)
	}
	s := cmd.ProcessState
	usage, _ := s.SysUsage().(*syscall.Rusage)
	return Cost{time.Since(begin), s.UserTime() + s.SystemTime(), usage.Maxrss << 10}, nil
}
