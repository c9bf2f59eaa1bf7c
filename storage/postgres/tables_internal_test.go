package postgres

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// pair is a row of a table with two columns.
type pair struct{ a, b string }

var pairTable = table[pair]{"clientele.pairs", 1, []column[pair]{
	text("a", func(p pair) string { return p.a }),
	text("b", func(p pair) string { return p.b }),
}}

// A value that all rows have in common is sent once; values that differ are sent for each row.
func TestConstantColumnsAreSentOnce(t *testing.T) {
	for _, c := range []struct {
		rows      []pair
		statement string
		args      []any
	}{
		{
			[]pair{{"x", "y"}},
			"INSERT INTO clientele.pairs (\n    a, b)\nVALUES (\n    $1::text, $2::text)",
			[]any{"x", "y"},
		},
		{
			[]pair{{"x", "y"}, {"z", "y"}},
			"INSERT INTO clientele.pairs (\n    a, b)\nSELECT\n    r.a, $2::text\nFROM unnest($1::text[]) WITH ORDINALITY\n    AS r(a, ordinality)\nORDER BY r.ordinality",
			[]any{`{"x","z"}`, "y"},
		},
		{
			[]pair{{"x", "y"}, {"x", "y"}, {"x", "y"}},
			"INSERT INTO clientele.pairs (\n    a, b)\nSELECT\n    $1::text, r.b\nFROM unnest($2::text[]) WITH ORDINALITY\n    AS r(b, ordinality)\nORDER BY r.ordinality",
			[]any{"x", `{"y","y","y"}`},
		},
	} {
		statement, args := pairTable.insert(c.rows, 0)
		require.Equal(t, c.statement, statement)
		require.Equal(t, c.args, args)
	}
	statement, args := pairTable.update([]pair{{"x", "y"}}, 0)
	require.Equal(t, "UPDATE clientele.pairs AS t SET\n    b = $2::text\nWHERE t.a = $1::text", statement)
	require.Equal(t, []any{"x", "y"}, args)
	statement, args = pairTable.delete([]pair{{"x", ""}, {"z", ""}}, 0)
	require.Equal(t, "DELETE FROM clientele.pairs AS t\nUSING unnest($1::text[]) WITH ORDINALITY\n    AS r(a, ordinality)\nWHERE t.a = r.a", statement)
	require.Equal(t, []any{`{"x","z"}`}, args)
}
