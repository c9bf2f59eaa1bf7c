// Command panel is a small but complete host: the panel at http://localhost:8080, and the websites of its customers at
// http://NAME.localhost:8080, behind the gateway. It prints how to sign in:
//
//	go run ./examples/panel
//
// Suspend mario in the panel, and http://mario.localhost:8080 answers 503; activate him, and it is up again.
//
// Flags: -addr, -host, -empty for no demo customers, -pay for where suspended customers can pay, and -dsn for PostgreSQL,
// without which all is forgotten at exit.
// Environment: CLIENTELE_OPERATOR and CLIENTELE_PASSWORD are the operator's, else "admin" and a fresh password;
// CLIENTELE_SECRET, of at least 32 bytes, lets links for new passwords outlive a restart.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	err := run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "panel:", err)
		os.Exit(1)
	}
}

// settings are what the command line and the environment say.
type settings struct {
	addr, host       string
	dsn, pay         string
	empty            bool
	operator, secret string
	password         string // "": a fresh one
}

const leastSecret = 32 // bytes

func read(args []string, getenv func(string) string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("panel", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 chooses a free port")
	flags.StringVar(&s.host, "host", "localhost", "host name of the panel, which customers cannot use")
	flags.StringVar(&s.dsn, "dsn", "", "PostgreSQL connection string, such as postgres://user@host/database; if empty, all data is kept in memory")
	flags.StringVar(&s.pay, "pay", "", "URL where suspended customers can pay; if empty, no link is shown")
	flags.BoolVar(&s.empty, "empty", false, "start without demo customers")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q (see -h)", flags.Arg(0))
	}
	s.operator = cmp.Or(getenv("CLIENTELE_OPERATOR"), "admin")
	s.password, s.secret = getenv("CLIENTELE_PASSWORD"), getenv("CLIENTELE_SECRET")
	if s.secret != "" && len(s.secret) < leastSecret {
		return settings{}, fmt.Errorf("CLIENTELE_SECRET must have at least %d bytes", leastSecret)
	}
	return s, nil
}

// run is the whole program. It ends without an error when ctx does, and with that of ctx if it was not up yet.
func run(ctx context.Context, args []string, getenv func(string) string, out, log io.Writer) error {
	s, err := read(args, getenv, out)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", s.addr) // first, so that a port in use is told before anything is stored
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // again, when the server has closed it: that is no harm
	store, closeStore, err := openStore(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer closeStore()
	h, err := newHost(ctx, store, s, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return err
	}
	h.greet(out, listener.Addr())
	return h.serve(ctx, listener)
}
