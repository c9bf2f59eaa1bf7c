package main

import (
	"context"
	"fmt"
	"html"
	"io"
	"net"
	"net/http"
	"regexp"
	"time"

	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/subscriptions"
)

// server is a web server that serves the customers' sites on the loopback address, and a client for it.
type server struct {
	http   *http.Server
	client *http.Client
}

// startServer starts the web server. The gateway does not cache, so that commands take effect immediately.
func startServer(subs *subscriptions.Manager) (*server, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &server{}
	s.http = &http.Server{
		Handler:           gateway.New(subs, http.HandlerFunc(website), &gateway.Options{TTL: -1}),
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
	}
	s.client = &http.Client{
		Timeout: 10 * time.Second,
		// Connect to the web server whatever the name is, as if it were in the DNS.
		Transport: &http.Transport{DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, listener.Addr().String())
		}},
	}
	go func() { _ = s.http.Serve(listener) }() // an error is one of the requests as well
	return s, nil
}

// website serves the same page for each active site.
func website(w http.ResponseWriter, r *http.Request) {
	site, _ := gateway.SiteFrom(r.Context())
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, "<p>Welcome to %s!</p>\n", html.EscapeString(site.Domain.DisplayName()))
}

// paragraph is an element of the gateway's page.
var paragraph = regexp.MustCompile(`(?s)<p[^>]*>(.*?)</p>`)

// get requests a site. It returns the status, the body, and the text of the page in lines.
func (s *server) get(ctx context.Context, site string) (status int, body string, lines []string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+site+"/", nil)
	if err != nil {
		return 0, "", nil, err
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, "", nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	page, err := io.ReadAll(resp.Body)
	for _, match := range paragraph.FindAllStringSubmatch(string(page), -1) {
		lines = append(lines, html.UnescapeString(match[1]))
	}
	return resp.StatusCode, string(page), lines, err
}

// stop stops the web server.
func (s *server) stop() error {
	s.client.CloseIdleConnections()
	return s.http.Close()
}
