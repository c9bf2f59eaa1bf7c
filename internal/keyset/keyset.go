// Package keyset encodes positions in lists as opaque cursors, for paging that does not slow down with depth.
package keyset

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele-go/clientele/internal/input"
)

// Position is the row after which a page begins. Which fields count depends on the order of the list.
type Position struct {
	At  time.Time
	Key string
	ID  int64
}

const (
	checkLength     = 8    // bytes of the checksum
	maxCursorLength = 4096 // bytes; every cursor of the library is shorter
)

// Encode returns the cursor of a position in a list. The list's name and the filters, which must marshal as JSON, become
// part of a checksum, so that the cursor fits no other list.
func Encode(list string, filters any, p Position) string {
	payload := binary.AppendVarint(nil, p.ID)
	payload = binary.AppendVarint(payload, p.At.UnixMicro())
	payload = append(payload, p.Key...)
	return base64.RawURLEncoding.EncodeToString(append(check(list, filters, payload), payload...))
}

// Decode returns the position that a cursor encodes, the zero Position for the empty one. It reports false if the cursor
// was not issued for this list and these filters.
func Decode(cursor, list string, filters any) (Position, bool) {
	if cursor == "" {
		return Position{}, true
	}
	if len(cursor) > maxCursorLength {
		return Position{}, false
	}
	raw, ok := input.Decode(base64.RawURLEncoding, cursor)
	if !ok || len(raw) < checkLength {
		return Position{}, false
	}
	payload := raw[checkLength:]
	if !bytes.Equal(raw[:checkLength], check(list, filters, payload)) {
		return Position{}, false
	}
	id, n := binary.Varint(payload)
	if n <= 0 {
		return Position{}, false
	}
	micros, m := binary.Varint(payload[n:])
	if m <= 0 {
		return Position{}, false
	}
	key := string(payload[n+m:])
	at := time.UnixMicro(micros).UTC()
	valid := utf8.ValidString(key) && !strings.Contains(key, "\x00") && input.IsTime(at)
	return Position{At: at, Key: key, ID: id}, valid
}

// Page splits rows that were read with a limit one higher than the page's into the page and the cursor of the next one,
// which is that of the page's last item. At the end of the list, the cursor is empty.
func Page[T any](rows []T, limit int, cursor func(last T) string) (items []T, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], cursor(rows[limit-1])
}

func check(list string, filters any, payload []byte) []byte {
	hash := sha256.New()
	hash.Write([]byte(list))
	// The filters are plain structs of the library, which always marshal.
	_ = json.NewEncoder(hash).Encode(filters)
	hash.Write(payload)
	return hash.Sum(nil)[:checkLength]
}
