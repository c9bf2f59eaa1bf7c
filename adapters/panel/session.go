package panel

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/clientele-go/clientele/accounts"
)

// session is what the panel remembers of somebody who signed in. Only the browser knows its token.
type session struct {
	operator string // who signed in; in a customer's session, who signed in as this customer; "" is the owner
	account  accounts.ID
	signIn   int64 // of the account, for CheckSession

	began, seen time.Time
	notices     []notice
}

// notice is said to a person once, on the next page.
type notice struct {
	Kind string // "done", "warn" or "link"
	key  string
	args []any
	Link string // a secret to copy, with the kind "link"
}

const (
	mostSessions = 100_000 // about 40 MB
	mostOfOne    = 50      // sessions of one person: more end the oldest
	mostNotices  = 8       // waiting in one session
)

type tokenKey [sha256.Size]byte

func keyOf(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// sessions are those of one kind: operators' or customers'. They are kept under a hash of their token, so that nobody
// who measures how long a look-up takes learns of one.
type sessions struct {
	mu        sync.Mutex
	byKey     *simplelru.LRU[tokenKey, *session]
	ofOne     map[person][]tokenKey
	now       func() time.Time
	idle, max time.Duration
}

// person is whom a session belongs to.
type person struct {
	operator string
	account  accounts.ID
}

func (s *session) person() person { return person{s.operator, s.account} }

func newSessions(now func() time.Time, idle, most time.Duration) *sessions {
	s := &sessions{now: now, idle: idle, max: most, ofOne: map[person][]tokenKey{}}
	s.byKey = newLRU(mostSessions, func(key tokenKey, gone *session) {
		left := slices.DeleteFunc(s.ofOne[gone.person()], func(k tokenKey) bool { return k == key })
		if len(left) == 0 {
			delete(s.ofOne, gone.person())
			return
		}
		s.ofOne[gone.person()] = left
	})
	return s
}

// newLRU answers an empty cache of a size above 0, the only thing that simplelru asks for.
func newLRU[K comparable, V any](size int, evicted simplelru.EvictCallback[K, V]) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU(size, evicted)
	if err != nil {
		panic(err)
	}
	return lru
}

// begin remembers a session and answers its token: 32 random bytes.
func (s *sessions) begin(of session) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token := base64.RawURLEncoding.EncodeToString(raw)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropIdle()
	if keys := s.ofOne[of.person()]; len(keys) >= mostOfOne {
		s.byKey.Remove(keys[0])
	}
	of.began, of.seen = s.now(), s.now()
	s.byKey.Add(keyOf(token), &of)
	s.ofOne[of.person()] = append(s.ofOne[of.person()], keyOf(token))
	return token
}

// dropIdle forgets sessions that nobody will go on with, the longest unused first.
func (s *sessions) dropIdle() {
	for {
		key, oldest, any := s.byKey.GetOldest()
		if !any || !s.over(oldest) {
			return
		}
		s.byKey.Remove(key)
	}
}

func (s *sessions) over(of *session) bool {
	now := s.now()
	return now.Sub(of.seen) >= s.idle || now.Sub(of.began) >= s.max
}

// find answers the session of a token, and notes that it was used; false if there is none any more.
func (s *sessions) find(token string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, known := s.byKey.Get(keyOf(token))
	if !known {
		return session{}, false
	}
	if s.over(of) {
		s.byKey.Remove(keyOf(token))
		return session{}, false
	}
	of.seen = s.now()
	return *of, true
}

// end forgets a session.
func (s *sessions) end(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey.Remove(keyOf(token))
}

// say keeps a notice for the next page of a session.
func (s *sessions) say(token string, n notice) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if of, known := s.byKey.Peek(keyOf(token)); known && len(of.notices) < mostNotices {
		of.notices = append(of.notices, n)
	}
}

// heard answers the notices of a session and forgets them.
func (s *sessions) heard(token string) []notice {
	s.mu.Lock()
	defer s.mu.Unlock()
	of, known := s.byKey.Peek(keyOf(token))
	if !known {
		return nil
	}
	notices := of.notices
	of.notices = nil
	return notices
}
