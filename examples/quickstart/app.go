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

// app is a small hosting product: the customers, and a web server that serves their sites.
type app struct {
	clients  *accounts.Manager
	addr     string // address of the web server
	server   *http.Server
	serveErr chan error // receives the error of Serve
	client   *http.Client
}

// startApp starts the web server. The gateway does not cache, so that commands take effect immediately.
func startApp(store accounts.Store, addr string) (*app, error) {
	clients := accounts.NewManager(store, nil)
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, err
	}
	a := &app{clients: clients, addr: reachable(listener.Addr()), serveErr: make(chan error, 1)}
	a.server = &http.Server{
		Handler:           gateway.New(clients.Subscriptions(), http.HandlerFunc(website), &gateway.Options{TTL: -1}),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	a.client = &http.Client{
		Timeout: 10 * time.Second,
		// Connect to the web server whatever the name is, as if it were in the DNS.
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, a.addr)
		}},
	}
	go func() { a.serveErr <- a.server.Serve(listener) }()
	return a, nil
}

// reachable returns the address at which a listener on this machine is reached: the loopback address if it listens on
// all addresses.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if err == nil && net.ParseIP(host).IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return addr.String()
}

// stop shuts the web server down. It waits up to 5 seconds for running requests.
func (a *app) stop() error {
	a.client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	err := a.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, a.server.Close())
	}
	if serveErr := <-a.serveErr; !errors.Is(serveErr, http.ErrServerClosed) {
		err = errors.Join(err, serveErr)
	}
	return err
}

// website serves the same page for each active site.
func website(w http.ResponseWriter, r *http.Request) {
	site, _ := gateway.SiteFrom(r.Context())
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = fmt.Fprintf(w, "Welcome to %s!\n", site.Domain.DisplayName())
}

// response is the response of the web server to a visitor.
type response struct {
	status int
	body   string
}

// get requests a site from the web server.
func (a *app) get(ctx context.Context, site string) (response, error) {
	_, port, err := net.SplitHostPort(a.addr)
	if err != nil {
		return response{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(site, port)+"/", nil)
	if err != nil {
		return response{}, err
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	return response{status: resp.StatusCode, body: string(body)}, err
}

// Elements of the gateway's page.
var (
	heading   = regexp.MustCompile(`(?s)<h1>(.*?)</h1>`)
	paragraph = regexp.MustCompile(`(?s)<p[^>]*>(.*?)</p>`)
)

// lines returns the text of the page: its paragraphs, or the heading if there is no such site.
func (r response) lines() []string {
	element := paragraph
	if r.status == http.StatusNotFound {
		element = heading
	}
	var lines []string
	for _, match := range element.FindAllStringSubmatch(r.body, -1) {
		lines = append(lines, strings.Split(html.UnescapeString(match[1]), "\n")...)
	}
	if lines == nil {
		lines = strings.Split(strings.TrimSpace(r.body), "\n")
	}
	return lines
}

// colour returns the colour for the status.
func (r response) colour() string {
	switch r.status {
	case http.StatusOK:
		return green
	case http.StatusServiceUnavailable:
		return yellow
	default:
		return faint
	}
}
