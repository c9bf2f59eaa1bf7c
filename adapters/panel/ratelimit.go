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
)

// How often somebody may try a password. Each try takes one from a bucket, which fills again slowly, so that nobody is
// locked out for good; and a browser that has signed in to a login before has a bucket of its own, so that an attacker in
// the same network does not slow its owner down.
const (
	loginBurst   = 5                // tries at one login from one network
	loginEvery   = 10 * time.Second // until one more
	addressBurst = 30               // tries from one address, whatever the login
	addressEvery = 2 * time.Second
	maxBuckets   = 20_000 // of each kind, about 4 MB
)

// loginLimiter slows those down who guess passwords, before anything is hashed, in bounded memory.
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

// take takes one try, and answers how long to wait before the next one if there is none left; 0 is to go on.
// device is "" or what a device cookie proved.
func (a *loginLimiter) take(kind, login, device string, from netip.Addr) time.Duration {
	where := device
	if where == "" {
		where = network(from, 24, 64).String()
	}
	login = strings.ToLower(strings.TrimSpace(login))
	if len(login) > 255 {
		login = login[:255] // no login is that long; the key is bounded too
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	if wait := takeOne(bucket(a.addresses, network(from, 32, 64), addressBurst, addressEvery), now); wait > 0 && device == "" {
		return wait
	}
	return takeOne(bucket(a.logins, kind+"\n"+login+"\n"+where, loginBurst, loginEvery), now)
}

func bucket[K comparable](of *simplelru.LRU[K, *rate.Limiter], key K, burst int, every time.Duration) *rate.Limiter {
	if l, known := of.Get(key); known {
		return l
	}
	l := rate.NewLimiter(rate.Every(every), burst)
	of.Add(key, l)
	return l
}

// takeOne takes one from a bucket, or answers when it will have one.
func takeOne(l *rate.Limiter, now time.Time) time.Duration {
	reservation := l.ReserveN(now, 1)
	wait := reservation.DelayFrom(now)
	if wait > 0 {
		reservation.CancelAt(now)
	}
	return wait
}

// network answers the network of an address, by so many bits of IPv4 and IPv6.
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

// clientAddr answers where the request came from.
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

// retryAfter answers how long the sender of a sign-in must wait.
func (r *request) retryAfter(kind, login string) time.Duration {
	return r.loginLimiter.take(kind, login, r.deviceKey.verify(r.cookie(deviceCookie), kind, login), r.clientAddr())
}

// deviceKey is the key with which browsers are marked that have signed in to a login. It is another after a restart.
type deviceKey [32]byte

const deviceMaxAge = 90 * 24 * time.Hour

func (d *deviceKey) mac(id, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(id + "\n" + kind + "\n" + strings.ToLower(strings.TrimSpace(login))))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// newToken answers the cookie of a browser that signed in.
func (d *deviceKey) newToken(kind, login string) string {
	id := rand.Text()
	return id + "." + d.mac(id, kind, login)
}

// verify answers which browser a cookie names, if it has signed in to the login; else "".
func (d *deviceKey) verify(cookie, kind, login string) string {
	id, mac, found := strings.Cut(cookie, ".")
	if !found || !hmac.Equal([]byte(mac), []byte(d.mac(id, kind, login))) {
		return ""
	}
	return id
}
