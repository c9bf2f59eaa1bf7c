package throttle

import (
	"math"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// clock is a clock that tests advance.
type clock struct{ at time.Time }

func newClock() *clock { return &clock{time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)} }

func (c *clock) now() time.Time { return c.at }

func (c *clock) advance(d time.Duration) { c.at = c.at.Add(d) }

func TestBucketsDelayAndNeverClose(t *testing.T) {
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{Burst: 3, Every: time.Minute})
	for _, step := range []struct {
		advance time.Duration
		key     string
		wait    time.Duration
	}{
		{0, "mario", 0},
		{0, "mario", 0},
		{0, "mario", 0},
		{0, "mario", time.Minute},
		{0, "luigi", 0},
		{59 * time.Second, "mario", time.Second},
		{time.Second, "mario", 0},
		{0, "mario", time.Minute},
		{2 * time.Minute, "mario", 0},
		{0, "mario", 0},
		{0, "mario", time.Minute},
		{time.Hour, "mario", 0}, // a full bucket has no more than the burst
		{0, "mario", 0},
		{0, "mario", 0},
		{0, "mario", time.Minute},
	} {
		at.advance(step.advance)
		require.Equal(t, step.wait, l.Take(r.Key(step.key)), step)
	}
}

// A call that is refused takes no token, also not from the other buckets, and waits for the last of them.
func TestTokensAreTakenFromAllOrNone(t *testing.T) {
	at := newClock()
	l := New(at.now)
	narrow, wide := l.NewRule(Limit{Burst: 1, Every: time.Minute}), l.NewRule(Limit{Burst: 2, Every: time.Second})
	require.Zero(t, l.Take(narrow.Key("a"), wide.Key("all")))
	for range 10 {
		require.Equal(t, time.Minute, l.Take(wide.Key("all"), narrow.Key("a")))
	}
	require.Zero(t, l.Take(narrow.Key("b"), wide.Key("all")))
	require.Equal(t, time.Second, l.Take(narrow.Key("c"), wide.Key("all")))
	require.Equal(t, time.Minute, l.Take(narrow.Key("b"), wide.Key("all")))
	at.advance(time.Second)
	require.Zero(t, l.Take(narrow.Key("c"), wide.Key("all")))
	require.Zero(t, l.Take())
}

func TestKeysDiffer(t *testing.T) {
	l := New(newClock().now)
	r := l.NewRule(Limit{Burst: 1, Every: time.Minute})
	for _, parts := range [][]string{
		{"ab", "c"}, {"a", "bc"}, {"abc"}, {"", "abc"}, {"abc", ""}, {}, {""}, {"a\x00\x00\x00\x00\x00\x00\x00\x00bc"},
	} {
		require.Zero(t, l.Take(r.Key(parts...)), parts)
		require.NotZero(t, l.Take(r.Key(parts...)), parts)
	}
}

// A clock that is set back by a year neither locks anyone out for longer nor frees anyone.
func TestTheClockIsSetBack(t *testing.T) {
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{Burst: 2, Every: time.Minute})
	key, other := r.Key("mario"), r.Key("luigi")
	l.Take(key)
	l.Take(key)
	for range 3 {
		at.advance(-365 * 24 * time.Hour)
		require.Equal(t, time.Minute, l.Take(key))
		require.Zero(t, l.Take(other))
		at.advance(30 * time.Second)
		require.Equal(t, 30*time.Second, l.Take(key))
		at.advance(30 * time.Second)
		require.Zero(t, l.Take(key))
	}
	for range 100 { // the sum of all steps forward does not overflow
		at.at = time.Unix(-1<<40, 0)
		l.Take(key)
		at.at = time.Unix(1<<40, 0)
		require.Zero(t, l.Take(key), "the bucket is full again")
		require.Zero(t, l.Take(key))
		require.Equal(t, time.Minute, l.Take(key))
	}
}

