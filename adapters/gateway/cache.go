package gateway

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/clientele-go/clientele/subscriptions"
)

// entry is the last known result for a name. The zero entry is a name that was never looked up.
type entry struct {
	site     *subscriptions.Site // nil: no site has the name
	lookedUp time.Time           // when the last successful lookup started
	failed   time.Time           // when a later lookup failed; zero: none did
}

// failing reports whether the last lookup failed or there was none.
func (e entry) failing() bool { return !e.failed.IsZero() || e.lookedUp.IsZero() }

// isFresh reports whether e can be used without a new lookup. Entries from the future, after the clock was set back, are
// not fresh.
func (e entry) isFresh(now time.Time, ttl time.Duration) bool {
	since := e.lookedUp
	if !e.failed.IsZero() {
		since = e.failed
	}
	age := now.Sub(since)
	return age >= 0 && age < ttl
}

// isOutdated reports whether the lookup of e started before a request that arrived at the given time, and e was no longer
// fresh then.
func (e entry) isOutdated(arrived time.Time, ttl time.Duration) bool {
	return e.failed.IsZero() && e.lookedUp.Before(arrived) && !e.isFresh(arrived, ttl)
}

// siteCache maps names to their last entries. Names without a site are kept in a separate LRU cache, so that requests
// for made-up names do not evict sites.
type siteCache struct {
	mu      sync.Mutex
	sites   *simplelru.LRU[string, entry]
	unknown *simplelru.LRU[string, entry]
}

func newSiteCache(size int) *siteCache {
	return &siteCache{sites: newLRU(size), unknown: newLRU((size + 9) / 10)}
}

// newLRU returns an empty cache. The size must be positive, which is all that simplelru requires.
func newLRU(size int) *simplelru.LRU[string, entry] {
	lru, err := simplelru.NewLRU[string, entry](size, nil)
	if err != nil {
		panic(err)
	}
	return lru
}

// get returns the entry for name, or the zero entry.
func (c *siteCache) get(name string) entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.getLocked(name)
}

// set stores e, the result of a successful lookup, and returns it.
func (c *siteCache) set(name string, e entry) entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.setLocked(name, e)
	return e
}

// setFailed records in the entry for name that a lookup failed, and returns the entry.
func (c *siteCache) setFailed(name string, at time.Time) entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.getLocked(name)
	e.failed = at
	c.setLocked(name, e)
	return e
}

func (c *siteCache) getLocked(name string) entry {
	if e, ok := c.sites.Get(name); ok {
		return e
	}
	e, _ := c.unknown.Get(name)
	return e
}

// setLocked clones the name: a substring of a header would keep the whole header in memory.
func (c *siteCache) setLocked(name string, e entry) {
	to, other := c.sites, c.unknown
	if e.site == nil {
		to, other = other, to
	}
	other.Remove(name)
	to.Add(strings.Clone(name), e)
}
