// Command quickstart is a first host: a web server on the loopback address whose sites belong to customers.
//
// Without flags it creates two customers with three sites, walks through suspending, activating and removing them, and
// prints each command and what a real request to each site answers after it:
//
//	go run ./examples/quickstart
//
// With -serve it creates the same customers and stays up at http://NAME.localhost:8080, taking commands from standard
// input, one a line, and going on to serve when the input ends, until it is interrupted:
//
//	go run ./examples/quickstart -serve
//	curl -i -H 'Host: mario.localhost' http://127.0.0.1:8080/
//
// With -dsn everything is kept in PostgreSQL, in a schema of its own, and is still there when it is started again with
// -serve; without, it removes mario and luigi first, to tell the story anew:
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
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait for the requests under way
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// settings are what the command line says.
type settings struct {
	serve     bool
	addr, dsn string
}

const usage = `Creates two customers with three web sites, suspends, activates and removes
them, and prints each command and what a real request to each site answers.

  go run ./examples/quickstart            tell the story, and end
  go run ./examples/quickstart -serve     stay up, and take commands

`

func readFlags(args []string, out io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.Usage = func() { fmt.Fprint(out, usage); flags.PrintDefaults() }
	flags.BoolVar(&s.serve, "serve", false, "stay up, and take commands from standard input")
	flags.StringVar(&s.addr, "addr", "", "the `address` to serve at; port 0 is any that is free (default 127.0.0.1:8080 with -serve, else 127.0.0.1:0)")
	flags.StringVar(&s.dsn, "dsn", "", "keep everything in `PostgreSQL`, such as postgres://user@host/database (default: in memory)")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("there is no argument %q; -h lists the flags", flags.Arg(0))
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

// run is the whole program. It ends without an error when ctx does.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	said, err := readFlags(args, out)
	if err != nil {
		return err
	}
	store, closeStore, err := openStore(ctx, said.dsn)
	if err != nil {
		return err
	}
	defer closeStore()
	h, err := start(store, said.addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; another address: -addr 127.0.0.1:0", err)
	}
	if err != nil {
		return err
	}
	if said.serve {
		err = serve(ctx, h, in, newScreen(out))
	} else {
		err = walk(ctx, h, newScreen(out))
	}
	return errors.Join(err, h.stop())
}
