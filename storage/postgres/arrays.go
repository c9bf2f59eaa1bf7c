package postgres

import (
	"strconv"
	"strings"
	"time"
)

// Arrays are sent to the server as text, as PostgreSQL's array literals, and cast there ($1::bigint[]): drivers need no
// support for them, and any number of rows takes one argument for each column.

// timeLayout is the format of times: UTC with microseconds, from the year 1 to 9999.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func formatTime(t time.Time) string { return t.UTC().Format(timeLayout) }

// numberArray returns the array literal of numbers.
func numberArray[N ~int64 | ~int](numbers []N) string {
	return array(numbers, func(b []byte, n N) []byte { return strconv.AppendInt(b, int64(n), 10) })
}

// textArray returns the array literal of texts.
func textArray(values []string) string {
	return array(values, appendQuoted)
}

// array returns the array literal of the elements that element appends, one for each row.
func array[R any](rows []R, element func([]byte, R) []byte) string {
	b := make([]byte, 0, 2+16*len(rows))
	b = append(b, '{')
	for i, row := range rows {
		if i > 0 {
			b = append(b, ',')
		}
		b = element(b, row)
	}
	return string(append(b, '}'))
}

// appendQuoted appends one element in quotes and escapes it.
func appendQuoted(b []byte, text string) []byte {
	b = append(b, '"')
	for {
		i := strings.IndexAny(text, `"\`)
		if i < 0 {
			break
		}
		b = append(b, text[:i]...)
		b = append(b, '\\', text[i])
		text = text[i+1:]
	}
	b = append(b, text...)
	return append(b, '"')
}
