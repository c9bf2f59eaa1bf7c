package lists_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/internal/lists"
	"github.com/clientele-go/clientele/subscriptions"
)

// names are statements that only have a name.
type names struct{}

func (names) All() string { return "all" }

func (names) Walk(rows int) (selection, more string) { return fmt.Sprint("walk ", rows), "more" }

func (names) Found(find string, tests []string) string {
	find = strings.Join(strings.Fields(strings.NewReplacer("SELECT * FROM (", "", ") AS found", "").Replace(find)), " ")
	return "find " + find + " and test " + strings.Join(tests, ", ")
}

// database is a table in which a number of rows fulfil each condition, of which walks find some.
type database struct {
	rows    map[string]int
	short   int // rows that the short walk finds
	long    int // rows that a long walk finds
	end     int // the number of rows in the table; 0: more than walks read
	failing string
	ran     []string
}

var errFailed = errors.New("failed")

func (d *database) run(statement, columns string) (rows int, more bool, err error) {
	d.ran = append(d.ran, statement)
	if statement == d.failing {
		return 0, false, errFailed
	}
	var length int
	if _, err := fmt.Sscanf(statement, "walk %d", &length); err != nil {
		return 0, false, nil //nolint:nilerr // it is no walk
	}
	if columns != "more" {
		return 0, false, errors.New("a walk needs its column")
	}
	rows = d.long
	if length == 10 {
		rows = d.short
	}
	return rows, d.end == 0 || length < d.end, nil
}

func (d *database) count(find string, atMost int) (int, error) {
	statement := fmt.Sprintf("count %s to %d", find, atMost)
	d.ran = append(d.ran, statement)
	if statement == d.failing {
		return 0, errFailed
	}
	return min(d.rows[find], atMost), nil
}

