package accounts

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/bcrypt"
)

const (
	maxHashTimes = 15 // remembered of each kind of hash
	maxHashKinds = 16 // the fastest one is forgotten first, because it never decides
)

// hashTimes are the times that the last verifications took, by kind of hash. The zero value is empty and ready to use. It is
// safe for concurrent use.
type hashTimes struct {
	mu     sync.Mutex
	byKind map[string][]time.Duration // the oldest first
}

// add records that a verification of a hash took a time in which nothing was waited for.
func (t *hashTimes) add(hash string, took time.Duration) {
	kind := hashKind(hash)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.byKind == nil {
		t.byKind = map[string][]time.Duration{}
	}
	times := append(t.byKind[kind], took)
	t.byKind[kind] = slices.Delete(times, 0, max(0, len(times)-maxHashTimes))
	if len(t.byKind) > maxHashKinds {
		delete(t.byKind, t.fastest())
	}
}

// slowest returns the time of the kind of hash that takes longest: the median of its last ones.
func (t *hashTimes) slowest() time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	var slowest time.Duration
	for _, times := range t.byKind {
		slowest = max(slowest, median(times))
	}
	return slowest
}

func (t *hashTimes) fastest() (kind string) {
	var fastest time.Duration
	for k, times := range t.byKind {
		if m := median(times); kind == "" || m < fastest {
			kind, fastest = k, m
		}
	}
	return kind
}

// median returns the median of at least one time, of an even number the lower one: a processor that was busy otherwise makes
// some times too long, and nothing makes one too short.
func median(times []time.Duration) time.Duration {
	return slices.Sorted(slices.Values(times))[(len(times)-1)/2]
}

// hashKind returns what hashes have in common whose verification takes the same time: the parameters of Argon2id or the cost
// of bcrypt, and otherwise the text up to the $ that ends the name of the algorithm in most formats.
func hashKind(hash string) string {
	if a, ok := parseArgon(hash); ok {
		return fmt.Sprintf("argon2id m=%d t=%d p=%d outdated=%t", a.memory, a.time, a.threads, a.outdated())
	}
	if cost, err := bcrypt.Cost([]byte(hash)); err == nil {
		return fmt.Sprintf("bcrypt %d", cost)
	}
	name, _, named := strings.Cut(strings.TrimPrefix(hash, "$"), "$")
	if !named {
		return "other"
	}
	return fmt.Sprintf("other %.32s", name)
}
