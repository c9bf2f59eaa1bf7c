package gateway

import (
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/clientele-go/clientele/subscriptions"
)

// answer is what the store said last of a name. The zero answer is that it was never asked.
type answer struct {
	site   *subscriptions.Site // nil: no site has the name
	asked  time.Time           // when the store was asked
	failed time.Time           // when it failed to say more; zero: it did not
}

func (a answer) failing() bool { return !a.failed.IsZero() || a.asked.IsZero() }

// isFresh tells whether the store need not be asked again yet. A clock that was set back makes no answer live longer.
func (a answer) isFresh(now time.Time, cacheFor time.Duration) bool {
	since := a.asked
	if !a.failed.IsZero() {
		since = a.failed
	}
	age := now.Sub(since)
	return age >= 0 && age < cacheFor
}

// isOlder tells whether an answer was asked for before a request of this time, and by then was no longer fresh.
func (a answer) isOlder(request time.Time, cacheFor time.Duration) bool {
	return a.failed.IsZero() && a.asked.Before(request) && !a.isFresh(request, cacheFor)
}

// answers remembers the last answer of every name, within bounds: sites, and apart from them the names of which nothing
// is known, so that nobody drives sites out by asking for names that do not exist.
type answers struct {
	mu      sync.Mutex
	sites   *simplelru.LRU[string, answer]
	unknown *simplelru.LRU[string, answer]
}

func newAnswers(size int) *answers {
	return &answers{sites: newLRU(size), unknown: newLRU((size + 9) / 10)}
}

// newLRU answers an empty cache of a size that is above 0, the only thing that simplelru asks for.
func newLRU(size int) *simplelru.LRU[string, answer] {
	lru, err := simplelru.NewLRU[string, answer](size, nil)
	if err != nil {
		panic(err)
	}
	return lru
}

// get answers the last answer, or the zero one.
func (c *answers) get(name string) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last(name)
}

// keep remembers what the store said, and answers it.
func (c *answers) keep(name string, a answer) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.put(name, a)
	return a
}

// fail remembers that the store failed, and answers what is known nonetheless. That a name was unknown is not.
func (c *answers) fail(name string, at time.Time) answer {
	c.mu.Lock()
	defer c.mu.Unlock()
	a := c.last(name)
	a.failed = at
	c.put(name, a)
	return a
}

func (c *answers) last(name string) answer {
	if a, known := c.sites.Get(name); known {
		return a
	}
	a, _ := c.unknown.Get(name)
	return a
}

// put keeps a copy of the name: what was cut out of a header would keep all of that header in memory.
func (c *answers) put(name string, a answer) {
	in, other := c.sites, c.unknown
	if a.site == nil {
		in, other = other, in
	}
	other.Remove(name)
	in.Add(strings.Clone(name), a)
}
