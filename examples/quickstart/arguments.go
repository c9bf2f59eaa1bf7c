package main

import (
	"errors"
	"slices"
	"strings"
)

// arguments are the words after the name of a command, and options such as public="Back soon.".
type arguments struct {
	words   []string
	options map[string]string
}

// optionNames are the options. A word with "=" after any other name is a plain word.
var optionNames = []string{"message", "note", "password", "plan", "public"}

var errQuote = errors.New("missing closing quotation mark")

// parse splits a line at spaces, except between quotation marks. The first word is the command.
func parse(line string) (command string, args arguments, err error) {
	args.options = map[string]string{}
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		var word string
		if word, line, err = cutWord(line); err != nil {
			return "", arguments{}, err
		}
		name, value, isOption := strings.Cut(word, "=")
		switch {
		case isOption && slices.Contains(optionNames, name):
			args.options[name] = value
		case command == "":
			command = word
		default:
			args.words = append(args.words, word)
		}
	}
	return command, args, nil
}

// cutWord returns the first word of line, without its quotation marks, and the rest of line.
func cutWord(line string) (word, rest string, err error) {
	var b strings.Builder
	inQuotes := false
	for i, r := range line {
		switch {
		case r == '"':
			inQuotes = !inQuotes
		case !inQuotes && (r == ' ' || r == '\t'):
			return b.String(), line[i:], nil
		default:
			b.WriteRune(r)
		}
	}
	if inQuotes {
		return "", "", errQuote
	}
	return b.String(), "", nil
}
