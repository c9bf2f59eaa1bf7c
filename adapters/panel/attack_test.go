package panel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// addrHeader has the address of the client in the tests of attacks.
const addrHeader = "X-Client-Addr"

func addrFromHeader(opts *Options) {
	opts.ClientAddr = func(r *http.Request) netip.Addr {
		addr, _ := netip.ParseAddr(r.Header.Get(addrHeader))
		return addr
	}
}

// from returns a new browser with the given address.
func (e *env) from(addr string) *browser {
	b := e.browser()
	b.header.Set(addrHeader, addr)
	return b
}

// newHashingEnv is newEnv with Argon2id and the real time, for customers and operators.
func newHashingEnv(t *testing.T) *env {
	t.Helper()
	e := &env{t: t}
	e.clients = accounts.NewManager(memory.New(), nil)
	hash, err := accounts.Argon2id{}.Hash(t.Context(), operatorPassword)
	require.NoError(t, err)
	opts := Options{AuthenticateOperator: StaticOperators(map[string]string{operatorName: hash})}
	addrFromHeader(&opts)
	e.panel, err = New(e.clients, &opts)
	require.NoError(t, err)
	e.server = httptest.NewServer(e.panel)
	t.Cleanup(e.server.Close)
	e.mario = e.addCustomer("mario", "Mario Rossi", "mario.example")
	e.luigi = e.addCustomer("luigi", "Luigi Verdi", "luigi.example")
	return e
}

// 300 connections from one IPv6 /56 guess passwords all the time. Clients in other networks are signed in within 5 seconds,
// with and without a device token, customers and operators. The attackers share the processors with the server and with what
// else runs on the machine. So each of them pauses between two guesses, as if the network was slow, and if a client without
// the attack takes longer than 50 ms, all of them may take longer.
func TestOthersSignInDuringAnAttack(t *testing.T) {
	const connections, rounds, pause = 300, 3, 200 * time.Millisecond
	e := newHashingEnv(t)
	owner, operator := e.from("198.51.100.1"), e.from("198.51.100.1")
	patience := 5 * time.Second
	signIn := func(b *browser, path, login, password, to string) time.Duration {
		start := time.Now()
		var got response
		for time.Since(start) < patience {
			if got = b.post(path, "login", login, "password", password); got.location() == to {
				return time.Since(start)
			}
			time.Sleep(100 * time.Millisecond)
		}
		assert.Fail(t, "not signed in", "%s as %s: status %d", path, login, got.StatusCode)
		return time.Since(start)
	}
	all := func(other *browser) time.Duration {
		return max(
			signIn(other, "/signin", "luigi", "luigi's own secret", "/account"),
			signIn(other, "/operator", operatorName, operatorPassword, "/customers"),
			signIn(owner, "/signin", "mario", marioPassword, "/account"),
			signIn(operator, "/operator", operatorName, operatorPassword, "/customers"),
		)
	}
	all(e.from("203.0.113.0")) // starts what is started once
	alone := all(e.from("203.0.113.0"))
	patience = max(patience, time.Duration(float64(patience)*alone.Seconds()/0.05))

	ctx, stop := context.WithCancel(t.Context())
	var attackers sync.WaitGroup
	defer attackers.Wait()
	defer stop()
	statuses := make([]map[int]int, connections)
	for i := range connections {
		statuses[i] = map[int]int{}
		attackers.Go(func() {
			transport := &http.Transport{MaxConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			for n := 0; ctx.Err() == nil; n++ {
				path, login := "/signin", []string{"mario", "luigi", fmt.Sprint("nobody", i, "-", n)}[n%3]
				if i%4 == 0 {
					path, login = "/operator", operatorName
				}
				body := strings.NewReader("password=guess&login=" + login)
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.server.URL+path, body)
				if err != nil {
					return
				}
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				r.Header.Set(addrHeader, fmt.Sprintf("2001:db8:1:%x::%x", i%256, n))
				resp, err := transport.RoundTrip(r)
				if err != nil {
					continue
				}
				_, _ = io.Copy(io.Discard, resp.Body)
				_ = resp.Body.Close()
				statuses[i][resp.StatusCode]++
				time.Sleep(pause)
			}
		})
	}
	time.Sleep(time.Second)

	var slowest time.Duration
	for i := range rounds {
		slowest = max(slowest, all(e.from(fmt.Sprintf("203.0.%d.1", i))))
	}
	assert.Less(t, slowest, patience)
	stop()
	attackers.Wait()
	total := map[int]int{}
	for _, s := range statuses {
		for status, n := range s {
			total[status] += n
		}
	}
	t.Logf("the slowest of %d clients waited %v (%v without the attack, at most %v allowed); responses to the attackers by status: %v",
		4*rounds, slowest.Round(time.Millisecond), alone.Round(time.Millisecond), patience.Round(time.Millisecond), total)
}