func TestCallsAtOnceAreLimited(t *testing.T) {
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{AtOnce: 2})
	rated := l.NewRule(Limit{Burst: 2, Every: time.Hour})
	keys := []Key{r.Key("a"), rated.Key("a")}
	ran := false
	require.Zero(t, l.Do(func() {
		require.Zero(t, l.Do(func() {
			for range 10 { // takes no tokens
				require.Equal(t, time.Second, l.Do(func() { ran = true }, r.Key("a"), rated.Key("b")))
			}
			require.Equal(t, time.Hour, l.Do(func() { ran = true }, keys...), "the longer wait")
			require.Zero(t, l.Do(func() { ran = true }, r.Key("b"), rated.Key("b")), "another key")
			require.Zero(t, l.Take(r.Key("a"), rated.Key("b")), "Take counts only tokens")
		}, keys...))
		require.True(t, ran)
	}, keys...))
	ran = false
	require.Equal(t, time.Hour, l.Do(func() { ran = true }, keys...))
	require.False(t, ran)
	require.Panics(t, func() { l.Do(func() { panic("in fn") }, r.Key("a")) })
	require.Empty(t, r.running, "nothing is running any more, also after a panic")
}

func TestCallsAtOnceOfManyGoroutines(t *testing.T) {
	l := New(time.Now)
	r := l.NewRule(Limit{Burst: 1000, Every: time.Hour, AtOnce: 3})
	var (
		all                  sync.WaitGroup
		mu                   sync.Mutex
		running, most, calls int
	)
	for range 50 {
		all.Go(func() {
			for range 100 {
				l.Do(func() {
					mu.Lock()
					running++
					calls++
					most = max(most, running)
					mu.Unlock()
					time.Sleep(10 * time.Microsecond)
					mu.Lock()
					running--
					mu.Unlock()
				}, r.Key("one"))
			}
		})
	}
	all.Wait()
	assert.Equal(t, 3, most)
	assert.LessOrEqual(t, calls, 1000)
	assert.Empty(t, r.running)
}

func TestTokensAreGivenBack(t *testing.T) {
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{Burst: 2, Every: time.Minute, Keys: 8})
	closed, atOnce := l.NewRule(Limit{Burst: 1, Every: time.Hour}), l.NewRule(Limit{AtOnce: 1})
	for range 100 {
		require.Zero(t, l.Do(func() { l.Return(r.Key("mario")) }, r.Key("mario"), atOnce.Key()))
		at.advance(time.Second)
	}
	l.Return(r.Key("luigi"), closed.Key(), atOnce.Key()) // nothing to give back
	for range 2 {
		require.Zero(t, l.Take(r.Key("mario")))
		require.Zero(t, l.Take(r.Key("luigi")))
	}
	require.Equal(t, time.Minute, l.Take(r.Key("mario")))
	require.Equal(t, time.Minute, l.Take(r.Key("luigi")), "a full bucket has no more than the burst")
	l.Return(r.Key("mario"))
	require.Equal(t, time.Minute, l.Take(r.Key("luigi")))
	require.Zero(t, l.Take(r.Key("mario")))

	for i := range 100 { // until other keys take over the bucket
		l.Take(r.Key(strconv.Itoa(i)))
	}
	before := append([]bucket(nil), r.buckets.buckets...)
	l.Return(r.Key("mario"), r.Key("luigi"), r.Key("99"))
	require.Equal(t, before, r.buckets.buckets)
	at.advance(2 * time.Minute)
	require.Zero(t, l.Take(r.Key("a")))
	l.Return(r.Key("a"))
	for i := range setSize { // which fills the table without taking over a bucket that is not full
		key := r.Key("b", strconv.Itoa(i))
		require.Zero(t, l.Take(key))
		require.Zero(t, l.Take(key))
	}
	before = append([]bucket(nil), r.buckets.buckets...)
	l.Return(r.Key("a"))
	require.Equal(t, before, r.buckets.buckets, "a key without a bucket")
}

