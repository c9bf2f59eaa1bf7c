package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"

	"github.com/clientele-go/clientele/accounts"
)

// serve creates the customers and stays up until ctx ends, the web server does, or somebody says quit. What goes wrong
// with a command is printed.
func serve(ctx context.Context, h *host, in io.Reader, out io.Writer) error {
	c := &console{host: h, out: out}
	for _, line := range customers {
		// A store that keeps things has them already.
		if err := c.run(ctx, line); err != nil && !errors.Is(err, accounts.ErrTaken) {
			return err
		}
	}
	_, port, err := net.SplitHostPort(h.addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\nServing http://mario.localhost:%s, http://pizza.localhost:%s, http://luigi.localhost:%s\n", port, port, port)
	fmt.Fprintf(out, "also by: curl -i -H 'Host: mario.localhost' http://%s/\n", h.addr)
	fmt.Fprint(out, "Type a command, such as: suspend mario billing. All of them: help\n\n")

	ctx, quit := context.WithCancel(ctx)
	defer quit()
	lines := readLines(ctx, in)
	for {
		select {
		case <-ctx.Done():
			fmt.Fprintln(out, "Stopping.")
			return nil
		case err := <-h.ended:
			h.ended <- err // for stop
			return nil
		case line, more := <-lines:
			if !more {
				fmt.Fprintln(out, "The input has ended; still serving. Ctrl-C stops.")
				lines = nil
				continue
			}
			switch err := c.run(ctx, line); {
			case errors.Is(err, errQuit):
				quit()
			case err != nil:
				fmt.Fprintln(out, "     error:", err)
			}
		}
	}
}

// readLines hands over the lines of in until it or ctx ends. A reader that blocks is left behind: only the end of the
// program frees who waits for a keyboard.
func readLines(ctx context.Context, in io.Reader) <-chan string {
	lines := make(chan string)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(in); s.Scan(); {
			select {
			case lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}