// Of 300 requests from one /56 that all wait for a hash, few are let in, and the others are refused immediately. All strangers
// together leave places to browsers with a device token. A place is free again when the call ends.
func TestOneNetworkFillsFewPlaces(t *testing.T) {
	release := make(chan struct{})
	var running atomic.Int32
	e := newEnv(t, func(opts *Options) {
		addrFromHeader(opts)
		opts.AuthenticateOperator = func(ctx context.Context, _, password string) (bool, error) {
			if password != "wait" {
				return password == operatorPassword, nil
			}
			running.Add(1)
			defer running.Add(-1)
			select {
			case <-release:
				return false, nil
			case <-ctx.Done():
				return false, ctx.Err()
			}
		}
	})
	owner := e.signInOperator()
	var (
		all      sync.WaitGroup
		refused  atomic.Int32
		canceled []context.CancelFunc
	)
	ask := func(ctx context.Context, addr, login string) {
		all.Go(func() {
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/operator", strings.NewReader("password=wait&login="+login))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(addrHeader, addr)
			w := httptest.NewRecorder()
			e.panel.ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				assert.Equal(t, "1", w.Header().Get("Retry-After"))
				refused.Add(1)
			}
		})
	}
	wait := func(wantRunning, wantRefused int) {
		t.Helper()
		assert.Eventually(t, func() bool { return int(running.Load()) == wantRunning && int(refused.Load()) == wantRefused }, 10*time.Second, time.Millisecond,
			"want %d and %d, got %d and %d", wantRunning, wantRefused, &running, &refused)
	}
	for i := range 300 {
		ctx, cancel := context.WithCancel(t.Context())
		canceled = append(canceled, cancel)
		ask(ctx, fmt.Sprintf("2001:db8:1:%x::1", i%256), fmt.Sprint("login", i))
	}
	places := perNetwork[1].AtOnce
	wait(places, 300-places)
	assert.Equal(t, http.StatusUnauthorized, e.from("2001:db8:1:100::1").post("/operator", "login", "a", "password", "b").StatusCode, "the next /56")
	for _, cancel := range canceled {
		cancel()
	}
	wait(0, 300-places)
	refused.Store(0)

	for i := range 200 {
		ask(t.Context(), fmt.Sprintf("10.%d.0.1", i), fmt.Sprint("login", i))
	}
	wait(maxAtOnce(), 200-maxAtOnce())
	assert.Equal(t, http.StatusTooManyRequests, e.from("203.0.113.1").post("/operator", "login", operatorName, "password", operatorPassword).StatusCode)
	assert.Equal(t, http.StatusUnauthorized, e.from("203.0.113.1").post("/signin", "login", "mario", "password", "guess").StatusCode, "customers")
	owner.post("/operator/signout")
	assert.Equal(t, "/customers", owner.post("/operator", "login", operatorName, "password", operatorPassword).location())
	close(release)
	all.Wait()
	assert.Equal(t, "/customers", e.from("203.0.113.1").post("/operator", "login", operatorName, "password", operatorPassword).location())
}

