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
// With -dsn everything is kept in PostgreSQL, in a schema of its own, and is still there when it is started again:
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
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		os.Exit(1)
	}
}

// run is the whole program. It ends without an error when ctx does.
func run(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(out)
	stay := flags.Bool("serve", false, "stay up, and take commands from standard input")
	addr := flags.String("addr", "127.0.0.1:8080", "the address to serve at, with -serve; port 0 is any that is free")
	dsn := flags.String("dsn", "", "where PostgreSQL is, such as postgres://user@host/database; empty: all is kept in memory")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if !*stay {
		*addr = "127.0.0.1:0"
	}
	store, closeStore, err := openStore(ctx, *dsn)
	if err != nil {
		return err
	}
	defer closeStore()
	h, err := start(store, *addr)
	if err != nil {
		return err
	}
	if *stay {
		err = serve(ctx, h, in, out)
	} else {
		err = walk(ctx, h, out)
	}
	return errors.Join(err, h.stop())
}
