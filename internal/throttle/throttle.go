// Package throttle limits how often something is done, and how many times at once, in bounded memory.
//
//	limiter := throttle.New(time.Now)
//	requests := limiter.NewRule(throttle.Limit{Burst: 100, Every: time.Second, AtOnce: 10})
//
//	wait := limiter.Do(func() { serve(w, r) }, requests.Key(apiKey))
//	if wait > 0 {
//		w.Header().Set("Retry-After", throttle.RetryAfter(wait))
//		http.Error(w, "too many requests", http.StatusTooManyRequests)
//	}
//
// A Rule has a bucket of tokens for each key. A call of Limiter.Do or Limiter.Take names any number of keys, of the same or of
// different rules: it takes a token from all of their buckets, or from none if one of them is empty. A bucket refills
// steadily, so that it delays and never closes. Networks has rules for the networks around an IP address, at several widths.
//
// # Memory
//
// A Rule remembers at most Limit.Keys buckets, in 16 bytes each, however many keys there are. Full buckets are not stored, and
// a call that is refused stores nothing. A key whose bucket finds no space takes over the fullest one of 8 other buckets,
// together with the tokens that are missing from it. So no missing token is ever forgotten: the limit of each key holds,
// whatever attackers do with other keys. The price is paid only while more than Limit.Keys buckets are not full: keys may then
// begin with fewer tokens than Limit.Burst, and are refused where all 8 buckets are empty. Space-Saving (Metwally, Agrawal, El
// Abbadi 2005) counts frequent items in the same way.
//
// # Time
//
// Only differences between the times that the clock returns matter. A clock that is set back neither fills nor empties a
// bucket; one that is set forward fills buckets as if the time had passed.
package throttle

import (
	"encoding/binary"
	"hash/maphash"
	"math/bits"
	"strconv"
	"sync"
	"time"
)

// Limit is the limit of a Rule for each key.
type Limit struct {
	// Burst is the number of tokens in a full bucket, and Every the time after which a bucket gets one more, so that within
	// any period of time d at most Burst + d/Every tokens are taken. If both are 0, the rate is not limited.
	Burst int
	Every time.Duration
	// AtOnce is how many calls of Limiter.Do may be running. With 0 there is no such limit.
	AtOnce int
	// Keys is how many buckets are remembered, rounded up to a power of two: at least 8. The default 0 means 65,536. They take
	// 16 bytes each, and half as much again for a moment when their number grows. Memory is allocated as it is needed.
	Keys int
}

const (
	defaultKeys = 1 << 16
	maxFull     = 365 * 24 * time.Hour // until an empty bucket is full
)

// Limiter is a set of rules. It is made by New and safe for concurrent use.
type Limiter struct {
	seed maphash.Seed

	mu      sync.Mutex
	now     func() time.Time
	last    time.Time // the latest result of now
	elapsed int64     // nanoseconds since the Limiter was made
}

// New returns a Limiter without rules. now returns the current time; it must not call the Limiter.
func New(now func() time.Time) *Limiter {
	return &Limiter{seed: maphash.MakeSeed(), now: now, last: now()}
}

// Rule is a Limit for each of any number of keys. It is made by Limiter.NewRule.
type Rule struct {
	limiter *Limiter
	every   int64 // nanoseconds until a bucket gets one more token
	full    int64 // nanoseconds until an empty bucket is full
	atOnce  int
	buckets table
	running map[uint64]int // calls of Do by key; keys without any are deleted
}

// NewRule returns a new Rule of l. It panics if limit has a negative field, if only one of Burst and Every is set, or if it
// takes longer than a year until an empty bucket is full.
func (l *Limiter) NewRule(limit Limit) *Rule {
	switch {
	case limit.Burst < 0 || limit.Every < 0 || limit.AtOnce < 0 || limit.Keys < 0:
		panic("throttle: negative field in Limit")
	case (limit.Burst == 0) != (limit.Every == 0):
		panic("throttle: Limit requires both Burst and Every, or neither")
	case limit.Burst > 0 && limit.Every > maxFull/time.Duration(limit.Burst):
		panic("throttle: Limit takes longer than a year to fill a bucket")
	}
	keys := limit.Keys
	if keys == 0 {
		keys = defaultKeys
	}
	return &Rule{
		limiter: l, every: int64(limit.Every), full: int64(limit.Burst) * int64(limit.Every), atOnce: limit.AtOnce,
		buckets: newTable(keys), running: map[uint64]int{},
	}
}

// Key is a key of a Rule, for Limiter.Do and Limiter.Take.
type Key struct {
	rule *Rule
	hash uint64
}

// Key returns the key that consists of parts. Its size does not depend on them.
func (r *Rule) Key(parts ...string) Key {
	var h maphash.Hash
	h.SetSeed(r.limiter.seed)
	for _, part := range parts {
		var length [8]byte // so that ("ab", "c") and ("a", "bc") differ
		binary.LittleEndian.PutUint64(length[:], uint64(len(part)))
		_, _ = h.Write(length[:])
		_, _ = h.WriteString(part)
	}
	return Key{rule: r, hash: h.Sum64()}
}

// busy is the wait that Do returns if too many calls are running. How long they run is not known.
const busy = time.Second

// Do takes a token from the bucket of each key, calls fn, and returns 0. If a bucket is empty, or Limit.AtOnce calls are
// running for a key, it takes no token, does not call fn, and returns how long the caller should wait before it tries again.
// The call counts as running until fn returns or panics. No lock is held meanwhile.
//
// The keys must be those of l's rules, and all different. Do panics if they are of another Limiter.
func (l *Limiter) Do(fn func(), keys ...Key) (wait time.Duration) {
	if wait := l.start(keys); wait > 0 {
		return wait
	}
	defer l.end(keys)
	fn()
	return 0
}

