package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// screen is where the program prints: in colours on a terminal, plain elsewhere.
type screen struct {
	out     io.Writer
	colours bool
}

// newScreen answers a screen that paints on a terminal, unless the environment asks for none of that (no-color.org).
func newScreen(out io.Writer) screen {
	return screen{out: out, colours: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Colours, as terminals number them (ECMA-48, select graphic rendition).
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint answers the text in a colour.
func (s screen) paint(colour, text string) string {
	if !s.colours {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// print prints a line.
func (s screen) print(format string, args ...any) {
	fmt.Fprintln(s.out, strings.TrimRight(fmt.Sprintf(format, args...), " "))
}

// say prints a line of what a command did.
func (s screen) say(format string, args ...any) { s.print("     "+format, args...) }

// isTerminal tells whether somebody sits there. The null device looks like a terminal, and nobody does.
func isTerminal(file any) bool {
	f, ok := file.(*os.File)
	if !ok {
		return false
	}
	is, err := f.Stat()
	if err != nil || is.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(is, null)
}