// The same holds for browsers with device tokens, of which an attacker with many accounts has many: they leave places to others.
func TestOneNetworkOfOwnersFillsFewPlaces(t *testing.T) {
	release := make(chan struct{})
	e := newEnv(t, func(opts *Options) {
		addrFromHeader(opts)
		opts.AuthenticateOperator = func(_ context.Context, _, password string) (bool, error) {
			if password == "wait" {
				<-release
			}
			return password == operatorPassword, nil
		}
	})
	owner := e.from("203.0.113.1")
	require.Equal(t, "/customers", owner.post("/operator", "login", operatorName, "password", operatorPassword).location())
	var (
		all     sync.WaitGroup
		refused atomic.Int32
	)
	for i := range 300 {
		login := fmt.Sprint("login", i/ownersAtOnce)
		all.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/operator", strings.NewReader("password=wait&login="+login))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(addrHeader, fmt.Sprintf("2001:db8:1:%x::1", i%256))
			r.Header.Set("Cookie", "clientele-device="+e.panel.deviceKey.newToken(operatorCookie, login, "", e.clock.now()))
			w := httptest.NewRecorder()
			e.panel.ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				refused.Add(1)
			}
		})
	}
	places := perNetwork[1].AtOnce
	assert.Eventually(t, func() bool { return int(refused.Load()) == 300-places }, 10*time.Second, time.Millisecond, "got %d", &refused)
	assert.Equal(t, "/customers", owner.post("/operator", "login", operatorName, "password", operatorPassword).location())
	close(release)
	all.Wait()
}

// waitingHasher is a fakeHasher that makes no hash before release is closed.
type waitingHasher struct {
	fakeHasher
	release chan struct{}
}

