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

// duel is one line of the table: two ways that take turns, whose medians are compared.
type duel struct {
	name   string
	of, by string // the two ways, in the table
	one    func(round int) error
	other  func(round int) error // the yardstick; nil: there is none, and the time itself is told
	after  func(round int) error // puts things back after each of the two, not measured; may be nil
	rounds int                   // at least
	wanted string                // what the ratio, or the time, should be
}

// warmUp is how long the two take turns before anything counts: new connections and new statements are slower.
const warmUp = 500 * time.Millisecond

// table collects what was measured.
type table struct{ lines []line }

type line struct {
	duel
	took [2]string
	said string
}

// fight measures a duel as a sub-benchmark.
func (t *table) fight(b *testing.B, d duel) {
	b.Helper()
	b.Run(strings.NewReplacer(" ", "-", ",", "").Replace(d.name), func(b *testing.B) {
		var ones, others []time.Duration
		round := 0
		turn := func() {
			sides := []func(){
				func() { ones = append(ones, d.measure(b, d.one, round)) },
				func() { others = append(others, d.measure(b, d.other, round)) },
			}
			if d.other == nil {
				sides = sides[:1]
			}
			if round%2 == 1 { // so that neither always finds the caches warm
				slices.Reverse(sides)
			}
			for _, side := range sides {
				side()
			}
			round++
		}
		for begin := time.Now(); time.Since(begin) < warmUp; {
			turn()
		}
		ones, others = nil, nil
		for b.Loop() {
			turn()
		}
		for len(ones) < d.rounds {
			turn()
		}
		b.ReportMetric(0, "ns/op") // of both, and of what puts things back: it means nothing
		l := line{duel: d, took: [2]string{short(median(ones))}}
		b.ReportMetric(micros(median(ones)), "µs")
		if d.other != nil {
			ratio := float64(median(ones)) / float64(median(others))
			l.took[1], l.said = short(median(others)), fmt.Sprintf("%.2f", ratio)
			b.ReportMetric(micros(median(others)), "yardstick-µs")
			b.ReportMetric(ratio, "ratio")
		}
		t.lines = append(t.lines, l)
	})
}

// measure runs one way once.
func (d duel) measure(b *testing.B, way func(round int) error, round int) time.Duration {
	b.Helper()
	begin := time.Now()
	err := way(round)
	took := time.Since(begin)
	if err == nil && d.after != nil {
		err = d.after(round)
	}
	if err != nil {
		b.Fatal(err)
	}
	return took
}

// race measures how often many callers at once get through, in slices of time that take turns. The ratio is that of the
// throughputs: one by the other.
func (t *table) race(b *testing.B, d duel) {
	b.Helper()
	b.Run(strings.NewReplacer(" ", "-", ",", "").Replace(d.name), func(b *testing.B) {
		const slice = 250 * time.Millisecond
		var ones, others []time.Duration // for one call
		for b.Loop() {
			for range d.rounds {
				ones, others = append(ones, crowd(b, slice, d.one)), append(others, crowd(b, slice, d.other))
			}
		}
		ratio := float64(median(others)) / float64(median(ones))
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(float64(time.Second/median(ones)), "calls/s")
		b.ReportMetric(float64(time.Second/median(others)), "yardstick-calls/s")
		b.ReportMetric(ratio, "ratio")
		t.lines = append(t.lines, line{duel: d, said: fmt.Sprintf("%.2f", ratio), took: [2]string{
			fmt.Sprintf("%d/s", time.Second/median(ones)), fmt.Sprintf("%d/s", time.Second/median(others)),
		}})
	})
}

// crowd answers how long one call takes of the time of all.
func crowd(b *testing.B, slice time.Duration, call func(n int) error) time.Duration {
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
func (t *table) print(about string) {
	if len(t.lines) == 0 {
		return
	}
	fmt.Printf("\n%s\n\n| what | one | other | one took | other took | ratio | wanted |\n|---|---|---|---:|---:|---:|---:|\n", about)
	for _, l := range t.lines {
		fmt.Printf("| %s | %s | %s | %s | %s | %s | %s |\n", l.name, l.of, l.by, l.took[0], l.took[1], l.said, l.wanted)
	}
	fmt.Println()
}

func median[N cmp.Ordered](all []N) N {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[len(sorted)/2]
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// short answers a time with three digits.
func short(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case d < 100*time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	default:
		return fmt.Sprintf("%.0f ms", float64(d)/float64(time.Millisecond))
	}
}

// machine says where the figures come from.
func machine() string {
	return fmt.Sprintf("%s, %s/%s, %d processors", runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}