// Take is Do for something that takes no time: it takes the tokens, and Limit.AtOnce does not matter.
func (l *Limiter) Take(keys ...Key) (wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.take(keys)
}

// Return gives back the tokens that Do or Take took from the buckets of keys, for example because a password was right and the
// call was no guess. Call it at most once for each token, and earlier than Limit.Every after it was taken, when the bucket has
// it back anyway. Tokens of a Rule are not given back while a bucket that another key has taken over would not be full.
func (l *Limiter) Return(keys ...Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tick()
	for _, k := range keys {
		if k.rule.every > 0 {
			k.rule.buckets.giveBack(k.hash, l.elapsed, k.rule.every)
		}
	}
}

// start takes the tokens and counts the keys as running. It returns 0, or how long the caller must wait.
func (l *Limiter) start(keys []Key) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if r := k.rule; r.atOnce > 0 && r.running[k.hash] >= r.atOnce {
			return max(busy, l.wait(keys))
		}
	}
	if wait := l.take(keys); wait > 0 {
		return wait
	}
	for _, k := range keys {
		if k.rule.atOnce > 0 {
			k.rule.running[k.hash]++
		}
	}
	return 0
}

// end undoes the counting of start.
func (l *Limiter) end(keys []Key) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, k := range keys {
		if k.rule.atOnce == 0 {
			continue
		}
		k.rule.running[k.hash]--
		if k.rule.running[k.hash] == 0 {
			delete(k.rule.running, k.hash)
		}
	}
}

// take takes a token from all buckets and returns 0, or returns how long it takes until all of them have one.
func (l *Limiter) take(keys []Key) time.Duration {
	if wait := l.wait(keys); wait > 0 {
		return wait
	}
	for _, k := range keys {
		if k.rule.every > 0 {
			k.rule.buckets.take(k.hash, l.elapsed, k.rule.every)
		}
	}
	return 0
}

// wait returns how long it takes until all buckets have a token. It updates l.elapsed.
func (l *Limiter) wait(keys []Key) time.Duration {
	l.tick()
	var longest int64
	for _, k := range keys {
		if k.rule.limiter != l {
			panic("throttle: key of another Limiter")
		}
		if k.rule.every > 0 {
			fullAt := max(k.rule.buckets.fullAt(k.hash), l.elapsed) + k.rule.every // with one token less
			longest = max(longest, fullAt-k.rule.full-l.elapsed)
		}
	}
	return time.Duration(longest)
}

// tick updates l.elapsed, which never decreases.
func (l *Limiter) tick() {
	now := l.now()
	if step := now.Sub(l.last); step > 0 {
		l.elapsed += int64(min(step, maxFull)) // a longer step has the same effect; a few hundred of them do not overflow
	}
	l.last = now
}

// RetryAfter returns the value of the HTTP header Retry-After for a wait: whole seconds, rounded up.
func RetryAfter(wait time.Duration) string {
	return strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10)
}

// table has the buckets of a Rule that are not full. It is a hash table of sets of buckets; a key can be in one set only.
type table struct {
	buckets []bucket // a power of two, at most limit
	limit   int
	crowded int64 // the time at which all buckets that were taken over would be full
}

// bucket is a bucket that is full from a time on, in nanoseconds since the Limiter was made. Every token that is missing puts
// that off by the time in which the bucket gets one more. Unused buckets are full since 0.
type bucket struct {
	key    uint64
	fullAt int64
}

const setSize = 8 // two cache lines

// newTable returns an empty table that grows to the given number of keys.
func newTable(keys int) table {
	limit := 1 << bits.Len(uint(max(keys, setSize)-1))
	return table{buckets: make([]bucket, setSize), limit: limit}
}

// find returns the bucket of a key or else the fullest of its set, which has at least the tokens that are missing from the
// key's: see take.
func (t *table) find(key uint64) *bucket {
	first := int(key) & (len(t.buckets) - 1) &^ (setSize - 1)
	set := t.buckets[first : first+setSize]
	fullest := &set[0]
	for i := range set {
		if set[i].key == key {
			return &set[i]
		}
		if set[i].fullAt < fullest.fullAt {
			fullest = &set[i]
		}
	}
	return fullest
}

// fullAt returns when the bucket of a key is full.
func (t *table) fullAt(key uint64) int64 {
	b := t.find(key)
	if b.key != key && len(t.buckets) < t.limit {
		return 0 // take will make space
	}
	return b.fullAt
}

// take takes a token from the bucket of a key. If another key must give up its bucket, the new key starts from there: in a
// set, the earliest fullAt therefore never decreases, and that of a key without a bucket was not later when it lost it.
func (t *table) take(key uint64, now, every int64) {
	b := t.find(key)
	for b.key != key && b.fullAt > now && len(t.buckets) < t.limit {
		t.grow()
		b = t.find(key)
	}
	if b.key != key {
		t.crowded = max(t.crowded, b.fullAt)
	}
	b.key, b.fullAt = key, max(b.fullAt, now)+every
}

// giveBack undoes take. If a bucket was taken over that is not full yet, nothing is given back, because the earliest fullAt of
// its set must not decrease.
func (t *table) giveBack(key uint64, now, every int64) {
	if b := t.find(key); b.key == key && t.crowded <= now {
		b.fullAt -= every
	}
}

// grow doubles the size of the table. Each set becomes two, so that every bucket finds space.
func (t *table) grow() {
	smaller := t.buckets
	t.buckets = make([]bucket, 2*len(smaller))
	for _, b := range smaller {
		*t.find(b.key) = b
	}
}
