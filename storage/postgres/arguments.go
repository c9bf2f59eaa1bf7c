package postgres

import (
	"regexp"
	"strconv"
	"strings"
)

// numbered are the values of the placeholders $1, $2 and so on of a statement.
type numbered []any

// bind appends value and returns its placeholder, such as $1::text.
func (n *numbered) bind(value any, sqlType string) string {
	*n = append(*n, value)
	return "$" + strconv.Itoa(len(*n)) + "::" + sqlType
}

// arguments are the values of the named arguments of a statement, such as :country::text.
type arguments map[string]any

var argumentName = regexp.MustCompile(`::?[a-z]+[0-9]*`)

// number returns the statement with its named arguments numbered, as the server expects them, and their values.
func (a arguments) number(statement string) (string, []any) {
	var values []any
	numbers := map[string]string{}
	text := argumentName.ReplaceAllStringFunc(statement, func(name string) string {
		if strings.HasPrefix(name, "::") { // a type
			return name
		}
		if numbers[name] == "" {
			values = append(values, a[name[1:]])
			numbers[name] = "$" + strconv.Itoa(len(values))
		}
		return numbers[name]
	})
	return text, values
}
