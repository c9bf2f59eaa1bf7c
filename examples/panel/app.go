package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/adapters/gateway"
	"github.com/clientele-go/clientele/adapters/panel"
	"github.com/clientele-go/clientele/examples/internal/database"
)

// app is a small hosting product: the customers, the panel, and a web server for their sites.
type app struct {
	settings
	clients           *accounts.Manager
	pages             *panel.Panel
	handler           http.Handler
	log               *slog.Logger
	generatedPassword string // the operator's password; "" if it was given, or kept by an earlier start
	demoPassword      string // the password of the demo customers; "" if there are none
}

// plans are the plans that the product sells.
var plans = []string{"Basic", "Pro", "Business"}

// newApp returns an app on a store. It adds the demo customers to a new one, if the settings ask for them.
func newApp(ctx context.Context, store accounts.Store, s settings, log *slog.Logger) (*app, error) {
	a := &app{settings: s, log: log, clients: accounts.NewManager(store, &accounts.Options{
		Secret: tokenSecret(s.secret), ReservedDomains: reservedDomains(s.host), AllowDomain: forbidPanelName(s.host),
	})}
	first, err := isFirstStart(ctx, a.clients)
	if err != nil {
		return nil, err
	}
	var hash string
	if hash, a.generatedPassword, err = operatorHash(ctx, a.clients, s.operator, s.password); err != nil {
		return nil, err
	}
	operators := map[string]string{s.operator: hash}
	a.pages, err = panel.New(a.clients, &panel.Options{
		AuthenticateOperator: panel.StaticOperators(operators),
		OperatorActive:       panel.StaticOperatorActive(operators),
		OperatorEpoch:        panel.StaticOperatorEpoch(operators),
		Plans:                plans, PayURL: s.pay, Footer: s.footer, Notify: a.notify, Location: time.Local, Logger: log,
	})
	if err != nil {
		return nil, err
	}
	sites := gateway.New(a.clients.Subscriptions(), http.HandlerFunc(website), &gateway.Options{
		TTL: -1, // so that commands take effect immediately
		OnError: func(ctx context.Context, err error) {
			log.ErrorContext(ctx, "site lookup failed", "error", err)
		},
	})
	mux := http.NewServeMux()
	mux.Handle("/", a.pages)
	mux.HandleFunc("GET /unlock/{token}", a.unlock(a.pages))
	a.handler = a.logRequests(a.routeByHost(mux, sites))
	if first && !s.empty {
		if a.demoPassword, err = addDemo(ctx, a.clients, time.Now()); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// notify prints what a hosting product would tell the customer by e-mail: at the address of before as well, because the new one
// may be a thief's.
func (a *app) notify(ctx context.Context, kind panel.NotificationKind, before, after accounts.Account) {
	to := slices.Compact([]string{before.Contact.Email, after.Contact.Email})
	a.log.InfoContext(ctx, "a message to the customer", "about", kind, "login", after.Login, "to", to)
}

// generatePassword returns 16 random letters and digits, which have 80 bits of entropy.
func generatePassword() string { return strings.ToLower(rand.Text())[:16] }

// reservedDomains returns the domain names that customers cannot have because of the panel's host name. A host name of
// one label is no domain name; the name panel below it is reserved instead.
func reservedDomains(host string) []string {
	if strings.Contains(host, ".") {
		return []string{host}
	}
	return []string{"panel." + host}
}

// tokenSecret returns the key that signs links for new passwords. If none is configured, it returns a random key, so that
// links are valid until the program ends.
func tokenSecret(configured string) []byte {
	if configured != "" {
		return []byte(configured)
	}
	key := make([]byte, minSecretBytes)
	_, _ = rand.Read(key)
	return key
}

// footer returns a note that the data will be lost, if it is kept in memory.
func (s settings) footer(language string) string {
	switch {
	case s.db != database.Memory:
		return ""
	case language == "it":
		return "Tutti i dati sono solo in memoria: alla chiusura del programma andranno persi."
	default:
		return "All data is kept in memory only and is lost when the program ends."
	}
}

// routeByHost returns a handler that serves the panel at its host name and at IP addresses, and sites at other names.
func (a *app) routeByHost(pages, sites http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := r.Host
		if host, _, err := net.SplitHostPort(name); err == nil {
			name = host
		}
		_, err := netip.ParseAddr(strings.Trim(name, "[]"))
		if err == nil || strings.EqualFold(name, a.settings.host) {
			pages.ServeHTTP(w, r)
			return
		}
		sites.ServeHTTP(w, r)
	})
}

