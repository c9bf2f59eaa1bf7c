package faults_test

import (
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/require"
)

// loss is what a proxy does to a COMMIT.
type loss int

const (
	loseNothing  loss = iota
	loseQuestion      // it does not reach the server, and the connection is cut
	loseAnswer        // the server answers, and the connection is cut before the answer arrives
	cutAtOnce         // it is passed on, and the connection is cut without waiting for the answer
	keepQuestion      // it does not reach the server, and nothing else happens
	keepAnswer        // the server answers, and the answer does not arrive
)

// proxy stands between a host and the server, and reads what the host says just far enough to know a COMMIT.
type proxy struct {
	dsn              string // of the database, through the proxy
	network, address string // of the server
	listener         net.Listener
	links            sync.WaitGroup
	next             atomic.Int64  // the loss for the next COMMIT
	kept             chan struct{} // says that something was kept
}

func newProxy(t *testing.T, dsn string) *proxy {
	t.Helper()
	config, err := pgx.ParseConfig(dsn)
	require.NoError(t, err)
	p := &proxy{kept: make(chan struct{}, 1)}
	p.network, p.address = pgconn.NetworkAddress(config.Host, config.Port)
	p.listener, err = net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p.dsn = fmt.Sprintf("%s host=127.0.0.1 port=%d", dsn, p.listener.Addr().(*net.TCPAddr).Port)
	p.links.Go(p.accept)
	t.Cleanup(func() {
		require.NoError(t, p.listener.Close())
		p.links.Wait()
	})
	return p
}

// lose arms the proxy for the next COMMIT.
func (p *proxy) lose(l loss) { p.next.Store(int64(l)) }

// struck tells whether that COMMIT came.
func (p *proxy) struck() bool { return loss(p.next.Load()) == loseNothing }

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.links.Go(func() {
			server, err := net.Dial(p.network, p.address)
			if err == nil {
				l := &link{proxy: p, client: client, server: server, answered: make(chan struct{}, 1)}
				l.run()
			}
			_ = client.Close()
		})
	}
}

// link is one connection of a host.
type link struct {
	*proxy
	client, server net.Conn
	keeps          atomic.Bool   // answers are not passed on
	answered       chan struct{} // the server has answered what is not passed on
}

// run passes everything on until either side ends the connection or a fault does.
func (l *link) run() {
	var answers sync.WaitGroup
	answers.Go(func() {
		l.answers()
		_ = l.client.Close()
	})
	l.questions()
	_ = l.server.Close()
	answers.Wait()
}

func (l *link) answers() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := l.server.Read(buffer)
		if l.keeps.Load() {
			select {
			case l.answered <- struct{}{}:
			default: // it was said already
			}
		} else if _, failed := l.client.Write(buffer[:n]); failed != nil {
			return
		}
		if err != nil {
			return
		}
	}
}

// questions reads the host's messages: a type and a length, of which the very first has only the latter.
func (l *link) questions() {
	for head := 4; ; head = 5 {
		message := make([]byte, head)
		if _, err := io.ReadFull(l.client, message); err != nil {
			return
		}
		body := make([]byte, binary.BigEndian.Uint32(message[head-4:])-4)
		if _, err := io.ReadFull(l.client, body); err != nil {
			return
		}
		what := loseNothing
		if head == 5 && message[0] == 'Q' && strings.EqualFold(strings.Trim(string(body), "; \x00"), "commit") {
			what = loss(l.next.Swap(int64(loseNothing)))
		}
		if !l.pass(append(message, body...), what) {
			return
		}
	}
}

// pass passes a message on, unless it is lost, and answers whether the connection stays.
func (l *link) pass(message []byte, what loss) bool {
	if what == loseQuestion {
		return false
	}
	if what == keepQuestion {
		l.kept <- struct{}{}
		return true
	}
	l.keeps.Store(what != loseNothing)
	if _, err := l.server.Write(message); err != nil || what == cutAtOnce {
		return false
	}
	if what == loseAnswer || what == keepAnswer {
		<-l.answered
	}
	if what == keepAnswer {
		l.kept <- struct{}{}
	}
	return what != loseAnswer
}
