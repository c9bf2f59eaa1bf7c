package keyset

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEncodeAndDecode(t *testing.T) {
	for _, p := range []Position{
		{},
		{ID: 1},
		{At: time.Date(2026, 3, 2, 9, 0, 0, 123456000, time.UTC), ID: 1 << 60},
		{At: time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC), Key: "straße"},
		{At: time.Date(1970, 1, 1, 0, 0, 0, 0, time.UTC)},
		{At: time.Date(9998, 12, 31, 23, 59, 59, 999999000, time.UTC)},
	} {
		got, ok := Decode(Encode("a list", "filters", p), "a list", "filters")
		require.True(t, ok, p)
		assert.Equal(t, p, got)
	}
	start, ok := Decode("", "a list", "filters")
	assert.True(t, ok)
	assert.Zero(t, start)
}

func TestDecodeRejectsOtherCursors(t *testing.T) {
	cursor := Encode("a list", "filters", Position{ID: 5, Key: "key"})
	for name, c := range map[string]struct {
		cursor  string
		list    string
		filters string
	}{
		"another list":         {cursor, "another", "filters"},
		"other filters":        {cursor, "a list", "others"},
		"truncated":            {cursor[:len(cursor)-2], "a list", "filters"},
		"one byte":             {cursor[:2], "a list", "filters"},
		"appended bytes":       {cursor + "AA", "a list", "filters"},
		"not base64":           {"%%%", "a list", "filters"},
		"padded":               {cursor + "=", "a list", "filters"},
		"zeros":                {base64.RawURLEncoding.EncodeToString(make([]byte, 20)), "a list", "filters"},
		"newline":              {cursor[:4] + "\n" + cursor[4:], "a list", "filters"},
		"too long":             {string(make([]byte, 1<<20)), "a list", "filters"},
		"before 1970":          {Encode("a list", "filters", Position{At: time.Date(1969, 12, 31, 23, 59, 59, 0, time.UTC)}), "a list", "filters"},
		"after 9998":           {Encode("a list", "filters", Position{At: time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)}), "a list", "filters"},
		"key with NUL":         {Encode("a list", "filters", Position{Key: "\x00"}), "a list", "filters"},
		"key of invalid UTF-8": {Encode("a list", "filters", Position{Key: "\xff"}), "a list", "filters"},
	} {
		_, ok := Decode(c.cursor, c.list, c.filters)
		assert.False(t, ok, name)
	}
}

// Decode never panics, and an accepted position does not change when it is encoded and decoded again.
func FuzzCursor(f *testing.F) {
	f.Add(Encode("a list", nil, Position{ID: 1, Key: "a"}))
	f.Add("")
	f.Add("AAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, given string) {
		p, ok := Decode(given, "a list", nil)
		if ok && given != "" {
			again, ok := Decode(Encode("a list", nil, p), "a list", nil)
			require.True(t, ok)
			require.Equal(t, p, again)
		}
	})
}
