package postgres

import (
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// placedTable is where the holds of a level are written.
type placedTable struct {
	level subscriptions.Level
	table[subscriptions.HoldWrite]
}

// liftedTable is the same where holds are deleted.
type liftedTable struct {
	level subscriptions.Level
	table[subscriptions.HoldKey]
}

var placedTables = []placedTable{
	newPlacedTable(subscriptions.LevelAccount),
	newPlacedTable(subscriptions.LevelSubscription),
	newPlacedTable(subscriptions.LevelDomain),
}

var liftedTables = []liftedTable{
	newLiftedTable(subscriptions.LevelAccount),
	newLiftedTable(subscriptions.LevelSubscription),
	newLiftedTable(subscriptions.LevelDomain),
}

func newPlacedTable(l subscriptions.Level) placedTable {
	return placedTable{l, table[subscriptions.HoldWrite]{"clientele." + string(l) + "_holds", 2, []column[subscriptions.HoldWrite]{
		number(string(l)+"_id", func(p subscriptions.HoldWrite) int64 { return p.ID }),
		text("cause", func(p subscriptions.HoldWrite) string { return string(p.Hold.Cause) }),
		text("note", func(p subscriptions.HoldWrite) string { return p.Hold.Note }),
		text("message", func(p subscriptions.HoldWrite) string { return p.Hold.Message }),
		text("public", func(p subscriptions.HoldWrite) string { return p.Hold.Public }),
		text("placed_by", func(p subscriptions.HoldWrite) string { return p.Hold.By }),
		moment("placed_at", func(p subscriptions.HoldWrite) time.Time { return p.Hold.At }),
	}}}
}

func newLiftedTable(l subscriptions.Level) liftedTable {
	return liftedTable{l, table[subscriptions.HoldKey]{"clientele." + string(l) + "_holds", 2, []column[subscriptions.HoldKey]{
		number(string(l)+"_id", func(f subscriptions.HoldKey) int64 { return f.ID }),
		text("cause", func(f subscriptions.HoldKey) string { return string(f.Cause) }),
	}}}
}

// replacing makes an insert take the place of the hold of the same cause.
func (t placedTable) replacing() string {
	return "\nON CONFLICT (" + string(t.level) + "_id, cause) DO UPDATE SET note = excluded.note," +
		" message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at"
}
