// Package sessions keeps the sessions of users who signed in, in memory.
package sessions

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

// Session is the session of a user who signed in. Its token is known only to the browser.
type Session struct {
	Operator string      // the operator who signed in, in a customer's session as the customer; or ""
	Account  accounts.ID // 0 in an operator's session
	Epoch    int64       // the SessionEpoch of the account, for CheckSession

	OperatorEpoch string // in an operator's session, at the sign-in: see Options.OperatorEpoch

	createdAt, usedAt time.Time
	flashes           []Flash
}

// Flash is a message that is shown once, on the next page.
type Flash struct {
	Kind string // "done", "warn" or "link"
	Key  string // of its text
	Args []any  // of the text
	Link string // a secret to copy, for the kind "link"
}

const (
	maxSessions        = 100_000 // about 40 MB; one more ends the least recently used
	maxSessionsPerUser = 50      // one more ends the oldest
	maxFlashes         = 8       // in one session; more are dropped
)

// tokenKey is the hash of a token.
type tokenKey [sha256.Size]byte

func hashToken(token string) tokenKey { return sha256.Sum256([]byte(token)) }

// Store has the sessions of operators or those of customers. Its keys are hashes of tokens, so that the time of a
// lookup reveals nothing about a token.
type Store struct {
	mu                    sync.Mutex
	byKey                 *simplelru.LRU[tokenKey, *Session]
	byUser                map[user][]tokenKey
	now                   func() time.Time
	idleTimeout, lifetime time.Duration
}

// user is the operator or customer to whom a session belongs.
type user struct {
	operator string
	account  accounts.ID
}

func (s *Session) user() user { return user{s.Operator, s.Account} }

// NewStore returns an empty Store. A session ends idleTimeout after its last use, and lifetime after its creation.
func NewStore(now func() time.Time, idleTimeout, lifetime time.Duration) *Store {
	s := &Store{now: now, idleTimeout: idleTimeout, lifetime: lifetime, byUser: map[user][]tokenKey{}}
	s.byKey = newLRU(maxSessions, func(key tokenKey, removed *Session) {
		remaining := slices.DeleteFunc(s.byUser[removed.user()], func(k tokenKey) bool { return k == key })
		if len(remaining) == 0 {
			delete(s.byUser, removed.user())
			return
		}
		s.byUser[removed.user()] = remaining
	})
	return s
}

// newLRU returns an empty cache. The size must be positive, which is the only reason for simplelru to fail.
func newLRU[K comparable, V any](size int, evicted simplelru.EvictCallback[K, V]) *simplelru.LRU[K, V] {
	lru, err := simplelru.NewLRU(size, evicted)
	if err != nil {
		panic(err)
	}
	return lru
}

// Create adds a session and returns its token: 32 random bytes in Base64.
func (s *Store) Create(sess Session) string {
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

// dropExpired deletes expired sessions, beginning with the least recently used, until it finds one that has not expired.
func (s *Store) dropExpired() {
	for {
		key, oldest, found := s.byKey.GetOldest()
		if !found || !s.expired(oldest) {
			return
		}
		s.byKey.Remove(key)
	}
}

// expired reports whether a session has reached the idle timeout or its lifetime.
func (s *Store) expired(sess *Session) bool {
	now := s.now()
	return now.Sub(sess.usedAt) >= s.idleTimeout || now.Sub(sess.createdAt) >= s.lifetime
}

// Get returns the session with the given token and records its use. It returns false if there is none, or it has expired.
func (s *Store) Get(token string) (Session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, found := s.byKey.Get(hashToken(token))
	if !found {
		return Session{}, false
	}
	if s.expired(sess) {
		s.byKey.Remove(hashToken(token))
		return Session{}, false
	}
	sess.usedAt = s.now()
	return *sess, true
}

// Delete deletes the session with the given token, if there is one.
func (s *Store) Delete(token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey.Remove(hashToken(token))
}

// AddFlash adds a message to a session.
func (s *Store) AddFlash(token string, f Flash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if sess, found := s.byKey.Peek(hashToken(token)); found && len(sess.flashes) < maxFlashes {
		sess.flashes = append(sess.flashes, f)
	}
}

// TakeFlashes returns the messages of a session and deletes them.
func (s *Store) TakeFlashes(token string) []Flash {
	s.mu.Lock()
	defer s.mu.Unlock()
	sess, found := s.byKey.Peek(hashToken(token))
	if !found {
		return nil
	}
	flashes := sess.flashes
	sess.flashes = nil
	return flashes
}
