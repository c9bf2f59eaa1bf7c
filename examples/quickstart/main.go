// Command quickstart is a small hosting product: a web server on the loopback address that serves its customers' sites.
//
// Without flags it creates two customers with three sites, suspends, activates and removes them, and after each command
// requests every site and prints the responses:
//
//	go run ./examples/quickstart
//
// With -serve it creates the same customers, serves their sites at http://NAME.localhost:8080, and runs the commands that
// it reads from standard input, one per line. It keeps serving at the end of the input, until it is interrupted:
//
//	go run ./examples/quickstart -serve
//	curl -i -H 'Host: mario.localhost' http://127.0.0.1:8080/
//
// With -dsn everything is kept in PostgreSQL, in the schema "clientele_quickstart". Started again with -serve, it keeps
// the customers; without -serve it first removes mario and luigi:
//
//	go run ./examples/quickstart -serve -dsn postgres://postgres@localhost/postgres
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for running requests
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// settings are the values of the command line flags.
type settings struct {
	serve     bool
	addr, dsn string
}

const usage = `Creates two customers with three websites, suspends, activates and removes
them, and prints how each site responds to a request after each command.

  go run ./examples/quickstart            run the story and exit
  go run ./examples/quickstart -serve     serve the sites and read commands

`

func readFlags(args []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, usage); flags.PrintDefaults() }
	flags.BoolVar(&s.serve, "serve", false, "serve the sites and read commands from standard input")
	flags.StringVar(&s.addr, "addr", "", "listen on `address`; port 0 selects a free port (default 127.0.0.1:8080 with -serve, otherwise 127.0.0.1:0)")
	flags.StringVar(&s.dsn, "dsn", "", "keep everything in `PostgreSQL`, such as postgres://user@host/database (default: in memory)")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q (see -h)", flags.Arg(0))
	}
	switch {
	case s.addr != "":
	case s.serve:
		s.addr = "127.0.0.1:8080"
	default:
		s.addr = "127.0.0.1:0"
	}
	return s, nil
}

// run is main with its dependencies as parameters. It returns nil when ctx is done.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	s, err := readFlags(args, out)
	if err != nil {
		return err
	}
	store, closeStore, err := openStore(ctx, s.dsn)
	if err != nil {
		return err
	}
	defer closeStore()
	a, err := startApp(store, s.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w (use -addr 127.0.0.1:0 for a free port)", err)
	}
	if err != nil {
		return err
	}
	if s.serve {
		err = serve(ctx, a, in, newScreen(out))
	} else {
		err = runStory(ctx, a, newScreen(out))
	}
	return errors.Join(err, a.stop())
}
