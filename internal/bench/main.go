// Command bench compares codewarrant with the rate of its hash and with other
// readers of code signatures, all in one run on one file, and prints the result as
// Markdown: the table of docs/performance.md.
//
//	go run . [-rounds 20] [FILE]
//
// In every round each contestant has a turn, one at a time and in random order, so
// that what else goes on in the machine hits all alike, and is compared with the
// others in the same round. A turn is a process of its own, so that no one's heap is
// another's burden and each one's memory is its own. All this is a module of its own,
// so that the peers are no dependencies of the product.
package main

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/codewarrant/codewarrant/internal/machotest"
)

func main() {
	rounds := flag.Int("rounds", 20, "how many turns each contestant has")
	child := flag.Int("child", -1, "have a turn as the contestant of this number, as the program starts itself")
	flag.Parse()
	var err error
	if *child >= 0 {
		err = have(contestants[*child], flag.Arg(0))
	} else {
		err = run(flag.Arg(0), *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run compares all contestants on a file, or on one that it makes.
func run(file string, rounds int) error {
	if rounds < 1 {
		return errors.New("wanted: one round or more")
	}
	if file == "" {
		dir, err := os.MkdirTemp("", "bench")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		file = filepath.Join(dir, "made")
		if err := os.WriteFile(file, machotest.Large(), 0o644); err != nil {
			return err
		}
	}
	p, err := load(file)
	if err != nil {
		return err
	}
	results := make([]result, len(contestants))
	for range rounds {
		for _, i := range rand.Perm(len(contestants)) {
			if results[i].err == nil {
				results[i].add(start(i, file))
			}
		}
		fmt.Fprint(os.Stderr, ".")
	}
	fmt.Fprintln(os.Stderr)
	if err := errors.Join(results[inMemory].err, results[inCache].err, results[fromFile].err); err != nil {
		return err // nothing to compare with
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rounds on %d cores (%s/%s, %s) with `%s`: %.1f MiB of code in pages of %d bytes, and %.1f KiB of signature.\n\n",
		rounds, runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version(),
		filepath.Base(file), float64(p.code)/(1<<20), p.page, float64(p.signature)/(1<<10))
	table(&b, results)
	summary(&b, results)
	_, err = os.Stdout.WriteString(b.String())
	return err
}
