package main

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
)

// host is a hosting product in small: the customers, and a web server that serves their sites.
type host struct {
	clients *accounts.Manager
	addr    string // where the web server listens
	server  *http.Server
	ended   chan error // what the web server says when it ends
	visitor *http.Client
}

// start starts the web server. The gateway asks at every request, so that what a command did is seen at once.
func start(store accounts.Store, addr string) (*host, error) {
	clients := accounts.NewManager(store, nil)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	h := &host{clients: clients, addr: reachable(listener.Addr()), ended: make(chan error, 1)}
	h.server = &http.Server{
		Handler:           gateway.New(clients.Subscriptions(), http.HandlerFunc(website), &gateway.Options{TTL: -1}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	h.visitor = &http.Client{
		Timeout: 10 * time.Second,
		// Every name leads to this host, as if the domain name system said so.
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, h.addr)
		}},
	}
	go func() { h.ended <- h.server.Serve(listener) }()
	return h, nil
}

// reachable answers where a listener is found on this machine: one that listens everywhere has no address to go to.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err == nil && net.ParseIP(host).IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr.String()
}

// stop ends the web server when the requests under way are answered, or after five seconds.
func (h *host) stop() error {
	h.visitor.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := h.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, h.server.Close())
	}
	if ended := <-h.ended; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

// website is what the host serves: a page for each active site.
func website(w http.ResponseWriter, r *http.Request) {
	site, _ := gateway.SiteFrom(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "Welcome to %s!\n", site.Domain.DisplayName())
}

// answer is what a visitor gets to see.
type answer struct {
	status int
	body   string
}

// visit sends a real request to the web server.
func (h *host) visit(ctx context.Context, site string) (answer, error) {
	_, port, err := net.SplitHostPort(h.addr)
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(site, port)+"/", nil)
	if err != nil {
		return answer{}, err
	}
	got, err := h.visitor.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = got.Body.Close() }()
	body, err := io.ReadAll(got.Body)
	return answer{status: got.StatusCode, body: string(body)}, err
}

// Parts of the gateway's page.
var (
	heading   = regexp.MustCompile(`(?s)<h1>(.*?)</h1>`)
	paragraph = regexp.MustCompile(`(?s)<p[^>]*>(.*?)</p>`)
)

// lines answers what the page says, as a person reads it: its texts, or the heading where no site is.
func (a answer) lines() []string {
	part := paragraph
	if a.status == http.StatusNotFound {
		part = heading
	}
	var said []string
	for _, found := range part.FindAllStringSubmatch(a.body, -1) {
		said = append(said, strings.Split(html.UnescapeString(found[1]), "\n")...)
	}
	if said == nil {
		said = strings.Split(strings.TrimSpace(a.body), "\n")
	}
	return said
}

// colour answers in which colour the status is shown.
func (a answer) colour() string {
	switch a.status {
	case http.StatusOK:
		return green
	case http.StatusServiceUnavailable:
		return yellow
	default:
		return faint
	}
}
