package faults_test

import (
	"encoding/binary"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// commitFault is what a proxy does to a COMMIT.
type commitFault int

const (
	noFault          commitFault = iota
	dropRequest                  // does not send it to the server, and closes the connection
	dropReply                    // closes the connection instead of sending the server's reply to the client
	dropAfterRequest             // sends it to the server, and closes the connection without waiting for the reply
	holdRequest                  // does not send it to the server, and keeps the connection open
	holdReply                    // does not send the server's reply to the client, and keeps the connection open
)

// proxy relays connections between a client and the server. It parses the messages of the client only to recognize COMMIT.
type proxy struct {
	dsn              string // of the database, through the proxy
	network, address string // of the server
	listener         net.Listener
	conns            sync.WaitGroup
	next             atomic.Int64  // the commitFault for the next COMMIT
	held             chan struct{} // receives a value when a request or a reply is held
}

func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p := &proxy{held: make(chan struct{}, 1)}
	p.network, p.address = pgconn.NetworkAddress(config.Host, config.Port)
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	host, port, err := net.SplitHostPort(p.listener.Addr().String())
	require.NoError(t, err)
	p.dsn = pgtest.WithSetting(t, pgtest.WithSetting(t, dsn, "host", host), "port", port)
	p.conns.Go(p.accept)
	t.Cleanup(func() {
		require.NoError(t, p.listener.Close())
		p.conns.Wait()
	})
	return p
}

// failNextCommit sets the fault of the next COMMIT.
func (p *proxy) failNextCommit(fault commitFault) { p.next.Store(int64(fault)) }

// triggered reports whether that COMMIT was sent.
func (p *proxy) triggered() bool { return commitFault(p.next.Load()) == noFault }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.conns.Go(func() {
			server, err := net.Dial(p.network, p.address)
			if err == nil {
				c := &proxyConn{proxy: p, client: client, server: server, replied: make(chan struct{}, 1)}
				c.run()
			}
			_ = client.Close()
		})
	}
}

// proxyConn is one connection of a client.
type proxyConn struct {
	*proxy
	client, server net.Conn
	holdReplies    atomic.Bool   // replies are not sent to the client
	replied        chan struct{} // receives a value when the server has sent a reply that is held
}

// run relays messages until either side closes the connection or a fault does.
func (c *proxyConn) run() {
	var replies sync.WaitGroup
	replies.Go(func() {
		c.relayReplies()
		_ = c.client.Close()
	})
	c.relayRequests()
	_ = c.server.Close()
	replies.Wait()
}

func (c *proxyConn) relayReplies() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := c.server.Read(buffer)
		if c.holdReplies.Load() {
			select {
			case c.replied <- struct{}{}:
			default: // the channel has a value
			}
		} else if _, failed := c.client.Write(buffer[:n]); failed != nil {
			return
		}
		if err != nil {
			return
		}
	}
}

// relayRequests reads the messages of the client. Each begins with a type and a length, and the first one with the length only.
func (c *proxyConn) relayRequests() {
	for head := 4; ; head = 5 {
		message := make([]byte, head)
		if _, err := io.ReadFull(c.client, message); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(message[head-4:])-4)
		if _, err := io.ReadFull(c.client, body); err != nil {
			return
		}
		fault := noFault
		if head == 5 && message[0] == 'Q' && strings.EqualFold(strings.Trim(string(body), "; \x00"), "commit") {
			fault = commitFault(c.next.Swap(int64(noFault)))
		}
		if !c.relay(append(message, body...), fault) {
			return
		}
	}
}

// relay sends a message to the server, unless fault prevents it, and reports whether the connection stays open.
func (c *proxyConn) relay(message []byte, fault commitFault) bool {
	if fault == dropRequest {
		return false
	}
	if fault == holdRequest {
		c.held <- struct{}{}
		return true
	}
	c.holdReplies.Store(fault != noFault)
	if _, err := c.server.Write(message); err != nil || fault == dropAfterRequest {
		return false
	}
	if fault == dropReply || fault == holdReply {
		<-c.replied
	}
	if fault == holdReply {
		c.held <- struct{}{}
	}
	return fault != dropReply
}
