package postgres

import (
	"time"

	"github.com/clientele-go/clientele/subscriptions"
)

// holdWriteTable is the table to which the holds of a level are written.
type holdWriteTable struct {
	level subscriptions.Level
	table[subscriptions.HoldWrite]
}

// holdKeyTable is the table from which the holds of a level are deleted.
type holdKeyTable struct {
	level subscriptions.Level
	table[subscriptions.HoldKey]
}

var holdWriteTables = []holdWriteTable{
	newHoldWriteTable(subscriptions.LevelAccount),
	newHoldWriteTable(subscriptions.LevelSubscription),
	newHoldWriteTable(subscriptions.LevelDomain),
}

var holdKeyTables = []holdKeyTable{
	newHoldKeyTable(subscriptions.LevelAccount),
	newHoldKeyTable(subscriptions.LevelSubscription),
	newHoldKeyTable(subscriptions.LevelDomain),
}

func newHoldWriteTable(l subscriptions.Level) holdWriteTable {
	return holdWriteTable{l, table[subscriptions.HoldWrite]{"clientele." + string(l) + "_holds", 2, []column[subscriptions.HoldWrite]{
		number(string(l)+"_id", func(p subscriptions.HoldWrite) int64 { return p.ID }),
		text("cause", func(p subscriptions.HoldWrite) string { return string(p.Hold.Cause) }),
		text("note", func(p subscriptions.HoldWrite) string { return p.Hold.Note }),
		text("message", func(p subscriptions.HoldWrite) string { return p.Hold.Message }),
		text("public", func(p subscriptions.HoldWrite) string { return p.Hold.Public }),
		text("placed_by", func(p subscriptions.HoldWrite) string { return p.Hold.By }),
		timestamp("placed_at", func(p subscriptions.HoldWrite) time.Time { return p.Hold.At }),
	}}}
}

func newHoldKeyTable(l subscriptions.Level) holdKeyTable {
	return holdKeyTable{l, table[subscriptions.HoldKey]{"clientele." + string(l) + "_holds", 2, []column[subscriptions.HoldKey]{
		number(string(l)+"_id", func(e subscriptions.HoldKey) int64 { return e.ID }),
		text("cause", func(e subscriptions.HoldKey) string { return string(e.Cause) }),
	}}}
}

// onConflict returns the clause by which an insert replaces the hold with the same cause.
func (t holdWriteTable) onConflict() string {
	return "\nON CONFLICT (" + string(t.level) + "_id, cause) DO UPDATE SET note = excluded.note," +
		" message = excluded.message, public = excluded.public, placed_by = excluded.placed_by, placed_at = excluded.placed_at"
}
