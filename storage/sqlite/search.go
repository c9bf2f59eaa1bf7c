package sqlite

import (
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// The index of searches, clientele_search, has the trigrams of each search text. It only narrows a search: every row that it
// finds is asked whether it has the term, so that entries of changed or removed rows do no harm. Adding to it takes five times
// as long as all else that a small command does, so that commands put texts into clientele_search_pending, and the one that
// fills it moves them.
const maxPendingTexts = 256

const (
	// rowsWithTerm selects the rows that may have a term. A term that is too short for a trigram may be in any row.
	rowsWithTerm = `(
    SELECT rowid AS row FROM clientele_search WHERE clientele_search MATCH :match
    UNION ALL
    SELECT p.row FROM clientele_search_pending AS p WHERE instr(p.text, :term) > 0
    UNION ALL
    SELECT rowid FROM clientele_search WHERE length(replace(:term, ' ', '  ')) < 3
)`

	countPending = `SELECT count(*) FROM clientele_search_pending`

	// With two blanks before each word, the beginnings of one and two characters are trigrams as well.
	deleteIndexed = `DELETE FROM clientele_search WHERE rowid IN (SELECT row FROM clientele_search_pending)`
	insertIndexed = `
INSERT INTO clientele_search (rowid, text)
SELECT row, replace(text, ' ', '  ') FROM clientele_search_pending WHERE text <> '' ORDER BY row`
	deletePending = `DELETE FROM clientele_search_pending`
)

// maxTrigrams is the number of trigrams of a term that are looked up: others would hardly narrow the search any further.
const maxTrigrams = 6

// matchesNothing is a query of FTS5 that finds no row, because no search text has control characters in a row.
const matchesNothing = "\"\x01\x01\x01\""

// matchQuery returns the query of FTS5 for the rows that may have a term, unless that is too short.
func matchQuery(term string) string {
	text := []rune(strings.ReplaceAll(term, " ", "  "))
	last := len(text) - 3 // the beginning of the last trigram
	if last < 0 {
		return matchesNothing
	}
	n := min(last+1, maxTrigrams)
	trigrams := make([]string, n)
	for i := range trigrams {
		from := 0
		if n > 1 {
			from = i * last / (n - 1)
		}
		trigrams[i] = `"` + strings.ReplaceAll(string(text[from:from+3]), `"`, `""`) + `"`
	}
	return strings.Join(trigrams, " AND ")
}

// pendingText is a search text that is to be indexed.
type pendingText struct {
	level int
	id    int64
	text  string // empty: the row was removed
}

// rowNumber returns the number of a row among those of all levels.
func rowNumber(level int, id int64) int64 { return id<<2 | int64(level) }

var pendingTable = table[pendingText]{"clientele_search_pending", []string{"row", "text"}, func(p pendingText) []any {
	return []any{rowNumber(p.level, p.id), p.text}
}}

// pendingTexts returns the texts of the rows that w writes.
func pendingTexts(w accounts.Writes) []pendingText {
	var all []pendingText
	for _, rows := range [][]accounts.Record{w.AddAccounts, w.UpdateAccounts} {
		for _, r := range rows {
			all = append(all, pendingText{levelAccount, int64(r.ID), r.SearchText()})
		}
	}
	for _, r := range w.AddSubscriptions {
		all = append(all, pendingText{levelSubscription, int64(r.ID), r.SearchText()})
	}
	for _, r := range w.UpdateSubscriptions {
		all = append(all, pendingText{levelSubscription, int64(r.ID), r.SearchText()})
	}
	for _, d := range w.AddDomains {
		all = append(all, pendingText{levelDomain, int64(d.ID), d.SearchText()})
	}
	for _, d := range w.UpdateDomains {
		all = append(all, pendingText{levelDomain, int64(d.ID), d.SearchText()})
	}
	for _, id := range w.RemoveAccounts {
		all = append(all, pendingText{levelAccount, int64(id), ""})
	}
	for _, id := range w.RemoveSubscriptions {
		all = append(all, pendingText{levelSubscription, int64(id), ""})
	}
	for _, id := range w.RemoveDomains {
		all = append(all, pendingText{levelDomain, int64(id), ""})
	}
	return all
}

// saveTexts makes the rows that w writes known to searches.
func (t *transaction) saveTexts(w accounts.Writes) error {
	texts := pendingTexts(w)
	if len(texts) == 0 {
		return nil
	}
	if err := insert(t, pendingTable, "INSERT OR REPLACE", texts); err != nil {
		return err
	}
	pending, err := queryIn(t, (*countRow).fields, countPending)
	if err != nil || pending[0].Count < maxPendingTexts {
		return err
	}
	for _, statement := range []string{deleteIndexed, insertIndexed, deletePending} {
		if err := t.exec(anyRowCount, statement); err != nil {
			return err
		}
	}
	return nil
}
