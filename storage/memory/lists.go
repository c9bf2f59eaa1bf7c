package memory

import (
	"context"
	"iter"
	"slices"

	"github.com/tidwall/btree"
)

// list is a listing of rows: where to look, and for what. Where the rows come in another order than the list's, it goes
// in two phases: find, then sort what was found. Following the list's order through rows that lie scattered in memory
// takes several times as long when few of them are wanted.
type list[R any] struct {
	rows    iter.Seq[*R] // each row once
	ordered bool         // they come in the list's order
	compare func(a, b *R) int
	from    *R // the page begins behind it; nil: at the first row
	keep    func(*R) bool
}

// page answers the first rows, at most limit.
func (l list[R]) page(ctx context.Context, limit int) ([]*R, error) {
	var found []*R
	p := pace{ctx: ctx}
	for row := range l.rows {
		if p.ended() || l.ordered && len(found) >= limit {
			break
		}
		if (l.from == nil || l.compare(row, l.from) > 0) && l.keep(row) {
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

// count answers how many rows there are, wherever the page begins, and stops at atMost (0: no bound).
func (l list[R]) count(ctx context.Context, atMost int) (int, error) {
	n := 0
	p := pace{ctx: ctx}
	for row := range l.rows {
		if p.ended() || atMost > 0 && n >= atMost {
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

// pace looks at a ctx now and then, because looking for each row would take longer than the row.
type pace struct {
	ctx  context.Context
	rows int
}

func (p *pace) ended() bool {
	p.rows++
	return p.rows%1024 == 0 && p.ctx.Err() != nil
}

// walk answers the rows of an order from a row on, upwards or downwards; all of them if it is nil.
func walk[R any](t *btree.BTreeG[*R], from *R, desc bool) iter.Seq[*R] {
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

// lookUp answers the rows of those ids that there are, each once.
func lookUp[ID ~int64, R any](t *btree.Map[ID, *R], ids []ID) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		for _, id := range ascending(ids) {
			if row, found := t.Get(id); found && !yield(row) {
				return
			}
		}
	}
}

// all answers the values of a table by key.
func all[ID ~int64, R any](t *btree.Map[ID, *R]) iter.Seq[*R] {
	return func(yield func(*R) bool) {
		t.Scan(func(_ ID, row *R) bool { return yield(row) })
	}
}

// reversed answers the opposite order.
func reversed[R any](compare func(a, b *R) int) func(a, b *R) int {
	return func(a, b *R) int { return compare(b, a) }
}

// rare tells whether it pays to start from the held rows rather than to go through all rows: finding a row by its id
// takes about as long as going past this many.
func rare(held, rows int) bool { return held <= rows/16 }