func TestNetworks(t *testing.T) {
	widths := []Width{
		{V4: 32, V6: 64, Limit: Limit{Burst: 2, Every: time.Hour}},
		{V6: 56, Limit: Limit{Burst: 4, Every: time.Hour}},
		{V4: 24, V6: 48, Limit: Limit{Burst: 6, Every: time.Hour}},
		{V4: 16, V6: 32, Limit: Limit{Burst: 8, Every: time.Hour}},
	}
	for name, step := range map[string]struct {
		allowed int
		addrs   func(i int) netip.Addr
	}{
		"one IPv4 address":               {2, func(int) netip.Addr { return netip.MustParseAddr("192.0.2.1") }},
		"an IPv4 address in IPv6":        {2, func(int) netip.Addr { return netip.MustParseAddr("::ffff:192.0.2.1") }},
		"an IPv4 /24":                    {6, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}) }},
		"an IPv4 /16":                    {8, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{192, 0, byte(i), 1}) }},
		"an IPv6 /64":                    {2, func(i int) netip.Addr { return v6(0, 0, byte(i)) }},
		"an IPv6 /64 with several zones": {2, func(i int) netip.Addr { return v6(0, 0, 1).WithZone(strconv.Itoa(i)) }},
		"an IPv6 /56":                    {4, func(i int) netip.Addr { return v6(0, byte(i), 1) }},
		"an IPv6 /48":                    {6, func(i int) netip.Addr { return v6(byte(i), 0, 1) }},
		"invalid addresses":              {2, func(int) netip.Addr { return netip.Addr{} }},
		"many IPv4 networks":             {100, func(i int) netip.Addr { return netip.AddrFrom4([4]byte{10, byte(i), 0, 1}) }},
	} {
		t.Run(name, func(t *testing.T) {
			l := New(newClock().now)
			n := l.NewNetworks(widths...)
			allowed := 0
			for i := range 100 {
				if l.Take(n.Keys(step.addrs(i), "signin")...) == 0 {
					allowed++
				}
			}
			assert.Equal(t, step.allowed, allowed)
			assert.Zero(t, l.Take(n.Keys(step.addrs(0), "other")...), "other parts")
			assert.Zero(t, l.Take(n.Keys(netip.MustParseAddr("198.51.100.1"), "signin")...), "another IPv4 network")
			assert.Zero(t, l.Take(n.Keys(netip.MustParseAddr("::ffff:198.51.100.1"), "signin")...), "the same in IPv6")
			assert.NotZero(t, l.Take(n.Keys(netip.MustParseAddr("198.51.100.1"), "signin")...), "they are one")
			assert.Zero(t, l.Take(n.Keys(netip.MustParseAddr("2001:db9::1"), "signin")...), "another IPv6 network")
		})
	}
	l := New(newClock().now)
	assert.Empty(t, l.NewNetworks(Width{V6: 64}).Keys(netip.MustParseAddr("192.0.2.1")))
}

// v6 returns an address in 2001:db8::/32: i is in the third group, subnet chooses a /64 in its /56, and host an address in it.
func v6(i, subnet, host byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 1, i, subnet, 15: host})
}

func TestInvalidRules(t *testing.T) {
	l := New(newClock().now)
	for _, limit := range []Limit{
		{Burst: 1},
		{Every: 1},
		{Burst: -1, Every: -1},
		{AtOnce: -1},
		{Keys: -1},
		{Burst: 366, Every: 24 * time.Hour},
		{Burst: math.MaxInt, Every: math.MaxInt64},
	} {
		assert.Panics(t, func() { l.NewRule(limit) }, limit)
	}
	for _, w := range []Width{{V4: 33}, {V6: 129}, {V4: -1}, {V6: -1}} {
		assert.Panics(t, func() { l.NewNetworks(w) }, w)
	}
	assert.NotPanics(t, func() { l.NewRule(Limit{Burst: 365, Every: 24 * time.Hour}) })
	other := New(newClock().now).NewRule(Limit{Burst: 1, Every: 1})
	assert.Panics(t, func() { l.Take(other.Key("a")) })
}

func TestRetryAfter(t *testing.T) {
	for wait, want := range map[time.Duration]string{1: "1", time.Second: "1", time.Second + 1: "2", 18 * time.Minute: "1080"} {
		assert.Equal(t, want, RetryAfter(wait))
	}
}

// exact is a Rule with a bucket for each key, in a map without bound.
type exact struct {
	limit  Limit
	fullAt map[string]time.Time
}

func (e exact) take(key string, now time.Time) time.Duration {
	full := e.fullAt[key]
	if full.Before(now) {
		full = now
	}
	full = full.Add(e.limit.Every)
	if wait := full.Sub(now) - time.Duration(e.limit.Burst)*e.limit.Every; wait > 0 {
		return wait
	}
	e.fullAt[key] = full
	return 0
}

