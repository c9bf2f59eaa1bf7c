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
func serve(ctx context.Context, h *host, in io.Reader, s screen) error {
	c := &console{host: h, screen: s}
	if err := c.begin(ctx); err != nil {
		return err
	}
	ctx, quit := context.WithCancel(ctx)
	defer quit()
	typed := read(ctx, in)
	asks := isTerminal(in)
	for {
		if asks {
			fmt.Fprint(c.out, c.paint(bold, "> "))
		}
		select {
		case <-ctx.Done():
			if asks {
				c.print("") // the line of the prompt
			}
			c.print("Stopping.")
			return nil
		case err := <-h.ended:
			h.ended <- err // for stop
			return nil
		case line, more := <-typed.lines:
			if !more {
				c.print("The input has ended%s; still serving. Ctrl-C stops.", typed.why())
				typed.lines, asks = nil, false
				continue
			}
			switch err := c.run(ctx, line); {
			case errors.Is(err, errQuit):
				quit()
				asks = false
			case err != nil:
				c.say("%s %v", c.paint(red, "error:"), err)
			}
		}
	}
}

// begin creates the customers and says where their sites are.
func (c *console) begin(ctx context.Context) error {
	for _, line := range customers {
		c.echo(line)
		switch err := c.run(ctx, line); {
		case errors.Is(err, accounts.ErrTaken):
			c.say("it was there already")
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
	c.print("\nType a command, such as: suspend mario billing")
	c.print("All of them: help\n")
	return nil
}

// input is what is typed, line by line.
type input struct {
	lines chan string
	err   error // why it ended, once lines is closed
}

// read hands over the lines of in until it or ctx ends. A reader that blocks is left behind: only the end of the program
// frees who waits for a keyboard.
func read(ctx context.Context, in io.Reader) *input {
	typed := &input{lines: make(chan string)}
	go func() {
		defer close(typed.lines)
		s := bufio.NewScanner(in)
		for s.Scan() {
			select {
			case typed.lines <- s.Text():
			case <-ctx.Done():
				return
			}
		}
		typed.err = s.Err()
	}()
	return typed
}

// why says what ended the input, if that was anything but its end.
func (i *input) why() string {
	if i.err == nil {
		return ""
	}
	return fmt.Sprintf(" (%v)", i.err)
}
