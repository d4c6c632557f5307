package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"
)

// The bars that full verification is held to.
const (
	wantedRate   = 85       // per cent of the rate of the hash alone, in memory
	wantedMemory = 64 << 20 // bytes
)

// result is the turns of a contestant, round by round, up to an error.
type result struct {
	time, cpu []time.Duration
	peak      uint64 // bytes, the most in any turn
	err       error
}

func (r *result) add(t turn, err error) {
	if r.err = err; err == nil {
		r.time, r.cpu, r.peak = append(r.time, t.Time), append(r.cpu, t.CPU), max(r.peak, t.Peak)
	}
}

// table writes the results in the order of the contestants.
func table(w io.Writer, results []result) {
	fmt.Fprintln(w, "| what | verifies | time | time, to the cache | CPU time | peak memory | one pass |")
	fmt.Fprintln(w, "| --- | --- | --- | --- | --- | --- | --- |")
	memory, cache := results[inMemory], results[inCache]
	for i, r := range results {
		c := contestants[i]
		if r.err != nil {
			fmt.Fprintf(w, "| %s | refused: %s | | | | | |\n", c.name, strings.ReplaceAll(r.err.Error(), "|", `\|`))
			continue
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s ms |\n", c.name, c.verifies,
			spread(ratios(r.time, memory.time)), number(median(ratios(r.time, cache.time))), number(median(ratios(r.cpu, memory.cpu))),
			mebibytes(r.peak), number(median(ratios(r.time, nil))))
	}
}

// summary says in sentences what the table is asked for first.
func summary(w io.Writer, results []result) {
	v := results[full]
	if v.err != nil {
		return
	}
	percent := func(a, b []time.Duration, q float64) int { return int(math.Round(100 * quantile(ratios(a, b), q))) }
	memory := results[inMemory]
	fmt.Fprintf(w, "\n- Full verification runs at %d %% (%d to %d %%) of the rate of the hash in memory, by CPU time at %d %%; the bar is %d %%.\n",
		percent(memory.time, v.time, 0.5), percent(memory.time, v.time, 0.25), percent(memory.time, v.time, 0.75), percent(memory.cpu, v.cpu, 0.5), wantedRate)
	fmt.Fprintf(w, "- That is %d %% of the rate of the hash in the cache, and %d %% of the rate of reading and hashing with nothing else.\n",
		percent(results[inCache].time, v.time, 0.5), percent(results[fromFile].time, v.time, 0.5))
	fmt.Fprintf(w, "- Its process has %s at the most; the bar is %s.\n", mebibytes(v.peak), mebibytes(wantedMemory))
	for _, pair := range [...][2]int{{full, relic}, {slots, goMacho}, {slots, quill}} {
		if ours, other := results[pair[0]], results[pair[1]]; ours.err == nil && other.err == nil {
			fmt.Fprintf(w, "- %s takes %s times as long as %s.\n",
				contestants[pair[1]].name, spread(ratios(other.time, ours.time)), contestants[pair[0]].name)
		}
	}
}

// ratios divides the times of a by those of b in the same rounds, or by
// milliseconds when b is nil.
func ratios(a, b []time.Duration) []float64 {
	list := make([]float64, len(a))
	for i := range list {
		list[i] = float64(a[i]) / float64(time.Millisecond)
		if b != nil {
			list[i] = float64(a[i]) / float64(b[i])
		}
	}
	return list
}

// spread writes the median and, behind it, where the middle half is.
func spread(list []float64) string {
	return fmt.Sprintf("%s (%s to %s)", number(median(list)), number(quantile(list, 0.25)), number(quantile(list, 0.75)))
}

func median(list []float64) float64 { return quantile(list, 0.5) }

// quantile returns the value below which the part q of the list is; between two
// values, in proportion.
func quantile(list []float64, q float64) float64 {
	slices.Sort(list)
	below, part := math.Modf(q * float64(len(list)-1))
	i := int(below)
	return list[i] + part*(list[min(i+1, len(list)-1)]-list[i])
}

// number writes the digits that count: three, and all in front of the point.
func number(f float64) string {
	if f >= 99.95 {
		return fmt.Sprintf("%.0f", f)
	}
	return fmt.Sprintf("%#.3g", f)
}

func mebibytes(n uint64) string {
	if n == 0 {
		return "not told"
	}
	return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20))
}