func drawLimit(t *rapid.T, keys int) Limit {
	every := time.Duration(rapid.IntRange(1, 1000).Draw(t, "every"))
	return Limit{Burst: rapid.IntRange(1, 5).Draw(t, "burst"), Every: every, Keys: keys}
}

// While the buckets have space, every answer is exact, whatever the order of keys and times.
func TestAnswersAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t, 1<<12)
		at := newClock()
		l := New(at.now)
		r, model := l.NewRule(limit), exact{limit, map[string]time.Time{}}
		for range 200 {
			at.advance(time.Duration(rapid.IntRange(0, 500).Draw(t, "advance")))
			key := strconv.Itoa(rapid.IntRange(0, 40).Draw(t, "key"))
			got, want := l.Take(r.Key(key)), model.take(key, at.at)
			if got != want {
				t.Fatalf("Take returned %v, want %v", got, want)
			}
			if got == 0 && rapid.Bool().Draw(t, "give back") {
				l.Return(r.Key(key))
				model.fullAt[key] = model.fullAt[key].Add(-limit.Every)
			}
		}
	})
}

// With far more keys than buckets, no key gets a token that it would not get with a bucket of its own. No period of time,
// however short or long, has more than the limit allows. Refusals are never longer than until the bucket is full.
func TestLimitsHoldWithoutSpace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := drawLimit(t, rapid.SampledFrom([]int{1, 8, 16, 64}).Draw(t, "keys"))
		at := newClock()
		l := New(at.now)
		r, model := l.NewRule(limit), exact{limit, map[string]time.Time{}}
		taken := map[string][]time.Time{}
		others := rapid.IntRange(1, 1000).Draw(t, "others")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		for range 1000 {
			at.advance(time.Duration(random.IntN(int(limit.Every))))
			key := strconv.Itoa(random.IntN(others))
			wait := l.Take(r.Key(key))
			if wait > limit.Every {
				t.Fatalf("the wait is %v, which is longer than Every", wait)
			}
			if wait > 0 {
				continue
			}
			if random.IntN(4) == 0 { // no guess; others take tokens before it is known
				for range random.IntN(10) {
					other := strconv.Itoa(random.IntN(others))
					if l.Take(r.Key(other)) == 0 {
						if model.take(other, at.at) > 0 {
							t.Fatalf("%s got a token too many", other)
						}
						taken[other] = append(taken[other], at.at)
					}
				}
				l.Return(r.Key(key))
				continue
			}
			if model.take(key, at.at) > 0 {
				t.Fatalf("%s got a token too many", key)
			}
			taken[key] = append(taken[key], at.at)
		}
		for key, times := range taken {
			for i := range times {
				for j := i; j < len(times); j++ {
					if allowed := limit.Burst + int(times[j].Sub(times[i])/limit.Every); j-i+1 > allowed {
						t.Fatalf("%s got %d tokens between %v and %v, want at most %d", key, j-i+1, times[i], times[j], allowed)
					}
				}
			}
		}
		if len(r.buckets.buckets) > max(limit.Keys, setSize) {
			t.Fatalf("%d buckets, want at most %d", len(r.buckets.buckets), limit.Keys)
		}
	})
}

// Calls that are refused change nothing, so that attackers cannot push out a bucket with them.
func TestRefusedCallsChangeNothing(t *testing.T) {
	at := newClock()
	l := New(at.now)
	closed, r := l.NewRule(Limit{Burst: 1, Every: time.Hour}), l.NewRule(Limit{Burst: 5, Every: time.Hour, Keys: 64})
	l.Take(closed.Key())
	for i := range 1000 {
		l.Take(r.Key(strconv.Itoa(i)))
	}
	before := append([]bucket(nil), r.buckets.buckets...)
	for i := range 100_000 {
		if l.Take(r.Key("stranger", strconv.Itoa(i)), closed.Key()) == 0 {
			t.Fatal("the call was not refused")
		}
	}
	assert.Equal(t, before, r.buckets.buckets)
}

