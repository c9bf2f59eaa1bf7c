package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/subscriptions"
)

// sendRaw sends raw bytes to a server. It returns the connection and a reader for the response.
func sendRaw(t *testing.T, srv *httptest.Server, raw string) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := net.Dial("tcp", srv.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	require.NoError(t, conn.SetDeadline(time.Now().Add(10*time.Second)))
	_, err = io.WriteString(conn, raw)
	require.NoError(t, err)
	return conn, bufio.NewReader(conn)
}

const upgradeRequest = "GET /chat HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"

// echoHandler switches protocols and then echoes one line.
var echoHandler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	hijacker, ok := w.(http.Hijacker)
	if !ok {
		http.Error(w, "the ResponseWriter is not a Hijacker", http.StatusInternalServerError)
		return
	}
	conn, rw, err := hijacker.Hijack()
	if err != nil {
		return
	}
	defer func() { _ = conn.Close() }()
	_, _ = rw.WriteString("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_ = rw.Flush()
	line, _ := rw.ReadString('\n')
	_, _ = rw.WriteString(line)
	_ = rw.Flush()
})

func TestOnlyActiveSitesGetUpgrades(t *testing.T) {
	sites := newFakeResolver(active("mario.example"), suspended("luigi.example", subscriptions.Hold{Cause: "abuse"}))
	srv := httptest.NewServer(gateway.New(sites, echoHandler, nil))
	defer srv.Close()

	conn, reader := sendRaw(t, srv, fmt.Sprintf(upgradeRequest, "mario.example"))
	switched, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusSwitchingProtocols, switched.StatusCode)
	_, err = io.WriteString(conn, "hello\n")
	require.NoError(t, err)
	line, err := reader.ReadString('\n')
	require.NoError(t, err)
	assert.Equal(t, "hello\n", line)

	_, reader = sendRaw(t, srv, fmt.Sprintf(upgradeRequest, "luigi.example"))
	refused, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
	assert.Equal(t, "3600", refused.Header.Get("Retry-After"))
}

func TestAPostIsRefusedBeforeItsBodyIsSent(t *testing.T) {
	sites := newFakeResolver(suspended("luigi.example", subscriptions.Hold{Cause: "abuse"}))
	srv := httptest.NewServer(gateway.New(sites, website, nil))
	defer srv.Close()
	_, reader := sendRaw(t, srv, "POST / HTTP/1.1\r\nHost: luigi.example\r\nContent-Length: 1000000\r\nExpect: 100-continue\r\n\r\n")
	refused, err := http.ReadResponse(reader, nil)
	require.NoError(t, err)
	assert.Equal(t, http.StatusServiceUnavailable, refused.StatusCode)
}

func TestHEADOverTheWireKeepsTheConnection(t *testing.T) {
	srv := httptest.NewServer(gateway.New(newFakeResolver(), website, nil))
	defer srv.Close()
	const head = "HEAD / HTTP/1.1\r\nHost: luigi.example\r\n\r\n"
	_, reader := sendRaw(t, srv, strings.Repeat(head, 2))
	for range 2 {
		refused, err := http.ReadResponse(reader, &http.Request{Method: http.MethodHead})
		require.NoError(t, err)
		assert.Equal(t, http.StatusNotFound, refused.StatusCode)
		assert.Positive(t, refused.ContentLength)
	}
}

// net/http accepts requests that have no Host header, or have the host name elsewhere.
func TestHostNamesOverTheWire(t *testing.T) {
	srv := httptest.NewServer(gateway.New(newFakeResolver(active("mario.example")), website, nil))
	defer srv.Close()
	for _, c := range []struct {
		name, raw string
		code      int
	}{
		{"HTTP/1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 404},
		{"HTTP/1.0 with Host", "GET / HTTP/1.0\r\nHost: mario.example\r\n\r\n", 200},
		{"HTTP/1.1 without Host", "GET / HTTP/1.1\r\n\r\n", 400},
		{"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 404},
		{"two Hosts", "GET / HTTP/1.1\r\nHost: mario.example\r\nHost: luigi.example\r\n\r\n", 400},
		{"the request line takes precedence", "GET http://mario.example/ HTTP/1.1\r\nHost: luigi.example\r\n\r\n", 200},
		{"a tunnel", "CONNECT mario.example:443 HTTP/1.1\r\nHost: mario.example:443\r\n\r\n", 200},
		{"a tunnel to an IP address", "CONNECT 192.0.2.1:25 HTTP/1.1\r\nHost: 192.0.2.1:25\r\n\r\n", 404},
		{"invalid UTF-8", "GET / HTTP/1.1\r\nHost: b\xfccher.example\r\n\r\n", 400},
		{"an escape", "GET / HTTP/1.1\r\nHost: mario%2eexample\r\n\r\n", 404},
		{"an IPv6 zone", "GET / HTTP/1.1\r\nHost: [fe80::1%25eth0]:80\r\n\r\n", 404},
		{"half a megabyte", "GET / HTTP/1.1\r\nHost: " + strings.Repeat("a.", 250_000) + "example\r\n\r\n", 404},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, reader := sendRaw(t, srv, c.raw)
			got, err := http.ReadResponse(reader, nil)
			require.NoError(t, err)
			assert.Equal(t, c.code, got.StatusCode)
		})
	}
}

// For any host name, the gateway does not panic, looks up canonical names only, and serves the site that it looked up.
func FuzzHost(f *testing.F) {
	for _, host := range []string{
		"mario.example", "MARIO.example.:80", "bücher.example", "[::1]:80", "127.0.0.1", "a..b", "xn--a.example",
		"mario.example:80:80", "\xff", "", ".", "host=\"mario.example\"", "for=1,host=mario.example;x=\"\\",
	} {
		f.Add(host, host)
	}
	sites := newFakeResolver(active("mario.example"), active("xn--bcher-kva.example"))
	var gateways []*gateway.Gateway
	for _, header := range []string{"", "X-Forwarded-Host", "Forwarded"} {
		gateways = append(gateways, gateway.New(sites, website, &gateway.Options{HostHeader: header, TTL: -1}))
	}
	f.Fuzz(func(t *testing.T, host, forwarded string) {
		for _, g := range gateways {
			sites.update(func(f *fakeResolver) { f.calls = nil })
			r := request(http.MethodGet, host)
			r.Header[http.CanonicalHeaderKey("X-Forwarded-Host")] = []string{forwarded}
			r.Header["Forwarded"] = []string{forwarded}
			w := serve(g, r)
			calls := sites.recordedCalls()
			for _, name := range calls {
				canonical, ok := subscriptions.CanonicalName(name)
				assert.True(t, ok)
				assert.Equal(t, canonical, name)
			}
			if w.Code == http.StatusOK {
				assert.Equal(t, "site "+calls[0]+", plan gold", w.Body.String())
				continue
			}
			assert.Equal(t, http.StatusNotFound, w.Code)
		}
	})
}
