package subscriptions

import (
	"time"

	"github.com/clientele-go/clientele/internal/keyset"
)

// Cursor is an opaque position in a list or in the event log; the empty one is the start. A cursor of a list fits only that
// list with the same order and filters; otherwise the call returns ErrInvalid at "after". A cursor of an event fits every
// selection of events. A cursor reveals nothing that its list did not show, so it is not a secret.
type Cursor string

// Position is the row after which a page begins, in the direction of the list. The zero Position is the start of the list
// in either direction.
type Position struct {
	At  time.Time // set in lists by creation
	Key string    // set in lists by a text: a login, a folded name, the name of a domain
	ID  int64     // set in lists by creation and by folded names; breaks ties
}

func newCursor(list string, filters any, p Position) Cursor {
	return Cursor(keyset.Encode(list, filters, keyset.Position(p)))
}

// position decodes c. It reports false if c was not issued for this list and these filters.
func (c Cursor) position(list string, filters any) (Position, bool) {
	p, ok := keyset.Decode(string(c), list, filters)
	return Position(p), ok
}