func (h *waitingHasher) Hash(ctx context.Context, password string) (string, error) {
	select {
	case <-h.release:
		return h.fakeHasher.Hash(ctx, password)
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// One link for a new password, sent by 300 connections that never let it be used up, does not fill the places for hashes.
func TestOneLinkFillsFewPlaces(t *testing.T) {
	hasher := &waitingHasher{release: make(chan struct{})}
	clients := accounts.NewManager(memory.New(), &accounts.Options{Hasher: hasher, Secret: []byte(strings.Repeat("s", 32))})
	pages, err := New(clients, nil)
	require.NoError(t, err)
	mario, err := clients.Create(t.Context(), accounts.New{Login: "mario", PasswordHash: "quick " + marioPassword, Contact: accounts.Contact{Name: "Mario"}})
	require.NoError(t, err)
	token, err := clients.ResetToken(t.Context(), mario.ID, time.Hour)
	require.NoError(t, err)
	var (
		all     sync.WaitGroup
		refused atomic.Int32
	)
	for range 300 {
		all.Go(func() {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/reset/"+token, strings.NewReader("password=a+new+secret&password2=a+new+secret"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			pages.ServeHTTP(w, r)
			if w.Code == http.StatusTooManyRequests {
				assert.Equal(t, "1", w.Header().Get("Retry-After"))
				refused.Add(1)
			}
		})
	}
	assert.Eventually(t, func() bool { return refused.Load() == 300-ownersAtOnce }, 10*time.Second, time.Millisecond, "got %d", &refused)
	close(hasher.release)
	all.Wait()
	_, err = clients.Authenticate(t.Context(), "mario", "a new secret")
	require.NoError(t, err)
}

// From any number of networks, there are at most 100 guesses a day at a login, known or not. It is delayed, not closed. The
// owner's browser, which has a device token, signs in at any time.
func TestGuessesADay(t *testing.T) {
	e := newEnv(t, addrFromHeader)
	owner := e.signInCustomer("mario")
	guesses := map[string][]time.Duration{}
	day := 24 * time.Hour
	for at := time.Duration(0); at < 2*day; at += 4 * time.Minute {
		for _, login := range []string{"mario", "nobody", "MARIO ", strings.Repeat("x", 10_000)} {
			for range 2 {
				addr := fmt.Sprintf("10.%d.%d.1", rand.IntN(256), rand.IntN(256))
				got := e.from(addr).post("/signin", "login", login, "password", "guess")
				login := strings.ToLower(strings.TrimSpace(login))
				switch got.StatusCode {
				case http.StatusUnauthorized:
					guesses[login] = append(guesses[login], at)
				case http.StatusTooManyRequests:
					require.NotEmpty(t, got.Header.Get("Retry-After"))
				default:
					require.Fail(t, "unexpected status", got.StatusCode)
				}
			}
		}
		if at%(6*time.Hour) == 0 {
			require.Equal(t, "/account", owner.post("/signin", "login", "mario", "password", marioPassword).location(), at)
		}
		e.clock.advance(4 * time.Minute)
	}
	require.Len(t, guesses, 3)
	for login, times := range guesses {
		most := 0
		for i, at := range times {
			end, _ := slices.BinarySearch(times, at+day+1)
			most = max(most, end-i)
		}
		assert.LessOrEqual(t, most, 100, "%.20s", login)
		assert.GreaterOrEqual(t, most, 80, "delayed, not closed")
		assert.Greater(t, times[len(times)-1], 2*day-time.Hour, "a try now and then")
	}
}

// Someone who once knew the password has collected device tokens. After the password was changed, all of these tokens and
// thousands of networks together are worth no more than 100 guesses a day. The browser in which the password was changed, and
// those that have signed in since, get in at any time.
func TestCollectedDeviceTokens(t *testing.T) {
	for _, kind := range []struct {
		name, page, login, password, home string
		change                            func(e *env, owner *browser, directory *operatorDirectory)
	}{
		{"customer", "/signin", "mario", marioPassword, "/account", func(e *env, owner *browser, _ *operatorDirectory) {
			got := owner.post("/account/password", "old", marioPassword, "password", "a new secret", "password2", "a new secret")
			require.Equal(e.t, "/account", got.location())
		}},
		{"customer, by an operator", "/signin", "mario", marioPassword, "/account", func(e *env, owner *browser, _ *operatorDirectory) {
			require.NoError(e.t, e.clients.SetPassword(e.t.Context(), e.mario.ID, "a new secret"))
			require.Equal(e.t, "/account", owner.post("/signin", "login", "mario", "password", "a new secret").location())
		}},
		{"operator", "/operator", operatorName, operatorPassword, "/customers", func(e *env, owner *browser, directory *operatorDirectory) {
			directory.password = "a new secret"
			require.Equal(e.t, "/operator?said=ended", owner.get("/customers").location(), "a new password ends the sessions")
			require.Equal(e.t, "/customers", owner.post("/operator", "login", operatorName, "password", "a new secret").location())
		}},
	} {
		t.Run(kind.name, func(t *testing.T) {
			directory := &operatorDirectory{password: operatorPassword}
			e := newEnv(t, func(opts *Options) {
				addrFromHeader(opts)
				opts.AuthenticateOperator, opts.OperatorEpoch = directory.authenticate, directory.epoch
			})
			signIn := func(b *browser, password string) response {
				return b.post(kind.page, "login", kind.login, "password", password)
			}
			owner, office := e.from("198.51.100.1"), e.from("198.51.100.2")
			collected := make([]*browser, 20)
			for i, b := range append(collected, owner, office) {
				if b == nil {
					b = e.from(fmt.Sprintf("10.%d.0.1", i))
					collected[i] = b
				}
				require.Equal(t, kind.home, signIn(b, kind.password).location())
			}
			kind.change(e, owner, directory)
			require.Equal(t, kind.home, signIn(office, "a new secret").location(), "a browser that signed in before the change")

			guesses := 0
			for range 24 * 2 {
				for i, b := range collected {
					if i%4 == 0 {
						b = e.from(fmt.Sprintf("10.%d.%d.2", i, rand.IntN(256))) // without a token
					}
					if signIn(b, "guess").StatusCode == http.StatusUnauthorized {
						guesses++
					}
				}
				require.Equal(t, kind.home, signIn(owner, "a new secret").location())
				require.Equal(t, kind.home, signIn(office, "a new secret").location())
				e.clock.advance(30 * time.Minute)
			}
			assert.LessOrEqual(t, guesses, 100)
			assert.GreaterOrEqual(t, guesses, 60, "delayed, not closed")
		})
	}
}

// raw sends a request on a new connection and returns the response without the header Date.
func (e *env) raw(addr, path, form string) string {
	e.t.Helper()
	conn, err := net.Dial("tcp", e.server.Listener.Addr().String())
	require.NoError(e.t, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: panel.example\r\nConnection: close\r\n%s: %s\r\n"+
		"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n%s", path, addrHeader, addr, len(form), form)
	require.NoError(e.t, err)
	got, err := io.ReadAll(bufio.NewReader(conn))
	require.NoError(e.t, err)
	return regexp.MustCompile(`(?m)^Date: .*\r\n`).ReplaceAllString(string(got), "")
}

// The response to the form for a forgotten password is the same byte by byte, whatever happens behind it.
func TestForgottenPasswordRevealsNothing(t *testing.T) {
	release := make(chan struct{})
	var failing bool
	e := newMailEnv(t, func(context.Context, accounts.Account, string) error {
		<-release
		if failing {
			return errors.New("the mail server is down")
		}
		return nil
	}, addrFromHeader)
	email := accounts.Contact{Name: "x", Email: "x@example.com"}
	_, err := e.clients.Update(t.Context(), e.addCustomer("suspended", "Suspended", "suspended.example").ID, accounts.Changes{Contact: &email})
	require.NoError(t, err)
	suspended, err := e.clients.GetByLogin(t.Context(), "suspended")
	require.NoError(t, err)
	_, err = e.clients.Suspend(t.Context(), []accounts.ID{suspended.ID}, accounts.Hold{})
	require.NoError(t, err)
	e.addCustomer("flooded", "Flooded", "flooded.example")
	for i := range maxMails {
		account := e.addCustomer(fmt.Sprint("customer", i), "Customer", fmt.Sprint("customer", i, ".example"))
		_, err := e.clients.Update(t.Context(), account.ID, accounts.Changes{Contact: &email})
		require.NoError(t, err)
	}

	network := 0
	ask := func(login string) string {
		network++
		return e.raw(fmt.Sprintf("10.%d.0.1", network%200), "/forgot", "login="+login)
	}
	want := ask("nobody")
	require.Contains(t, want, "HTTP/1.1 303")
	check := func(what, login string) {
		t.Helper()
		start := time.Now()
		assert.Equal(t, want, ask(login), what)
		assert.Less(t, time.Since(start), 5*time.Second, what)
	}
	check("a known login, and a slow mail server", "mario")
	check("an account without an e-mail address", "luigi")
	check("a suspended account", "suspended")
	check("invalid text", "%ff%00")
	check("no login", "")
	for range 5 {
		check("the account's limit", "mario")
	}
	for i := range maxMails {
		check("while the queue fills", fmt.Sprint("customer", i))
	}
	for _, login := range []string{"mario", "nobody", "luigi", "suspended", "customer1"} {
		check("the queue is full", login)
	}
	for range 100 {
		assert.Equal(t, want, e.raw("203.0.113.1", "/forgot", "login=nobody"), "the network's limit")
	}
	failing = true
	close(release)
	require.NoError(t, e.panel.Shutdown(t.Context()))
	check("a mail server that fails", "suspended")
	require.NoError(t, e.panel.Shutdown(t.Context()))
}

// attackResult is how many guesses were let through within 24 hours.
type attackResult struct {
	tries, login, all int // at one login, and at any
}

// simulate makes every network try again and again for 24 hours, one try each in every period, in turn at one login and at
// another one of many.
func simulate(t testing.TB, networks []netip.Addr, period time.Duration) attackResult {
	at := &clock{at: time.Date(2026, 7, 3, 10, 0, 0, 0, time.UTC)}
	limits := newLimits(at.now)
	var (
		got    attackResult
		random = rand.New(rand.NewPCG(1, 2))
		step   = period / time.Duration(len(networks))
	)
	for elapsed := time.Duration(0); elapsed < 24*time.Hour; elapsed += period {
		for _, addr := range networks {
			at.advance(step)
			login := "mario"
			if random.IntN(2) == 0 {
				login = fmt.Sprint("customer", random.IntN(1_000_000))
			}
			got.tries++
			if limits.try(limits.byStranger(customerCookie, login, addr), func() bool { return false }) > 0 {
				continue
			}
			got.all++
			if login == "mario" {
				got.login++
			}
		}
	}
	assert.LessOrEqual(t, got.login, 100)
	assert.GreaterOrEqual(t, got.login, 50)
	return got
}

// networksOf48 returns an address in each of n /64 networks of one /48.
func networksOf48(n int) []netip.Addr {
	all := make([]netip.Addr, n)
	for i := range all {
		all[i] = netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 1, byte(i >> 8), byte(i), 15: 1})
	}
	return all
}

