// Command move copies everything from one database to another one, which must be empty: from a file to a server when one
// machine is not enough any more, or back:
//
//	go run ./examples/move -from clientele.db -to postgres://postgres@localhost/clientele
//
// Stop the programs that use the old database first: what they change during the copy stays behind. Sessions, ids and the cursors
// of event readers are valid in the new one. The old one is not changed, so keep it as a backup.
//
// All of it is one transaction. When move fails or is interrupted by Ctrl-C, nothing was copied, and it can be started again.
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
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/examples/internal/database"
	"github.com/clientele-go/clientele/storage"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second Ctrl-C does not wait
	err := run(ctx, os.Args[1:], os.Stdout, terminal(os.Stderr))
	if ctx.Err() != nil && err != nil && !errors.Is(err, accounts.ErrCommitUnknown) {
		err = errors.New("interrupted: nothing was copied, and the database of -to is as it was")
	}
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "move:", err)
		os.Exit(1)
	}
}

// terminal returns where the progress is shown: on f if that is a terminal.
func terminal(f *os.File) io.Writer {
	if info, err := f.Stat(); err == nil && info.Mode()&os.ModeCharDevice != 0 {
		return f
	}
	return io.Discard
}

// run is the whole program.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	flags := flag.NewFlagSet("move", flag.ContinueOnError)
	flags.SetOutput(out)
	from := flags.String("from", "clientele.db", "the `database` to copy: a file, or a PostgreSQL connection string such as postgres://user@host/database")
	to := flags.String("to", "", "the empty `database` to copy to: a file, which is created, or a PostgreSQL connection string")
	if err := flags.Parse(args); err != nil {
		return err
	}
	switch {
	case flags.NArg() > 0:
		return fmt.Errorf("unexpected argument %q (see -h)", flags.Arg(0))
	case *to == "":
		return errors.New("-to is missing (see -h)")
	case *from == database.Memory || *to == database.Memory:
		return errors.New("memory cannot be copied by another program: call storage.Copy in the program that has it")
	}
	source, closeSource, err := database.OpenExisting(ctx, *from)
	if err != nil {
		return fmt.Errorf("-from: %w", err)
	}
	defer closeSource()
	target, closeTarget, err := database.Open(ctx, *to)
	if err != nil {
		return fmt.Errorf("-to: %w", err)
	}
	defer closeTarget()
	if err := move(ctx, source, target, progress); err != nil {
		return explain(err)
	}
	fmt.Fprintf(out, "Everything was copied from %s to %s. Start your programs with the new database.\n", describe(*from), describe(*to))
	return nil
}

// move copies one store to another and shows the progress.
func move(ctx context.Context, from, to accounts.Store, progress io.Writer) error {
	bar := progressbar.NewOptions(-1,
		progressbar.OptionSetWriter(progress), progressbar.OptionSetDescription("reading"),
		progressbar.OptionShowCount(), progressbar.OptionThrottle(100*time.Millisecond),
	)
	err := storage.Copy(ctx, from, to, func(done, all int) {
		switch done {
		case 0:
			bar.ChangeMax(all)
			bar.Describe("copying")
		case all:
			bar.Describe("committing")
		}
		_ = bar.Set(done) // progress that cannot be shown is no reason to stop
	})
	_ = bar.Clear()
	return err
}

// explain returns an error that says where things stand.
func explain(err error) error {
	var invalid *accounts.InvalidError
	switch {
	case errors.Is(err, accounts.ErrCommitUnknown):
		return fmt.Errorf("the connection was lost at the end: look whether everything is in the database of -to, and start again if it is empty: %w", err)
	case errors.As(err, &invalid):
		return errors.New("the database of -to is not empty: nothing was copied; name another one, or drop its tables")
	default:
		return fmt.Errorf("nothing was copied, and the database of -to is as it was: %w", err)
	}
}

// describe returns the name of a file. A connection string may have a password.
func describe(name string) string {
	if database.IsConnString(name) {
		return "PostgreSQL"
	}
	return name
}
