package memory

import (
	"context"
	"iter"
	"slices"

	"github.com/tidwall/btree"
)

// list is a query for rows. If its rows are not in the order of the list, page first collects the matching rows and then
// sorts them. If few rows match, following the index of the order instead takes several times as long, because its rows
// are scattered in memory.
type list[R any] struct {
	rows    iter.Seq[*R] // each row once
	ordered bool         // rows are in the order of the list
	compare func(a, b *R) int
	after   *R // the page begins after it; nil: at the first row
	keep    func(*R) bool
}

// page returns the first limit rows after l.after that l.keep accepts.
func (l list[R]) page(ctx context.Context, limit int) ([]*R, error) {
	var found []*R
	check := ctxChecker{ctx: ctx}
	for row := range l.rows {
		if check.done() || l.ordered && len(found) >= limit {
			break
		}
		if (l.after == nil || l.compare(row, l.after) > 0) && l.keep(row) {
			found = append(found, row)
		}
	}
	if ctx.Err() != nil {
		return nil, unavailable(ctx)
	}
	if !l.ordered {
		slices.SortFunc(found, l.compare)
	}
	return found[:min(limit, len(found))], nil
}

// count returns the number of rows that l.keep accepts, but not more than atMost; 0 means no bound. It ignores l.after.
func (l list[R]) count(ctx context.Context, atMost int) (int, error) {
	n := 0
	check := ctxChecker{ctx: ctx}
	for row := range l.rows {
		if check.done() || atMost > 0 && n >= atMost {
			break
		}
		if l.keep(row) {
			n++
		}
	}
	if ctx.Err() != nil {
		return 0, unavailable(ctx)
	}
	return n, nil
}

// ctxChecker checks a ctx once in 1,024 rows, because a check takes longer than a row.
type ctxChecker struct {
	ctx  context.Context //nolint:containedctx // lasts as long as one list
	rows int
}

// done counts one row. It reports whether the ctx has ended, or false if it does not check at this row.
func (c *ctxChecker) done() bool {
	c.rows++
	return c.rows%1024 == 0 && c.ctx.Err() != nil
}

// iterate returns the rows of t, in ascending or descending order, beginning with from. A nil from means all rows.
func iterate[R any](t *btree.BTreeG[*R], from *R, desc bool) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		switch {
		case from == nil && desc:
			t.Reverse(yield)
		case from == nil:
			t.Scan(yield)
		case desc:
			t.Descend(from, yield)
		default:
			t.Ascend(from, yield)
		}
	}
}

// lookUp returns the rows with the given ids that exist, sorted by id and without duplicates.
func lookUp[ID ~int64, R any](t *btree.Map[ID, *R], ids []ID) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		for _, id := range sortedUnique(ids) {
			if row, found := t.Get(id); found && !yield(row) {
				return
			}
		}
	}
}

// all returns all rows of t, by id.
func all[ID ~int64, R any](t *btree.Map[ID, *R]) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		t.Scan(func(_ ID, row *R) bool { return yield(row) })
	}
}

// reverse returns the reverse of an order.
func reverse[R any](compare func(a, b *R) int) func(a, b *R) int {
	return func(a, b *R) int { return compare(b, a) }
}

// worthIndexing reports whether it is faster to look up the held rows by their ids than to scan all rows. A look-up takes
// about as long as scanning 16 rows.
func worthIndexing(held, rows int) bool { return held <= rows/16 }
