// Command panel is a small but complete hosting product. It serves the panel at http://localhost:8080 and, behind the
// gateway, its customers' websites at http://NAME.localhost:8080. It prints how to sign in:
//
//	go run ./examples/panel
//
// It keeps its data in the file clientele.db in the current directory, also when it is killed.
//
// If you suspend mario in the panel, http://mario.localhost:8080 responds with status 503 until you activate him.
//
// These are the flags:
//
//	-addr   address to listen on (127.0.0.1:8080)
//	-host   host name of the panel (localhost)
//	-db     where the data is: a file (clientele.db), postgres://…, or memory, which is lost at exit
//	-pay    URL at which suspended customers can pay
//	-empty  start without demo customers, which only a new database gets
//	-unlock print a link for an operator who cannot sign in because somebody guesses at the password, and exit
//
// CLIENTELE_OPERATOR and CLIENTELE_PASSWORD set the operator's name and password; the defaults are "admin" and a password
// that the first start generates and prints. Only its hash is kept. CLIENTELE_SECRET, at least 32 bytes, keeps links for new passwords valid after a
// restart.
//
// The panel allows only a few attempts to sign in to a login, whoever makes them, so that others can use up those of the
// operator; they do not affect a browser in which the operator has signed in before. What is counted is in the memory of the
// running program, which another process cannot change. So -unlock prints a link, signed with CLIENTELE_SECRET, that makes
// the running program treat a browser as such a one. It is valid for 15 minutes and signs nobody in without the password:
//
//	CLIENTELE_SECRET=… go run ./examples/panel -unlock
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

	"github.com/clientele-go/clientele/examples/internal/database"
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

// settings are the values of the flags and of the environment variables.
type settings struct {
	addr, host       string
	db, pay          string
	empty, unlock    bool
	operator, secret string
	password         string // "" means a generated one
}

// defaultDB is the file of the data.
const defaultDB = "clientele.db"

const minSecretBytes = 32

func readSettings(args []string, getenv func(string) string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("panel", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 chooses a free port")
	flags.StringVar(&s.host, "host", "localhost", "host name of the panel, which customers cannot use")
	flags.StringVar(&s.db, "db", defaultDB, "where the data is kept: a file, a PostgreSQL connection string such as postgres://user@host/database, or memory, which is lost at the end")
	flags.StringVar(&s.pay, "pay", "", "URL where suspended customers can pay; if empty, no link is shown")
	flags.BoolVar(&s.empty, "empty", false, "start without demo customers, which only a new database gets")
	flags.BoolVar(&s.unlock, "unlock", false, "print a link for an operator who cannot sign in because somebody guesses at the password, and exit; requires the CLIENTELE_SECRET of the running program, and its -addr and -host")
	if err := flags.Parse(args); err != nil {
		return settings{}, err
	}
	if flags.NArg() > 0 {
		return settings{}, fmt.Errorf("unexpected argument %q (see -h)", flags.Arg(0))
	}
	s.operator = cmp.Or(getenv("CLIENTELE_OPERATOR"), "admin")
	s.password, s.secret = getenv("CLIENTELE_PASSWORD"), getenv("CLIENTELE_SECRET")
	if s.secret != "" && len(s.secret) < minSecretBytes {
		return settings{}, fmt.Errorf("CLIENTELE_SECRET must have at least %d bytes", minSecretBytes)
	}
	return s, nil
}

// run is main with its dependencies as parameters. It returns nil when ctx is done, or ctx.Err() if the server was not
// running yet.
func run(ctx context.Context, args []string, getenv func(string) string, out, log io.Writer) error {
	s, err := readSettings(args, getenv, out)
	if err != nil {
		return err
	}
	if s.unlock {
		return s.printUnlock(out)
	}
	listener, err := net.Listen("tcp", s.addr) // first, so that nothing is stored if the port is in use
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // a second time if the server has closed it, which does no harm
	store, closeStore, err := database.Open(ctx, s.db)
	if err != nil {
		return err
	}
	defer closeStore()
	a, err := newApp(ctx, store, s, slog.New(slog.NewTextHandler(log, nil)))
	if err != nil {
		return err
	}
	a.printWelcome(out, listener.Addr())
	return a.serve(ctx, listener)
}
