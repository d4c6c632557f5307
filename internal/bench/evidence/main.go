// Command evidence measures what evidence adds to a run of codewarrant: it has programs shown with it and without,
// in turn, and prints a table of the least that each took.
//
//	go run ./evidence [-rounds 21] CODEWARRANT PATH...
package main

import (
	"flag"
	"fmt"
	"os"
	"time"

	"github.com/codewarrant/codewarrant/internal/bench/cost"
)

func main() {
	rounds := flag.Int("rounds", 21, "how often each has its turn")
	flag.Parse()
	if flag.NArg() < 2 {
		fmt.Fprintln(os.Stderr, "usage: evidence [-rounds N] CODEWARRANT PATH...")
		os.Exit(2)
	}
	fmt.Printf("The least of %d rounds.\n\n", *rounds)
	fmt.Println("| | processor, with evidence | without | evidence adds | time, with evidence | without | evidence adds |")
	fmt.Println("| --- | --- | --- | --- | --- | --- | --- |")
	for _, path := range flag.Args()[1:] {
		if err := compare(flag.Arg(0), path, *rounds); err != nil {
			fmt.Fprintln(os.Stderr, "evidence:", err)
			os.Exit(1)
		}
	}
}

func compare(codewarrant, path string, rounds int) error {
	const long = 1 << 62
	with, without := cost.Cost{Time: long, Processor: long}, cost.Cost{Time: long, Processor: long}
	for range rounds {
		for _, turn := range []struct {
			least *cost.Cost
			flags []string
		}{{&with, []string{"--evidence"}}, {&without, nil}} {
			c, err := cost.Run(append([]string{codewarrant, "show", "--format", "json", path}, turn.flags...)...)
			if err != nil {
				return err
			}
			turn.least.Time, turn.least.Processor = min(turn.least.Time, c.Time), min(turn.least.Processor, c.Processor)
		}
	}
	fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", path,
		ms(with.Processor), ms(without.Processor), more(with.Processor, without.Processor),
		ms(with.Time), ms(without.Time), more(with.Time, without.Time))
	return nil
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }

func more(a, b time.Duration) string { return fmt.Sprintf("%.0f %%", 100*(a.Seconds()/b.Seconds()-1)) }
