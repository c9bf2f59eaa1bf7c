package stored_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/internal/stored"
)

func TestMapsAreWrittenAsJSON(t *testing.T) {
	for _, m := range []map[string]string{
		{"key": "value"},
		{"b": "2", "a": "1", "c": ""},
		{"quoted": `say "x" \ y`, "control": "\x00\x01\n\t\x7f", "umlaut": "ü🧑‍💻 ", "html": "<a&b>", "invalid": "\xff"},
	} {
		var got map[string]string
		require.NoError(t, json.Unmarshal([]byte(stored.MarshalMap(m)), &got))
		if m["invalid"] != "" {
			m["invalid"] = "\ufffd"
		}
		require.Equal(t, m, got)
	}
}

func TestNamesAreSplit(t *testing.T) {
	candidates, reversed := stored.NameLookups([]string{"a.example", "shop.b.example"})
	require.Equal(t, []string{"example.a", "example.b.shop"}, reversed)
	require.Subset(t, candidates, []string{"a.example", "shop.b.example", "b.example"})

	claimed := []string{"a.example", "b.example", "shop.b.example", "c.example", "shop.d.example"}
	for name, c := range map[string]struct {
		found              stored.Names
		taken, conflicting []string
	}{
		"nothing":                       {},
		"own names":                     {stored.Names{Existing: []string{"b.example", "c.example"}}, []string{"b.example", "c.example"}, nil},
		"another account's name above":  {stored.Names{Existing: []string{"d.example"}}, nil, []string{"shop.d.example"}},
		"another account's name below":  {stored.Names{Below: []string{"a.example"}}, nil, []string{"a.example"}},
		"another account's name itself": {stored.Names{Existing: []string{"c.example"}, Others: []string{"c.example"}}, []string{"c.example"}, nil},
		"one that is above another claimed one": {
			stored.Names{Existing: []string{"b.example"}, Others: []string{"b.example"}}, []string{"b.example"}, []string{"shop.b.example"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			taken, conflicting := c.found.Split(claimed)
			require.Equal(t, c.taken, taken)
			require.Equal(t, c.conflicting, conflicting)
		})
	}
}
