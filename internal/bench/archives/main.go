// Command archives measures what it takes to look into archives, beside the tools that
// only test them: it packs a program in each format with the real tool, runs codewarrant
// and the peer on it in turn, and prints a table of the processor time of both and of the
// most memory that codewarrant had.
//
//	go run ./archives [-rounds 5] CODEWARRANT PROGRAM
//
// It needs zip, unzip, tar, gzip, bzip2, xz, zstd and 7zz.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/codewarrant/codewarrant/internal/archivetest"
)

// contest is an archive, what makes it, and what it is tested with by its peer.
type contest struct {
	file string
	make string // a command of the shell, in the folder with the program, that writes $1; empty: made here
	peer []string
}

var contests = []contest{
	{"x.zip", "zip -qr $1 program", []string{"unzip", "-qt"}},
	{"x.tar.gz", "tar czf $1 program", []string{"7zz", "t", "-mmt1"}},
	{"x.tar.zst", "tar cf - program | zstd -q > $1", []string{"7zz", "t", "-mmt1"}},
	{"x.tar.bz2", "tar cf - program | bzip2 > $1", []string{"7zz", "t", "-mmt1"}},
	{"x.tar.xz", "tar cf - program | xz > $1", []string{"7zz", "t", "-mmt1"}},
	{"x.pkg", "", []string{"7zz", "t", "-mmt1"}},
}

func main() {
	rounds := flag.Int("rounds", 5, "how often each contestant has its turn")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: archives [-rounds N] CODEWARRANT PROGRAM")
		os.Exit(2)
	}
	if err := run(flag.Arg(0), flag.Arg(1), *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "archives:", err)
		os.Exit(1)
	}
}

func run(codewarrant, program string, rounds int) error {
	dir, err := os.MkdirTemp("", "archives-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "program"), b, 0o755); err != nil {
		return err
	}
	fmt.Printf("A program of %d MB, %d rounds, the median of each.\n\n", len(b)/1e6, rounds)
	fmt.Println("| archive | codewarrant | memory | peer | | ratio |")
	fmt.Println("| --- | --- | --- | --- | --- | --- |")
	for _, c := range contests {
		if err := c.pack(dir, b); err != nil {
			return fmt.Errorf("%s: %w", c.file, err)
		}
		name := filepath.Join(dir, c.file)
		ours := []string{codewarrant, "check", "--verify", "slots", "--policy", "preset:report-only", name}
		theirs := append(slices.Clone(c.peer), name)
		var mine, peer []time.Duration
		memory := int64(0)
		for range rounds {
			t, rss, err := measure(ours)
			if err != nil {
				return err
			}
			mine, memory = append(mine, t), max(memory, rss)
			if t, _, err = measure(theirs); err != nil {
				return err
			}
			peer = append(peer, t)
		}
		a, p := median(mine), median(peer)
		fmt.Printf("| %s | %d ms | %d MiB | `%s` | %d ms | %.2f |\n", c.file, a.Milliseconds(), memory>>10, strings.Join(c.peer, " "), p.Milliseconds(), float64(a)/float64(p))
	}
	return nil
}

func (c contest) pack(dir string, program []byte) error {
	if c.make == "" {
		return os.WriteFile(filepath.Join(dir, c.file), archivetest.Package(archivetest.Files{"program": string(program)}, nil), 0o644)
	}
	cmd := exec.Command("bash", "-c", "set -euo pipefail; "+c.make, "bash", c.file)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
}

// measure returns the processor time of a command, and the most memory that it had, in
// KiB.
func measure(args []string) (time.Duration, int64, error) {
	cmd := exec.Command(args[0], args[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, 0, fmt.Errorf("%s: %w: %s", args[0], err, out)
	}
	s := cmd.ProcessState
	usage, _ := s.SysUsage().(*syscall.Rusage)
	return s.UserTime() + s.SystemTime(), usage.Maxrss, nil
}

func median(list []time.Duration) time.Duration {
	slices.Sort(list)
	return list[len(list)/2]
}
