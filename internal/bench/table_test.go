package main

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

// timed returns the result of turns of so many milliseconds, on two cores.
func timed(turns ...int) (r result) {
	for _, ms := range turns {
		t := time.Duration(ms) * time.Millisecond
		r.add(turn{Time: t, CPU: 2 * t, Peak: 9 << 20}, nil)
	}
	return r
}

func TestTableComparesRoundByRound(t *testing.T) {
	results := []result{
		inMemory: timed(100, 200, 50),
		inCache:  timed(50, 100, 25),
		fromFile: timed(100, 400, 50),
		full:     timed(125, 400, 62),
		slots:    timed(1, 2, 1),
		goMacho:  timed(200, 600, 300),
		quill:    timed(1000, 1000, 1000),
		relic:    timed(500),
	}
	results[relic].add(turn{}, errors.New("no | at all"))
	const want = `| what | verifies | time | time, to the cache | CPU time | peak memory | one pass |
| --- | --- | --- | --- | --- | --- | --- |
| SHA-256 alone, pages in memory | nothing; all cores | 1.00 (1.00 to 1.00) | 2.00 | 1.00 | 9 MiB | 100 ms |
| SHA-256 alone, pages in the cache | nothing; all cores | 0.500 (0.500 to 0.500) | 1.00 | 0.500 | 9 MiB | 50.0 ms |
| read and SHA-256, nothing else | nothing; all cores | 1.00 (1.00 to 1.50) | 2.00 | 1.00 | 9 MiB | 100 ms |
| codewarrant ''--verify=full'' | pages, special slots, CMS, chain, timestamp, requirement; all cores | 1.25 (1.25 to 1.62) | 2.50 | 1.25 | 9 MiB | 125 ms |
| codewarrant ''--verify=slots'' | special slots | 0.0100 (0.0100 to 0.0150) | 0.0200 | 0.0100 | 9 MiB | 1.00 ms |
| go-macho v1.1.296 ''NewFile'' | nothing | 3.00 (2.50 to 4.50) | 6.00 | 3.00 | 9 MiB | 300 ms |
| quill v0.5.1 ''describe'' | CMS, without the chain | 10.0 (7.50 to 15.0) | 20.0 | 10.0 | 9 MiB | 1000 ms |
| relic v8.2.0 ''verify'' | refused: no \| at all | | | | | |

- Full verification runs at 80 % (65 to 80 %) of the rate of the hash in memory, by CPU time at 80 %; the bar is 85 %.
- That is 40 % of the rate of the hash in the cache, and 81 % of the rate of reading and hashing with nothing else.
- Its process has 9 MiB at the most; the bar is 64 MiB.
- go-macho v1.1.296 ''NewFile'' takes 300 (250 to 300) times as long as codewarrant ''--verify=slots''.
- quill v0.5.1 ''describe'' takes 1000 (750 to 1000) times as long as codewarrant ''--verify=slots''.
`
	var b strings.Builder
	table(&b, results)
	summary(&b, results)
	if got := strings.ReplaceAll(b.String(), "`", "''"); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// The page has the contestants as they are.
func TestPageHasTheContestants(t *testing.T) {
	page, err := os.ReadFile("../../docs/performance.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range contestants {
		if row := "| " + c.name + " | " + c.verifies + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/performance.md has no row %q; make bench prints the table", row)
		}
	}
}
