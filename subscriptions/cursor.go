package subscriptions

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// Cursor is an opaque place in a list or in the log of events. It fits only the list, order and filters that it came
// from; the empty one is the start. A cursor tells nothing that its list did not show, so it is not secret.
type Cursor string

const checkLength = 8

// NewCursor answers the cursor of a position in a list. The filters, whatever marshals as JSON, and the list's name
// become part of a checksum, so that the cursor fits nothing else.
func NewCursor(list string, filters any, p Position) Cursor {
	payload := binary.AppendVarint(nil, p.ID)
	payload = binary.AppendVarint(payload, p.At.UnixMicro())
	payload = append(payload, p.Key...)
	return Cursor(base64.RawURLEncoding.EncodeToString(append(check(list, filters, payload), payload...)))
}

// Position answers where a cursor points to, the start for the empty one; false if it is none of this list and filters.
func (c Cursor) Position(list string, filters any) (Position, bool) {
	if c == "" {
		return Position{}, true
	}
	if len(c) > 4096 { // longer than any cursor of ours
		return Position{}, false
	}
	raw, ok := input.Decode(base64.RawURLEncoding, string(c))
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
	valid := utf8.ValidString(key) && !strings.Contains(key, "\x00") && at.Year() >= 1 && at.Year() <= 9999
	return Position{At: at, Key: key, ID: id}, valid
}

// Trim parts what a store answered, asked for one item more than the limit, into a page and the cursor of the next one,
// which is that of its last item; "" at the end.
func Trim[T any](items []T, limit int, cursor func(last T) Cursor) ([]T, Cursor) {
	if len(items) <= limit {
		return items, ""
	}
	return items[:limit], cursor(items[limit-1])
}

func check(list string, filters any, payload []byte) []byte {
	hash := sha256.New()
	hash.Write([]byte(list))
	// The filters are plain structs of the library's own, so encoding them cannot fail.
	_ = json.NewEncoder(hash).Encode(filters)
	hash.Write(payload)
	return hash.Sum(nil)[:checkLength]
}