// Millions of addresses, each seen once, do not free an offender, although there are far fewer buckets. They also do not keep
// out newcomers: time gives back tokens faster than they take them.
func TestOffendersOutliveStrangers(t *testing.T) {
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{Burst: 20, Every: 18 * time.Minute, Keys: 1 << 16})
	offenders := make([]Key, 100)
	for i := range offenders {
		offenders[i] = r.Key("offender", strconv.Itoa(i))
		for range 20 {
			require.Zero(t, l.Take(offenders[i]))
		}
	}
	const strangers, rate = 2_000_000, 50 // a second
	refused := 0
	for i := range strangers {
		at.advance(time.Second / rate)
		if l.Take(r.Key("stranger", strconv.Itoa(i))) > 0 {
			refused++
		}
		if i%rate == 0 {
			offender := i / rate % len(offenders)
			l.Take(offenders[offender])
		}
	}
	hours := at.at.Sub(newClock().at).Hours()
	t.Logf("%d strangers in %.1f hours, %d of them refused", strangers, hours, refused)
	assert.Zero(t, refused)
	free := 0
	for _, o := range offenders {
		for l.Take(o) == 0 {
			free++
		}
	}
	assert.LessOrEqual(t, free, 2*len(offenders), "the offenders' buckets are as empty as before")
}

// The same without any time in which tokens come back: nothing is forgotten, and strangers are refused only after they have
// taken as many tokens as all buckets have.
func TestBucketsFillUp(t *testing.T) {
	l := New(newClock().now)
	r := l.NewRule(Limit{Burst: 20, Every: 18 * time.Minute, Keys: 1 << 12})
	offender := r.Key("offender")
	for range 20 {
		require.Zero(t, l.Take(offender))
	}
	first := 0
	for i := range 1_000_000 {
		if l.Take(r.Key("stranger", strconv.Itoa(i))) > 0 && first == 0 {
			first = i
		}
		if l.Take(offender) == 0 {
			t.Fatal("the offender was forgotten")
		}
	}
	t.Logf("the first stranger was refused after %d tokens; the buckets have %d", first, 20<<12)
	assert.Greater(t, first, (20<<12)/2)
}

func TestMemoryIsBounded(t *testing.T) {
	const keys = 1 << 20
	before := heap()
	at := newClock()
	l := New(at.now)
	r := l.NewRule(Limit{Burst: 20, Every: 18 * time.Minute, Keys: keys})
	assert.Less(t, heap()-before, 64<<10, "an unused rule")
	var most int
	for i := range 3_000_000 {
		l.Take(r.Key("a login that is longer than the sixteen bytes of its bucket", strconv.Itoa(i)))
		if i%500_000 == 0 {
			most = max(most, heap()-before)
		}
	}
	most = max(most, heap()-before)
	t.Logf("%d keys take %.1f MiB", keys, float64(most)/(1<<20))
	assert.Less(t, most, 16*keys+1<<20)
	at.advance(24 * time.Hour)
	require.Zero(t, l.Take(r.Key("later")))
	runtime.KeepAlive(l)
}

// heap returns the size of the live heap in bytes.
func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// BenchmarkTake measures an attempt to sign in, with five rules and many keys:
//
//	go test ./internal/throttle -run '^$' -bench Take -benchtime 1s
func BenchmarkTake(b *testing.B) {
	l := New(time.Now)
	r := l.NewRule(Limit{Burst: 20, Every: 18 * time.Minute, Keys: 1 << 20})
	n := l.NewNetworks(
		Width{V4: 32, V6: 64, Limit: Limit{Burst: 30, Every: 10 * time.Second}},
		Width{V6: 56, Limit: Limit{Burst: 60, Every: 6 * time.Second}},
		Width{V4: 24, V6: 48, Limit: Limit{Burst: 120, Every: 4 * time.Second}},
		Width{V4: 16, V6: 32, Limit: Limit{Burst: 480, Every: time.Second}},
	)
	random := rand.New(rand.NewPCG(1, 2))
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		var raw [16]byte
		raw[0] = 0x20
		raw[2], raw[3], raw[7] = byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())
		l.Take(append(n.Keys(netip.AddrFrom16(raw)), r.Key(strconv.Itoa(i)))...)
	}
}
