package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/adapters/panel"
)

// host is a hosting product in small: the customers, the panel for them, and a web server for their sites.
type host struct {
	settings
	clients *accounts.Manager
	handler http.Handler
	log     *slog.Logger
	fresh   string // the operator's password, if it was made up for this run
	demo    string // the password of the demo customers; "" if there are none
}

// plans are what this product sells.
var plans = []string{"Basic", "Pro", "Business"}

func newHost(ctx context.Context, store accounts.Store, s settings, log *slog.Logger) (*host, error) {
	h := &host{settings: s, log: log, clients: accounts.NewManager(store, &accounts.Options{
		Secret: secret(s.secret), ReservedDomains: reserved(s.host), AllowDomain: notThePanel(s.host),
	})}
	if s.password == "" {
		h.fresh = freshPassword()
	}
	hash, err := accounts.Argon2id{}.Hash(ctx, cmp.Or(s.password, h.fresh))
	if err != nil {
		return nil, err
	}
	pages, err := panel.New(h.clients, &panel.Options{
		AuthenticateOperator: panel.StaticOperators(map[string]string{s.operator: hash}), Plans: plans, PayURL: s.pay, Footer: s.footer, Location: time.Local, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	sites := gateway.New(h.clients.Subscriptions(), http.HandlerFunc(website), &gateway.Options{
		TTL: -1, // so that the sites obey the panel at once
		OnError: func(ctx context.Context, err error) {
			log.ErrorContext(ctx, "site lookup failed", "error", err)
		},
	})
	h.handler = h.logged(h.divided(pages, sites))
	if !s.empty {
		if h.demo, err = addDemo(ctx, h.clients, time.Now()); err != nil {
			return nil, err
		}
	}
	return h, nil
}

// freshPassword answers 16 letters and digits, of 80 random bits.
func freshPassword() string { return strings.ToLower(rand.Text())[:16] }

// reserved answers the names that no customer can have: the panel's own. A host name of one label is no domain anyway.
func reserved(host string) []string {
	if strings.Contains(host, ".") {
		return []string{host}
	}
	return []string{"panel." + host}
}

// secret answers what signs links for new passwords; without one from the environment they end with the program.
func secret(given string) []byte {
	if given != "" {
		return []byte(given)
	}
	fresh := make([]byte, 32)
	_, _ = rand.Read(fresh)
	return fresh
}

// footer says, where all is kept in memory, that it will be forgotten.
func (s settings) footer(language string) string {
	switch {
	case s.dsn != "":
		return ""
	case language == "it":
		return "Tutti i dati sono solo in memoria: alla chiusura del programma andranno persi."
	default:
		return "All data is kept in memory only and is lost when the program ends."
	}
}

// divided answers a handler that shows the panel at its own host name and at the bare address, and sites elsewhere.
func (h *host) divided(pages, sites http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if bare, _, err := net.SplitHostPort(name); err == nil {
			name = bare
		}
		_, err := netip.ParseAddr(strings.Trim(name, "[]"))
		if err == nil || strings.EqualFold(name, h.settings.host) {
			pages.ServeHTTP(w, r)
			return
		}
		sites.ServeHTTP(w, r)
	})
}

// logged writes a line for every request, without what is secret in an address.
func (h *host) logged(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began, answer := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(answer, r)
		path := r.URL.Path
		if before, _, found := strings.Cut(path, "/reset/"); found {
			path = before + "/reset/…"
		}
		h.log.InfoContext(r.Context(), "request", "method", r.Method, "host", r.Host, "path", path,
			"status", answer.status, "took", time.Since(began))
	})
}

// statusWriter remembers the status that was answered.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach what is below, to flush say.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// greet prints how to get in.
func (h *host) greet(out io.Writer, at net.Addr) {
	_, port, err := net.SplitHostPort(at.String())
	if err != nil {
		port = "8080"
	}
	fmt.Fprintf(out, "\n  Panel:     http://%s:%s/operator\n", h.settings.host, port)
	fmt.Fprintf(out, "  Operator:  %s\n  Password:  %s\n", h.operator, cmp.Or(h.fresh, "the value of CLIENTELE_PASSWORD"))
	if h.demo != "" {
		fmt.Fprintf(out, "\n  Customer:  mario, password %s, at http://%s:%s/signin\n", h.demo, h.settings.host, port)
		fmt.Fprintf(out, "  Website:   http://mario.localhost:%s/\n", port)
	}
	fmt.Fprint(out, "\n  Press Ctrl-C to stop.\n\n")
}

// serve answers requests until ctx ends, and then finishes those under way, for at most ten seconds.
func (h *host) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           h.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(h.log.Handler(), slog.LevelWarn),
	}
	expiry, stopExpiry := context.WithCancel(ctx)
	expired := make(chan struct{})
	go func() {
		defer close(expired)
		h.expire(expiry, time.Minute)
	}()
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()

	var err error
	select {
	case err = <-ended:
	case <-ctx.Done():
		h.log.Info("stopping")
		deadline, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		err = server.Shutdown(deadline)
		cancel()
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		if e := <-ended; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	stopExpiry()
	<-expired
	return err
}

// expire takes down what ran out, every so often, until ctx ends.
func (h *host) expire(ctx context.Context, every time.Duration) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		if err := h.expireAll(accounts.WithActor(ctx, "expiry")); err != nil && ctx.Err() == nil {
			h.log.Error("expired subscriptions could not be suspended", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (h *host) expireAll(ctx context.Context) error {
	for {
		out, err := h.clients.Subscriptions().Expire(ctx)
		if err != nil || len(out.Changed) < 1_000 {
			return err
		}
	}
}