func TestLists(t *testing.T) {
	a, b := lists.Condition{Test: "is a", Find: "a"}, lists.Condition{Test: "is b", Find: "b"}
	active := lists.Condition{Test: "is active", Find: "active", Size: lists.Most}
	ids := lists.Condition{Test: "has id", Find: "ids", Size: lists.Few}
	for name, c := range map[string]struct {
		conditions []lists.Condition
		whole      bool
		limit      int
		findsAll   bool // the database finds all rows to count them
		database
		want []string
	}{
		"no conditions": {limit: 5, want: []string{"all"}},
		"few rows are within": {
			whole: true, conditions: []lists.Condition{a}, limit: 5,
			want: []string{"all"},
		},
		"ids": {
			conditions: []lists.Condition{a, ids, b}, limit: 5,
			want: []string{"find ids and test is a, is b"},
		},
		"the short walk fills the page": {
			conditions: []lists.Condition{a}, limit: 5, database: database{short: 5},
			want: []string{"walk 10"},
		},
		"the short walk reads the whole table": {
			conditions: []lists.Condition{a}, limit: 5, database: database{end: 8},
			want: []string{"walk 10"},
		},
		"the second condition is rare": {
			conditions: []lists.Condition{a, active, b}, limit: 5, database: database{rows: map[string]int{"a": 200, "b": 100}},
			want: []string{"walk 10", "count a to 101", "count b to 101", "find b and test is a, is active"},
		},
		"a walk is shorter than what is found": {
			conditions: []lists.Condition{a}, limit: 5, database: database{short: 1, long: 5, rows: map[string]int{"a": 90}},
			want: []string{"walk 10", "count a to 51", "walk 100"},
		},
		"a walk is shorter, and counting takes longer": {
			conditions: []lists.Condition{a}, limit: 5, findsAll: true, database: database{short: 1, long: 5},
			want: []string{"walk 10", "walk 100"},
		},
		"a walk seems to be shorter": {
			conditions: []lists.Condition{a}, limit: 5, database: database{short: 1, long: 4, rows: map[string]int{"a": 90}},
			want: []string{"walk 10", "count a to 51", "walk 100", "count a to 101", "find a and test "},
		},
		"counting takes longer than a walk, which finds nothing": {
			conditions: []lists.Condition{a}, limit: 5, findsAll: true, database: database{rows: map[string]int{"a": 90}},
			want: []string{"walk 10", "count a to 101", "find a and test "},
		},
		"nothing is rare": {
			conditions: []lists.Condition{a, b, active}, limit: 5, database: database{rows: map[string]int{"a": 500, "b": 500}},
			want: []string{"walk 10", "count a to 101", "count b to 101", "walk 100", "find a INTERSECT b INTERSECT active and test "},
		},
		"a long page": {
			conditions: []lists.Condition{active}, limit: 50, database: database{long: 50},
			want: []string{"walk 10", "walk 200"},
		},
		"everything": {
			conditions: []lists.Condition{a}, database: database{rows: map[string]int{"a": 500}},
			want: []string{"count a to 101", "find a and test "},
		},
		"a count with a high bound": {
			conditions: []lists.Condition{a}, limit: 50_001, database: database{rows: map[string]int{"a": 50}},
			want: []string{"count a to 101", "find a and test "},
		},
		"a walk fails": {
			conditions: []lists.Condition{a}, limit: 5, database: database{failing: "walk 10"},
			want: []string{"walk 10"},
		},
		"a count fails": {
			conditions: []lists.Condition{a}, limit: 5, database: database{failing: "count a to 101"},
			want: []string{"walk 10", "count a to 101"},
		},
		"the last statement fails": {
			conditions: []lists.Condition{ids}, limit: 5, database: database{failing: "find ids and test "},
			want: []string{"find ids and test "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			l, d := lists.List{Conditions: c.conditions, Whole: c.whole}, c.database
			steps := lists.Steps{ShortWalk: 10, LongWalk: 100, Found: 100, CountsStop: !c.findsAll}
			err := l.Read(names{}, steps, c.limit, lists.Reader{Run: d.run, Count: d.count})
			require.Equal(t, c.want, d.ran)
			if c.failing != "" {
				require.ErrorIs(t, err, errFailed)
				return
			}
			require.NoError(t, err)
		})
	}
}

// The longest term comes first, and each has arguments of its own.
func TestSearch(t *testing.T) {
	l := lists.List{Alias: "a", Arguments: map[string]any{}}
	terms := []subscriptions.SearchTerm{{Text: "17", ID: 17}, {Text: "rossi"}}
	l.Search(terms, "has :term", "SELECT :term, :match", func(text string) map[string]any {
		return map[string]any{"term": "%" + text, "match": text}
	})
	require.Equal(t, []lists.Condition{
		{Test: "has :term1", Find: "SELECT :term1, :match1"},
		{
			Test: "(a.id = CAST(:id2 AS bigint) OR has :term2)",
			Find: "SELECT :term2, :match2\nUNION ALL\nSELECT CAST(:id2 AS bigint)",
		},
	}, l.Conditions)
	require.Equal(t, map[string]any{"term1": "%rossi", "match1": "rossi", "term2": "%17", "match2": "17", "id2": int64(17)}, l.Arguments)
}

func TestClauses(t *testing.T) {
	l := lists.List{Key: []string{"a.name", "a.id"}, Within: []string{"a.x = 1"}}
	require.Equal(t, []string{"a.x = 1"}, l.Start())
	require.Equal(t, "\nORDER BY a.name, a.id", l.Order())
	l.After, l.Desc = []string{":name", ":id"}, true
	require.Equal(t, []string{"a.x = 1", "(a.name, a.id) < (:name, :id)"}, l.Start())
	require.Equal(t, "\nORDER BY a.name DESC, a.id DESC", l.Order())
	require.Empty(t, lists.Where(nil, nil))
	require.Equal(t, "\nWHERE a\n    AND b", lists.Where([]string{"a"}, nil, []string{"b"}))
}
