package main

import (
	"errors"
	"slices"
	"strings"
)

// arguments are what follows a command's name: words, and options such as public="Back soon.".
type arguments struct {
	words   []string
	options map[string]string
}

// optionNames are the names that make a word with "=" an option.
var optionNames = []string{"message", "note", "password", "plan", "public"}

var errQuote = errors.New("a quotation mark has no partner")

// parse parts a line at its spaces, except between quotation marks. The first word is the command.
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

// cutWord answers the first word without its quotation marks, and what follows it.
func cutWord(line string) (word, rest string, err error) {
	var b strings.Builder
	quoted := false
	for i, r := range line {
		switch {
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ' ' || r == '\t'):
			return b.String(), line[i:], nil
		default:
			b.WriteRune(r)
		}
	}
	if quoted {
		return "", "", errQuote
	}
	return b.String(), "", nil
}
