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
