package main

import (
	"fmt"
	"io"
	"os"
	"strings"
)

// screen prints lines, in colours if the output is a terminal.
type screen struct {
	out     io.Writer
	colours bool
}

// newScreen returns a screen that prints to out. It uses colours if out is a terminal, unless NO_COLOR is set
// (no-color.org) or TERM is "dumb".
func newScreen(out io.Writer) screen {
	return screen{out: out, colours: isTerminal(out) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"}
}

// Colours, as parameters of the terminal sequence SGR (ECMA-48).
const (
	bold   = "1"
	faint  = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint returns the text in a colour.
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

// printResult prints an indented line, the result of a command.
func (s screen) printResult(format string, args ...any) { s.print("     "+format, args...) }

// isTerminal reports whether file is a terminal. The null device is a character device, too, but not a terminal.
func isTerminal(file any) bool {
	f, ok := file.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
