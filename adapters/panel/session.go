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
	epoch    int64 // of the account, for CheckSession

	createdAt, usedAt time.Time
	flashes           []flash
}

// flash is said to a person once, on the next page.
type flash struct {
	Kind string // "done", "warn" or "link"
	key  string
	args []any
	Link string // a secret to copy, with the kind "link"
}

const (
	maxSessions        = 100_000 // about 40 MB
	maxSessionsPerUser = 50      // sessions of one person: more end the oldest
	maxFlashes         = 8       // waiting in one session
)

type tokenKey [sha256.Size]byte

func hashToken(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// sessionStore are those of one kind: operators' or customers'. They are kept under a hash of their token, so that nobody
// who measures how long a look-up takes learns of one.
type sessionStore struct {
	mu                    sync.Mutex
	byKey                 *simplelru.LRU[tokenKey, *session]
	byUser                map[user][]tokenKey
	now                   func() time.Time
	idleTimeout, lifetime time.Duration
}

// user is whom a session belongs to.
type user struct {
	operator string
	account  accounts.ID
}

func (s *session) user() user { return user{s.operator, s.account} }

func newSessionStore(now func() time.Time, idleTimeout, lifetime time.Duration) *sessionStore {
	s := &sessionStore{now: now, idleTimeout: idleTimeout, lifetime: lifetime, byUser: map[user][]tokenKey{}}
	s.byKey = newLRU(maxSessions, func(key tokenKey, removed *session) {
		remaining := slices.DeleteFunc(s.byUser[removed.user()], func(k tokenKey) bool { return k == key })
		if len(remaining) == 0 {
			delete(s.byUser, removed.user())
			return
		}
		s.byUser[removed.user()] = remaining
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

// create remembers a session and answers its token: 32 random bytes.
func (s *sessionStore) create(sess session) string {
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	token := base64.RawURLEncoding.EncodeToString(raw)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropExpired()
	if keys := s.byUser[sess.user()]; len(keys) >= maxSessionsPerUser {
		s.byKey.Remove(keys[0])
	}
	sess.createdAt, sess.usedAt = s.now(), s.now()
	s.byKey.Add(hashToken(token), &sess)
	s.byUser[sess.user()] = append(s.byUser[sess.user()], hashToken(token))
	return token
}

// dropExpired forgets sessions that nobody will go on with, the longest unused first.
func (s *sessionStore) dropExpired() {
	for {
		key, oldest, any := s.byKey.GetOldest()
		if !any || !s.expired(oldest) {
			return
		}
		s.byKey.Remove(key)
	}
}

func (s *sessionStore) expired(sess *session) bool {
	now := s.now()
	return now.Sub(sess.usedAt) >= s.idleTimeout || now.Sub(sess.createdAt) >= s.lifetime
}

// get answers the session of a token, and notes that it was used; false if there is none any more.
func (s *sessionStore) get(token string) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, known := s.byKey.Get(hashToken(token))
	if !known {
		return session{}, false
	}
	if s.expired(sess) {
		s.byKey.Remove(hashToken(token))
		return session{}, false
	}
	sess.usedAt = s.now()
	return *sess, true
}

// delete forgets a session.
func (s *sessionStore) delete(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey.Remove(hashToken(token))
}

// addFlash keeps a notice for the next page of a session.
func (s *sessionStore) addFlash(token string, n flash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess, known := s.byKey.Peek(hashToken(token)); known && len(sess.flashes) < maxFlashes {
		sess.flashes = append(sess.flashes, n)
	}
}

// takeFlashes answers the notices of a session and forgets them.
func (s *sessionStore) takeFlashes(token string) []flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, known := s.byKey.Peek(hashToken(token))
	if !known {
		return nil
	}
	flashes := sess.flashes
	sess.flashes = nil
	return flashes
}
