package postgres

import (
	"strconv"
	"strings"
	"time"
)

// Arrays go to the server as text, in the form of PostgreSQL's array literals, and are cast there ($1::bigint[]): no
// driver need know them, and rows of any number are one argument a column.

// timeLayout is how times are written: UTC, to the microsecond, from the year 1 to 9999.
const timeLayout = "2006-01-02T15:04:05.000000Z"

func instant(t time.Time) string { return t.UTC().Format(timeLayout) }

// numberArray answers an array of numbers.
func numberArray[N ~int64 | ~int](numbers []N) string {
	return array(numbers, func(b []byte, n N) []byte { return strconv.AppendInt(b, int64(n), 10) })
}

// textArray answers an array of texts.
func textArray(values []string) string {
	return array(values, appendText)
}

// array answers the array of what element appends for each row.
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

// appendText appends one element in quotes, so that it stands for itself whatever it contains.
func appendText(b []byte, text string) []byte {
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
