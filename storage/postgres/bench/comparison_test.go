package bench

import (
	"cmp"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// comparison is one line of the table: functions a and b run alternately, and the medians of their times are compared.
type comparison struct {
	name         string
	nameA, nameB string
	a            func(round int) error
	b            func(round int) error // the reference; nil: only the time of a is measured
	prepare      func(round int) error // runs before each of the two, not measured; may be nil
	reset        func(round int) error // restores the database after each of the two, not measured; may be nil
	minRounds    int
	target       string // of the ratio, or of the time
}

// warmUpTime is how long a and b run before they are measured: new connections and new statements are slower.
const warmUpTime = 500 * time.Millisecond

// table collects the results.
type table struct{ results []result }

type result struct {
	comparison
	times [2]string
	ratio string
}

// compare measures c in a sub-benchmark.
func (t *table) compare(b *testing.B, c comparison) {
	b.Helper()
	b.Run(benchmarkName(c.name), func(b *testing.B) {
		var timesA, timesB []time.Duration
		round := 0
		run := func() {
			calls := []func(){
				func() { timesA = append(timesA, c.measure(b, c.a, round)) },
				func() { timesB = append(timesB, c.measure(b, c.b, round)) },
			}
			if c.b == nil {
				calls = calls[:1]
			}
			if round%2 == 1 { // the second one finds the caches warm
				slices.Reverse(calls)
			}
			for _, call := range calls {
				call()
			}
			round++
		}
		for begin := time.Now(); time.Since(begin) < warmUpTime; {
			run()
		}
		timesA, timesB = nil, nil
		for b.Loop() {
			run()
		}
		for len(timesA) < c.minRounds {
			run()
		}
		b.ReportMetric(0, "ns/op") // the sum of a, b and reset has no meaning
		r := result{comparison: c, times: [2]string{formatDuration(median(timesA))}}
		b.ReportMetric(micros(median(timesA)), "µs")
		if c.b != nil {
			ratio := float64(median(timesA)) / float64(median(timesB))
			r.times[1], r.ratio = formatDuration(median(timesB)), fmt.Sprintf("%.2f", ratio)
			b.ReportMetric(micros(median(timesB)), "reference-µs")
			b.ReportMetric(ratio, "ratio")
		}
		t.results = append(t.results, r)
	})
}

func benchmarkName(name string) string { return strings.NewReplacer(" ", "-", ",", "").Replace(name) }

// measure returns the time of one call of fn.
func (c comparison) measure(b *testing.B, fn func(round int) error, round int) time.Duration {
	b.Helper()
	if c.prepare != nil {
		if err := c.prepare(round); err != nil {
			b.Fatal(err)
		}
	}
	begin := time.Now()
	err := fn(round)
	elapsed := time.Since(begin)
	if err == nil && c.reset != nil {
		err = c.reset(round)
	}
	if err != nil {
		b.Fatal(err)
	}
	return elapsed
}

// compareThroughput measures the calls per second of many concurrent callers. Functions a and b run alternately, each for a
// slice of time. The ratio is the throughput of a divided by that of b.
func (t *table) compareThroughput(b *testing.B, c comparison) {
	b.Helper()
	b.Run(benchmarkName(c.name), func(b *testing.B) {
		const slice = 250 * time.Millisecond
		var timesA, timesB []time.Duration // for one call
		for b.Loop() {
			for range c.minRounds {
				timesA = append(timesA, callConcurrently(b, slice, c.a))
				timesB = append(timesB, callConcurrently(b, slice, c.b))
			}
		}
		ratio := float64(median(timesB)) / float64(median(timesA))
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(time.Second/median(timesA)), "calls/s")
		b.ReportMetric(float64(time.Second/median(timesB)), "reference-calls/s")
		b.ReportMetric(ratio, "ratio")
		t.results = append(t.results, result{comparison: c, ratio: fmt.Sprintf("%.2f", ratio), times: [2]string{
			fmt.Sprintf("%d/s", time.Second/median(timesA)), fmt.Sprintf("%d/s", time.Second/median(timesB)),
		}})
	})
}

// callConcurrently returns the elapsed time divided by the number of calls of all callers.
func callConcurrently(b *testing.B, slice time.Duration, call func(n int) error) time.Duration {
	b.Helper()
	var done, failed atomic.Int64
	var all sync.WaitGroup
	begin := time.Now()
	for range callers {
		all.Go(func() {
			for time.Since(begin) < slice {
				if err := call(int(done.Add(1))); err != nil {
					failed.Add(1)
				}
			}
		})
	}
	all.Wait()
	if failed.Load() > 0 {
		b.Fatalf("%d calls failed", failed.Load())
	}
	return time.Since(begin) / time.Duration(done.Load())
}

// print writes the table as Markdown.
func (t *table) print(title string) {
	if len(t.results) == 0 {
		return
	}
	fmt.Printf("\n%s\n\n| operation | A | B | time of A | time of B | ratio | target |\n|---|---|---|---:|---:|---:|---:|\n", title)
	for _, r := range t.results {
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", r.name, r.nameA, r.nameB, r.times[0], r.times[1], r.ratio, r.target)
	}
	fmt.Println()
}

func median[N cmp.Ordered](all []N) N {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// formatDuration formats d with three digits.
func formatDuration(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
}

// machine describes the machine that ran the benchmarks.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
