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
	mostBuckets  = 20_000 // of each kind, about 4 MB
)

// attempts slows those down who guess passwords, before anything is hashed, in bounded memory.
type attempts struct {
	mu        sync.Mutex
	now       func() time.Time
	logins    *simplelru.LRU[string, *rate.Limiter]
	addresses *simplelru.LRU[netip.Prefix, *rate.Limiter]
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{
		now: now, logins: newLRU[string, *rate.Limiter](mostBuckets, nil), addresses: newLRU[netip.Prefix, *rate.Limiter](mostBuckets, nil),
	}
}

// allow takes one try, and answers how long to wait before the next one if there is none left; 0 is to go on.
// device is "" or what a device cookie proved.
func (a *attempts) allow(kind, login, device string, from netip.Addr) time.Duration {
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
	if wait := try(bucket(a.addresses, network(from, 32, 64), addressBurst, addressEvery), now); wait > 0 && device == "" {
		return wait
	}
	return try(bucket(a.logins, kind+"\n"+login+"\n"+where, loginBurst, loginEvery), now)
}

func bucket[K comparable](of *simplelru.LRU[K, *rate.Limiter], key K, burst int, every time.Duration) *rate.Limiter {
	if l, known := of.Get(key); known {
		return l
	}
	l := rate.NewLimiter(rate.Every(every), burst)
	of.Add(key, l)
	return l
}

// try takes one from a bucket, or answers when it will have one.
func try(l *rate.Limiter, now time.Time) time.Duration {
	r := l.ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait > 0 {
		r.CancelAt(now)
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
func (v *visit) clientAddr() netip.Addr {
	if v.opts.ClientAddr != nil {
		return v.opts.ClientAddr(v.r)
	}
	at, err := netip.ParseAddrPort(v.r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return at.Addr()
}

// slow answers how long the sender of a sign-in must wait.
func (v *visit) slow(kind, login string) time.Duration {
	return v.attempts.allow(kind, login, v.devices.proves(v.cookie(deviceCookie), kind, login), v.clientAddr())
}

// devices is the key with which browsers are marked that have signed in to a login. It is another after a restart.
type devices [32]byte

const deviceLives = 90 * 24 * time.Hour

func (d *devices) mac(id, kind, login string) string {
	mac := hmac.New(sha256.New, d[:])
	mac.Write([]byte(id + "\n" + kind + "\n" + strings.ToLower(strings.TrimSpace(login))))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// mark answers the cookie of a browser that signed in.
func (d *devices) mark(kind, login string) string {
	id := rand.Text()
	return id + "." + d.mac(id, kind, login)
}

// proves answers which browser a cookie names, if it has signed in to the login; else "".
func (d *devices) proves(cookie, kind, login string) string {
	id, mac, found := strings.Cut(cookie, ".")
	if !found || !hmac.Equal([]byte(mac), []byte(d.mac(id, kind, login))) {
		return ""
	}
	return id
}
