package panel

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// prefixes parses prefixes.
func prefixes(all ...string) []netip.Prefix {
	var parsed []netip.Prefix
	for _, p := range all {
		parsed = append(parsed, netip.MustParsePrefix(p))
	}
	return parsed
}

func TestTrustProxies(t *testing.T) {
	private := []string{"10.0.0.0/8", "fd00::/8"}
	for _, c := range []struct {
		name      string
		trusted   []string
		peer      string
		forwarded []string // lines of X-Forwarded-For
		want      string   // "" means the zero Addr
	}{
		{"no header", private, "10.0.0.1:1234", nil, "10.0.0.1"},
		{"no proxy", private, "198.51.100.7:1234", nil, "198.51.100.7"},
		{"one proxy", private, "10.0.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"two proxies", private, "10.0.0.1:1234", []string{"198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		{"two lines", private, "10.0.0.1:1234", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		{"blanks", private, "10.0.0.1:1234", []string{" 198.51.100.7 ,\t10.0.0.2 "}, "198.51.100.7"},
		{"only proxies", private, "10.0.0.1:1234", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},

		{"forged by the client", private, "10.0.0.1:1234", []string{"192.0.2.66, 198.51.100.7"}, "198.51.100.7"},
		{"a trusted address forged by the client", private, "10.0.0.1:1234", []string{"10.0.0.9, 198.51.100.7"}, "198.51.100.7"},
		{"forged in another line", private, "10.0.0.1:1234", []string{"192.0.2.66", "198.51.100.7"}, "198.51.100.7"},
		{"sent directly to the application", private, "198.51.100.7:1234", []string{"192.0.2.66"}, "198.51.100.7"},
		{"sent directly as a proxy", private, "198.51.100.7:1234", []string{"10.0.0.1"}, "198.51.100.7"},
		{"nothing trusted", nil, "10.0.0.1:1234", []string{"192.0.2.66"}, "10.0.0.1"},

		{"IPv6", private, "[fd00::1]:1234", []string{"2001:db8::7, fd00::2"}, "2001:db8::7"},
		{"IPv6 in brackets", private, "[fd00::1]:1234", []string{"[2001:db8::7]"}, "2001:db8::7"},
		{"with ports", private, "10.0.0.1:1234", []string{"198.51.100.7:4711, [fd00::2]:443"}, "198.51.100.7"},
		{"IPv6 with a port", private, "10.0.0.1:1234", []string{"[2001:db8::7]:4711"}, "2001:db8::7"},
		{"a mapped peer", private, "[::ffff:10.0.0.1]:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"mapped addresses", private, "10.0.0.1:1234", []string{"::ffff:198.51.100.7, ::ffff:10.0.0.2"}, "198.51.100.7"},
		{"a mapped prefix", []string{"::ffff:10.0.0.0/104"}, "10.0.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a mapped peer of a mapped prefix", []string{"::ffff:10.0.0.0/104"}, "[::ffff:10.0.0.1]:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a prefix of all mapped addresses", []string{"::ffff:0:0/96"}, "10.0.0.1:1234", []string{"192.0.2.66"}, "192.0.2.66"},
		{"all IPv6 addresses are not IPv4", []string{"::/0"}, "10.0.0.1:1234", []string{"192.0.2.66"}, "10.0.0.1"},
		{"a zone", []string{"fe80::/10"}, "[fe80::1%eth0]:1234", []string{"198.51.100.7"}, "198.51.100.7"},
		{"a prefix with host bits", []string{"10.0.0.5/8"}, "10.200.0.1:1234", []string{"198.51.100.7"}, "198.51.100.7"},

		{"garbage", private, "10.0.0.1:1234", []string{"unknown"}, "10.0.0.1"},
		{"garbage after a proxy", private, "10.0.0.1:1234", []string{"_hidden, 10.0.0.2"}, "10.0.0.2"},
		{"garbage from the client", private, "10.0.0.1:1234", []string{"\" <script>, 198.51.100.7"}, "198.51.100.7"},
		{"empty", private, "10.0.0.1:1234", []string{""}, "10.0.0.1"},
		{"commas", private, "10.0.0.1:1234", []string{",,"}, "10.0.0.1"},
		{"a trailing comma", private, "10.0.0.1:1234", []string{"198.51.100.7,"}, "10.0.0.1"},
		{"a network", private, "10.0.0.1:1234", []string{"198.51.100.0/24"}, "10.0.0.1"},
		{"an unspecified address", private, "10.0.0.1:1234", []string{"0.0.0.0"}, "0.0.0.0"},
		{"more than an address", private, "10.0.0.1:1234", []string{"198.51.100.7 192.0.2.66"}, "10.0.0.1"},
		{"no peer", private, "", []string{"198.51.100.7"}, ""},
		{"a Unix socket", private, "@", []string{"198.51.100.7"}, ""},
		{"many proxies", private, "10.0.0.1:1234", []string{"192.0.2.66" + strings.Repeat(",10.0.0.2", 100_000)}, "10.0.0.2"},
		{"a megabyte", private, "10.0.0.1:1234", []string{strings.Repeat("9", 1<<20)}, "10.0.0.1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		r.Header.Set("Forwarded", "for=192.0.2.99")
		r.Header.Set("X-Real-Ip", "192.0.2.98")
		got := TrustProxies(prefixes(c.trusted...)...)(r)
		if c.want == "" {
			assert.False(t, got.IsValid(), c.name)
			continue
		}
		assert.Equal(t, netip.MustParseAddr(c.want), got, c.name)
	}
}

// Behind a proxy, each client has its own limits, and nobody can choose another address.
func TestClientsBehindAProxyHaveTheirOwnLimits(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.ClientAddr = TrustProxies(prefixes("127.0.0.0/8", "::1/128")...) })
	attacker := e.browser()
	limited := false
	for i := range 60 {
		attacker.header.Set("X-Forwarded-For", "203.0.113."+strconv.Itoa(i)+", 198.51.100.7")
		limited = attacker.post("/signin", "login", "victim"+strconv.Itoa(i), "password", "guess").StatusCode == http.StatusTooManyRequests
	}
	assert.True(t, limited, "a forged address does not help")
	other := e.browser()
	other.header.Set("X-Forwarded-For", "192.0.2.1")
	assert.Equal(t, "/account", other.post("/signin", "login", "mario", "password", marioPassword).location())
}

// An Origin with HTTPS means that browsers use HTTPS.
func TestAnHTTPSOriginIsSecure(t *testing.T) {
	for origin, secure := range map[string]bool{"https://panel.example": true, "HTTPS://Panel.Example:8443/": true, "http://panel.example": false, "": false} {
		e := newEnv(t, func(opts *Options) { opts.Origin = origin })
		got := e.browser().post("/signin", "login", "mario", "password", marioPassword)
		require.NotEmpty(t, got.Cookies())
		for _, c := range got.Cookies() {
			assert.Equal(t, secure, c.Secure, origin)
			assert.Equal(t, secure, strings.HasPrefix(c.Name, "__Host-"), origin)
		}
	}
}

// Forms are accepted from Options.Origin, also if a proxy sets another Host, and from no other site.
func TestFormsBehindAProxy(t *testing.T) {
	e := newEnv(t, func(opts *Options) { opts.Origin = "HTTPS://Panel.Example:443/" })
	for _, c := range []struct {
		header http.Header
		code   int
	}{
		{http.Header{"Origin": {"https://panel.example"}}, http.StatusSeeOther},
		{http.Header{"Origin": {"https://panel.example"}, "Sec-Fetch-Site": {"same-origin"}}, http.StatusSeeOther},
		{http.Header{"Referer": {"https://panel.example/signin"}}, http.StatusSeeOther},
		{http.Header{"Origin": {e.server.URL}}, http.StatusSeeOther},
		{http.Header{"Referer": {e.server.URL + "/signin"}}, http.StatusSeeOther},
		{http.Header{}, http.StatusSeeOther}, // no browser

		{http.Header{"Origin": {"https://evil.example"}}, http.StatusForbidden},
		{http.Header{"Origin": {"http://panel.example"}}, http.StatusForbidden},
		{http.Header{"Origin": {"https://panel.example:8443"}}, http.StatusForbidden},
		{http.Header{"Origin": {"https://panel.example.evil.example"}}, http.StatusForbidden},
		{http.Header{"Origin": {"null"}}, http.StatusForbidden},
		{http.Header{"Origin": {"https://evil.example"}, "Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		{http.Header{"Sec-Fetch-Site": {"cross-site"}}, http.StatusForbidden},
		{http.Header{"Sec-Fetch-Site": {"same-site"}}, http.StatusForbidden},
		{http.Header{"Referer": {"https://evil.example/"}}, http.StatusForbidden},
		{http.Header{"Referer": {"https://evil.example/?https://panel.example/"}}, http.StatusForbidden},
		{http.Header{"Referer": {"https://panel.example@evil.example/"}}, http.StatusForbidden},
		{http.Header{"Referer": {"http://panel.example/signin"}}, http.StatusForbidden},
		{http.Header{"Referer": {"about:blank"}}, http.StatusForbidden},
		{http.Header{"Referer": {"%zz"}}, http.StatusForbidden},
		{http.Header{"Origin": {"https://evil.example"}, "Referer": {"https://panel.example/signin"}}, http.StatusForbidden},
	} {
		b := e.browser()
		b.header = c.header
		assert.Equal(t, c.code, b.post("/language", "language", "it").StatusCode, "%v", c.header)
		assert.Equal(t, http.StatusOK, b.get("/signin").StatusCode, "links from other sites work: %v", c.header)
	}
	idn := newEnv(t, func(opts *Options) { opts.Origin = "https://bücher.example" })
	b := idn.browser()
	b.header = http.Header{"Origin": {"https://xn--bcher-kva.example"}}
	assert.Equal(t, http.StatusSeeOther, b.post("/language", "language", "it").StatusCode)
}

// A header of a proxy that the options ignore is logged, once.
func TestUnreadHeadersOfProxies(t *testing.T) {
	clientAddr := func(*http.Request) netip.Addr { return netip.Addr{} }
	for name, c := range map[string]struct {
		change func(*Options)
		header http.Header
		want   []string // the headers that are named in the log
	}{
		"X-Forwarded-For":           {nil, http.Header{"X-Forwarded-For": {"192.0.2.77"}}, []string{"X-Forwarded-For"}},
		"Forwarded":                 {nil, http.Header{"Forwarded": {"for=192.0.2.77"}}, []string{"Forwarded"}},
		"X-Real-IP":                 {nil, http.Header{"X-Real-Ip": {"192.0.2.77"}}, []string{"X-Real-Ip"}},
		"X-Forwarded-Proto":         {nil, http.Header{"X-Forwarded-Proto": {"https"}}, []string{"X-Forwarded-Proto"}},
		"X-Forwarded-Proto http":    {nil, http.Header{"X-Forwarded-Proto": {"http"}}, nil},
		"several":                   {nil, http.Header{"X-Forwarded-For": {"192.0.2.77"}, "X-Real-Ip": {"192.0.2.77"}, "X-Forwarded-Proto": {"https"}}, []string{"X-Forwarded-For", "X-Forwarded-Proto"}},
		"none":                      {nil, http.Header{}, nil},
		"ClientAddr":                {func(o *Options) { o.ClientAddr = clientAddr }, http.Header{"X-Forwarded-For": {"192.0.2.77"}, "Forwarded": {"for=192.0.2.77"}}, nil},
		"ClientAddr without Secure": {func(o *Options) { o.ClientAddr = clientAddr }, http.Header{"X-Forwarded-Proto": {"https"}}, []string{"X-Forwarded-Proto"}},
		"Secure":                    {func(o *Options) { o.Secure = true }, http.Header{"X-Forwarded-Proto": {"https"}}, nil},
		"Origin":                    {func(o *Options) { o.Origin = "https://panel.example" }, http.Header{"X-Forwarded-Proto": {"https"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			e := newEnv(t, func(opts *Options) {
				opts.Logger = slog.New(slog.NewTextHandler(&log, nil))
				if c.change != nil {
					c.change(opts)
				}
			})
			b := e.browser()
			b.header = c.header
			for range 3 {
				b.get("/signin")
			}
			assert.Equal(t, len(c.want), strings.Count(log.String(), "level=WARN"), log.String())
			for _, header := range c.want {
				assert.Contains(t, log.String(), "header="+header+"\n")
			}
			assert.NotContains(t, log.String(), "192.0.2.77", "clients choose the values")
		})
	}
}
