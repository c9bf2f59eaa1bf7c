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

// serve creates the customers and runs the commands read from in until ctx is done, the web server fails, or the command
// is quit. It prints the errors of commands.
func serve(ctx context.Context, a *app, in io.Reader, s screen) error {
	c := &console{app: a, screen: s}
	if err := c.createCustomers(ctx); err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	stdin := readLines(ctx, in)
	interactive := isTerminal(in)
	for {
		if interactive {
			fmt.Fprint(c.out, c.paint(bold, "> "))
		}
		select {
		case <-ctx.Done():
			if interactive {
				c.print("") // end the line of the prompt
			}
			c.print("Stopping.")
			return nil
		case err := <-a.serveErr:
			a.serveErr <- err // for stop
			return nil
		case line, more := <-stdin.lines:
			if !more {
				c.print("End of input%s. Still serving; press Ctrl-C to stop.", stdin.reason())
				stdin.lines, interactive = nil, false
				continue
			}
			switch err := c.run(ctx, line); {
			case errors.Is(err, errQuit):
				quit()
				interactive = false
			case err != nil:
				c.printResult("%s %v", c.paint(red, "error:"), err)
			}
		}
	}
}

// createCustomers creates the customers and prints the addresses of their sites.
func (c *console) createCustomers(ctx context.Context) error {
	for _, line := range customers {
		c.echo(line)
		switch err := c.run(ctx, line); {
		case errors.Is(err, accounts.ErrTaken):
			c.printResult("already exists")
		case err != nil:
			return err
		}
	}
	_, port, err := net.SplitHostPort(c.addr)
	if err != nil {
		return err
	}
	c.print("\nServing http://mario.localhost:%s", port)
	c.print("        http://pizza.localhost:%s", port)
	c.print("        http://luigi.localhost:%s", port)
	c.print("or:     curl -i -H 'Host: mario.localhost' http://%s/", c.addr)
	c.print("\nEnter a command, such as: suspend mario billing")
	c.print("For all commands: help\n")
	return nil
}

// lineReader sends the lines of a reader to a channel.
type lineReader struct {
	lines chan string
	err   error // the read error, set before lines is closed
}

// readLines sends the lines of in until its end or until ctx is done. The goroutine leaks if a read blocks: a read from a
// terminal cannot be canceled.
func readLines(ctx context.Context, in io.Reader) *lineReader {
	r := &lineReader{lines: make(chan string)}
	go func() {
		defer close(r.lines)
		s := bufio.NewScanner(in)
		for s.Scan() {
			select {
			case r.lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
		r.err = s.Err()
	}()
	return r
}

// reason returns the read error in parentheses, or "" at the end of the input.
func (r *lineReader) reason() string {
	if r.err == nil {
		return ""
	}
	return fmt.Sprintf(" (%v)", r.err)
}