// randomIPv4 returns n random addresses.
func randomIPv4(n int) []netip.Addr {
	all, random := make([]netip.Addr, n), rand.New(rand.NewPCG(3, 4))
	for i := range all {
		all[i] = netip.AddrFrom4([4]byte{byte(1 + random.IntN(223)), byte(random.IntN(256)), byte(random.IntN(256)), byte(random.IntN(256))})
	}
	return all
}

// Smaller attacks than those of BenchmarkAttack.
func TestAttacksOverADay(t *testing.T) {
	t.Logf("1,000 networks of a /48: %+v", simulate(t, networksOf48(1000), 15*time.Minute))
	t.Logf("65,536 IPv4 addresses: %+v", simulate(t, randomIPv4(1<<16), 8*time.Hour))
}

// BenchmarkAttack simulates 24 hours of guesses and reports how many were let through, at one login and at all:
//
//	go test ./adapters/panel -run '^$' -bench Attack -benchtime 1x
func BenchmarkAttack(b *testing.B) {
	for _, attack := range []struct {
		name     string
		networks []netip.Addr
		period   time.Duration
	}{
		{"25,000 networks of one IPv6 48", networksOf48(25_000), 15 * time.Minute},
		{"1,048,576 random IPv4 addresses", randomIPv4(1 << 20), 6 * time.Hour},
	} {
		b.Run(attack.name, func(b *testing.B) {
			for b.Loop() {
				got := simulate(b, attack.networks, attack.period)
				b.ReportMetric(0, "ns/op")
				b.ReportMetric(float64(got.tries), "tries")
				b.ReportMetric(float64(got.login), "at-one-login")
				b.ReportMetric(float64(got.all), "at-all-logins")
			}
		})
	}
}

// All limits of a panel together take little memory, whatever attackers do.
func TestMemoryOfLimitsIsBounded(t *testing.T) {
	heap := func() int {
		runtime.GC() // twice, because of what other tests have left in pools
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	before, at := heap(), &clock{at: time.Now()}
	limits := newLimits(at.now)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 700_000 {
		var addr [16]byte
		for j := range 8 {
			addr[j] = byte(random.Uint32())
		}
		login, from := strconv.Itoa(i), netip.AddrFrom16(addr)
		limits.try(limits.byStranger(customerCookie, login, from), func() bool { return false })
		if i%4 == 0 {
			limits.try(limits.byOwner(customerCookie, login, "device", from), func() bool { return false })
			limits.Take(limits.forgotten.Keys(from)...)
			limits.Take(limits.mails.Key(login))
		}
	}
	took := heap() - before
	t.Logf("the limits take %.1f MiB", float64(took)/(1<<20))
	assert.Less(t, took, 24<<20)
	assert.Greater(t, took, 12<<20, "the tables were filled")
	runtime.KeepAlive(limits)
}
