package panel

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"
	"golang.org/x/time/rate"

	"github.com/clientele-go/clientele/internal/input"
)

// Limits of attempts to sign in. Each attempt takes a token from two buckets, which refill slowly, so that no login is
// locked permanently. A browser that has signed in to a login before has a separate bucket for it, so that attackers in the
// same network cannot block the owner.
const (
	loginBurst   = 5                // attempts for one login from one network
	loginEvery   = 10 * time.Second // until one more
	addressBurst = 30               // attempts from one address, for any login
	addressEvery = 2 * time.Second  // until one more
	maxBuckets   = 20_000           // of each kind, about 4 MB; beyond that the least recently used are dropped
)

// loginLimiter limits the rate of attempts to sign in, before a password is hashed, in bounded memory.
type loginLimiter struct {
	mu        sync.Mutex
	now       func() time.Time
	logins    *simplelru.LRU[string, *rate.Limiter]
	addresses *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

func newLoginLimiter(now func() time.Time) *loginLimiter {
	return &loginLimiter{
		now: now, logins: newLRU[string, *rate.Limiter](maxBuckets, nil), addresses: newLRU[netip.Prefix, *rate.Limiter](maxBuckets, nil),
	}
}

// take takes a token for an attempt. It returns 0 if the attempt is allowed, and otherwise the time until the next one is.
// device is the verified id of the browser, or "".
func (l *loginLimiter) take(kind, login, device string, from netip.Addr) time.Duration {
	source := device
	if source == "" {
		source = network(from, 24, 64).String()
	}
	login = loginKey(login)
	if len(login) > 255 {
		login = login[:255] // longer than any login; it bounds the size of the key
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	if wait := takeOne(bucket(l.addresses, network(from, 32, 64), addressBurst, addressEvery), now); wait > 0 && device == "" {
		return wait
	}
	return takeOne(bucket(l.logins, kind+"\n"+login+"\n"+source, loginBurst, loginEvery), now)
}

// loginKey returns the same text for all spellings of a login by which accounts are looked up.
func loginKey(login string) string { return strings.ToLower(input.Line(login)) }

// bucket returns the limiter with the given key in cache, which it adds if necessary.
func bucket[K comparable](cache *simplelru.LRU[K, *rate.Limiter], key K, burst int, every time.Duration) *rate.Limiter {
	if l, found := cache.Get(key); found {
		return l
	}
	l := rate.NewLimiter(rate.Every(every), burst)
	cache.Add(key, l)
	return l
}

// takeOne takes a token from l and returns 0, or returns the time until l has one.
func takeOne(l *rate.Limiter, now time.Time) time.Duration {
	reservation := l.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// network returns the network of a, with a prefix of v4 bits for IPv4 and v6 bits for IPv6. It returns the zero Prefix if a
// is invalid.
func network(a netip.Addr, v4, v6 int) netip.Prefix {
	a = a.Unmap().WithZone("")
	bits := v6
	if a.Is4() {
		bits = v4
	}
	prefix, err := a.Prefix(bits)
	if err != nil {
		return netip.Prefix{}
	}
	return prefix
}

// clientAddr returns the address of the client, or the zero Addr if it is unknown.
func (r *request) clientAddr() netip.Addr {
	if r.opts.ClientAddr != nil {
		return r.opts.ClientAddr(r.req)
	}
	at, err := netip.ParseAddrPort(r.req.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}

// retryAfter counts an attempt to sign in. It returns 0 if the attempt is allowed, and otherwise how long the client must wait.
func (r *request) retryAfter(kind, login string) time.Duration {
	return r.loginLimiter.take(kind, login, r.deviceKey.verify(r.cookie(deviceCookie), kind, login), r.clientAddr())
}

// deviceKey signs the tokens of browsers that have signed in to a login. It is random for each Panel.
type deviceKey [32]byte

// deviceMaxAge is how long a browser keeps the token.
const deviceMaxAge = 90 * 24 * time.Hour

// mac returns the signature of a browser's id for a login.
func (d *deviceKey) mac(id, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(id + "\n" + kind + "\n" + loginKey(login)))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newToken returns a token for a browser that has signed in to the login.
func (d *deviceKey) newToken(kind, login string) string {
	id := rand.Text()
	return id + "." + d.mac(id, kind, login)
}

// verify returns the id of the browser with the given token, or "" if the token was not made for this login.
func (d *deviceKey) verify(token, kind, login string) string {
	id, mac, found := strings.Cut(token, ".")
	if !found || !hmac.Equal([]byte(mac), []byte(d.mac(id, kind, login))) {
		return ""
	}
	return id
}
