package pgtest

import (
	"net"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// Network relays connections to a server as a network does: it counts round trips, and may take time.
type Network struct {
	dsn     string
	latency time.Duration
	trips   atomic.Int64
}

// NewNetwork returns a network in front of the server of dsn, which takes the given time in each direction. It is closed at the end
// of the test, which must have closed its connections by then, as Open does.
func NewNetwork(t testing.TB, dsn string, latency time.Duration) *Network {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host, port, err := net.SplitHostPort(listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	n := &Network{dsn: WithSetting(t, WithSetting(t, dsn, "host", host), "port", port), latency: latency}
	var relays sync.WaitGroup
	relays.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			relays.Go(func() { n.relay(client, config.Config) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		relays.Wait()
	})
	return n
}

// DSN returns the DSN with which the server is reached through the network.
func (n *Network) DSN() string { return n.dsn }

// RoundTrips returns how often clients have sent something after the server had replied, since the last call.
func (n *Network) RoundTrips() int { return int(n.trips.Swap(0)) }

// relay copies what both sides send until one of them closes the connection.
func (n *Network) relay(client net.Conn, config pgconn.Config) {
	defer func() { _ = client.Close() }()
	network, address := pgconn.NetworkAddress(config.Host, config.Port)
	server, err := net.Dial(network, address)
	if err != nil {
		return
	}
	var clientsTurn atomic.Bool // the server was the last to send
	var replies sync.WaitGroup
	replies.Go(func() {
		n.copy(client, server, func() { clientsTurn.Store(true) })
		_ = client.Close()
	})
	n.copy(server, client, func() {
		if clientsTurn.Swap(false) {
			n.trips.Add(1)
		}
	})
	_ = server.Close()
	replies.Wait()
}

func (n *Network) copy(to, from net.Conn, received func()) {
	buffer := make([]byte, 64<<10)
	for {
		length, err := from.Read(buffer)
		if length > 0 {
			received()
			for begin := time.Now(); time.Since(begin) < n.latency; { // time.Sleep may take a millisecond more
				runtime.Gosched()
			}
			if _, err := to.Write(buffer[:length]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