// secretPath matches the parts of a path that may be the token of a link, also of one that is mistyped: tokens are longer than 40
// characters.
var secretPath = regexp.MustCompile(`(?i)(/reset/|/unlock/).*|[^/]{40,}`)

// logRequests logs every request. It leaves the tokens out of links.
func (a *app) logRequests(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start, sw := time.Now(), &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(sw, r)
		path := secretPath.ReplaceAllString(r.URL.Path, "$1…")
		a.log.InfoContext(r.Context(), "request", "method", r.Method, "host", r.Host, "path", path,
			"status", sw.status, "took", time.Since(start))
	})
}

// statusWriter records the status of the response.
type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap returns the original ResponseWriter, for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// printWelcome prints the addresses and how to sign in.
func (a *app) printWelcome(out io.Writer, addr net.Addr) {
	_, port, err := net.SplitHostPort(addr.String())
	if err != nil {
		port = "8080"
	}
	fmt.Fprintf(out, "\n  Panel:     http://%s:%s/operator\n", a.settings.host, port)
	fmt.Fprintf(out, "  Operator:  %s\n  Password:  %s\n", a.operator, a.describePassword())
	if a.demoPassword != "" {
		fmt.Fprintf(out, "\n  Customer:  mario, password %s, at http://%s:%s/signin\n", a.demoPassword, a.settings.host, port)
		fmt.Fprintf(out, "  Website:   http://mario.localhost:%s/\n", port)
	}
	fmt.Fprintf(out, "\n  Data:      %s\n", a.describeData())
	fmt.Fprint(out, "\n  Press Ctrl-C to stop.\n\n")
}

// describePassword returns the operator's password, if it is new, or says which one it is.
func (a *app) describePassword() string {
	switch {
	case a.generatedPassword == "" && a.password != "":
		return "the value of CLIENTELE_PASSWORD"
	case a.generatedPassword == "":
		return "that of the first start; CLIENTELE_PASSWORD sets another one"
	case a.db == database.Memory:
		return a.generatedPassword
	default:
		return a.generatedPassword + " (shown only now; CLIENTELE_PASSWORD sets another one)"
	}
}

// describeData says where the data is. Connection strings may have a password.
func (s settings) describeData() string {
	switch {
	case s.db == database.Memory:
		return "in memory, lost at the end"
	case database.IsConnString(s.db):
		return "in PostgreSQL"
	default:
		return s.db
	}
}

// serve serves requests until ctx is done. It then waits up to 10 seconds for running requests.
func (a *app) serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           a.handler,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      2 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	expiryCtx, stopExpiry := context.WithCancel(ctx)
	expiryDone := make(chan struct{})
	go func() {
		defer close(expiryDone)
		a.runExpiry(expiryCtx, time.Minute)
	}()
	serveErr := make(chan error, 1)
	go func() { serveErr <- server.Serve(listener) }()

	var err error
	select {
	case err = <-serveErr:
	case <-ctx.Done():
		a.log.Info("stopping")
		shutdownCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		err = server.Shutdown(shutdownCtx)
		if err != nil {
			err = errors.Join(err, server.Close())
		}
		err = errors.Join(err, a.pages.Shutdown(shutdownCtx))
		cancel()
		if e := <-serveErr; !errors.Is(e, http.ErrServerClosed) {
			err = errors.Join(err, e)
		}
	}
	stopExpiry()
	<-expiryDone
	return err
}

// runExpiry suspends expired subscriptions at every interval until ctx is done.
func (a *app) runExpiry(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		if err := a.expireAll(accounts.WithActor(ctx, "expiry")); err != nil && ctx.Err() == nil {
			a.log.Error("expired subscriptions could not be suspended", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (a *app) expireAll(ctx context.Context) error {
	for {
		out, err := a.clients.Subscriptions().Expire(ctx)
		if err != nil || len(out.Changed) < 1_000 {
			return err
		}
	}
}
