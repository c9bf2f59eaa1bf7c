package bench

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"github.com/uptrace/bun"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/keyset"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// arena is what the duels are fought on.
type arena struct {
	table
	ctx      context.Context
	accounts int // how many were seeded
	db       *bun.DB
	exec     ways
	prepared ways
	fresh    int         // accounts that were created so far
	large    accounts.ID // an account with 10,000 domains
	small    accounts.ID // an account with one
	taken    int         // accounts that were suspended or removed so far, from the last seeded one down
}

// actor is who does everything.
const actor = "anna"

// BenchmarkStore measures everything and prints the table in the end. Reads come first, because commands leave their
// traces in the tables.
func BenchmarkStore(b *testing.B) {
	a := newArena(b)
	a.reads(b)
	a.pages(b)
	a.searches(b)
	a.commands(b)
	var version string
	require.NoError(b, a.db.NewRaw("SELECT split_part(version(), ' ', 2)").Scan(a.ctx, &version))
	a.print(fmt.Sprintf("%d accounts, PostgreSQL %s, %s", a.accounts, version, machine()))
}

func newArena(b *testing.B) *arena {
	b.Helper()
	a := &arena{ctx: accounts.WithActor(b.Context(), actor), accounts: number(b)}
	dsn := serve(b, a.accounts)
	a.db = pgtest.Open(b, dsn, 1)
	a.exec, a.prepared = openWays(b, dsn, false, time.Now), openWays(b, dsn, true, time.Now)
	a.small, a.large = a.grown(b, 1), a.grown(b, 10_000)
	a.warm(b)
	return a
}

// grown answers a new account with so many domains.
func (a *arena) grown(b *testing.B, domains int) accounts.ID {
	b.Helper()
	in := customer(a.next())
	created, err := a.exec.clients.Create(a.ctx, in)
	require.NoError(b, err)
	for made := 1; made < domains; {
		more := subscriptions.New{AccountID: created.ID}
		for range min(1000, domains-made) {
			more.Domains = append(more.Domains, fmt.Sprintf("grown%d-%d.com", created.ID, made))
			made++
		}
		_, err := a.exec.subs.Create(a.ctx, more)
		require.NoError(b, err)
	}
	return created.ID
}

// warm reads the tables and what the reads need of the indexes into the server's memory, and uses both ways for a while:
// what is measured first would pay for the growing of the heap and of the pools.
func (a *arena) warm(b *testing.B) {
	b.Helper()
	_, err := a.db.ExecContext(a.ctx, `
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
SELECT pg_prewarm(c.oid) FROM pg_class AS c
WHERE c.relnamespace = 'clientele'::regnamespace AND c.relkind IN ('r', 'i') AND c.relname NOT LIKE 'events%'`)
	require.NoError(b, err)
	for n, begin := 0, time.Now(); time.Since(begin) < 3*time.Second; n++ {
		for _, w := range []ways{a.exec, a.prepared} {
			_, err = w.clients.Get(a.ctx, a.some(n))
			require.NoError(b, err)
			_, err = w.hand.get(a.ctx, a.some(n))
			require.NoError(b, err)
		}
	}
}

// next answers the number of a customer who is not there.
func (a *arena) next() int {
	a.fresh++
	return a.fresh
}

// some answers one of the seeded accounts, another one in each round.
func (a *arena) some(round int) accounts.ID {
	return accounts.ID(round*7919%a.accounts + 1)
}

// take answers so many of the seeded accounts that nobody was given, spread over a part of the table.
func (a *arena) take(b *testing.B, many int) []accounts.ID {
	b.Helper()
	ids := make([]accounts.ID, many)
	for i := range ids {
		ids[i] = accounts.ID(a.accounts - a.taken)
		a.taken++
	}
	if a.taken > a.accounts {
		b.Fatal("no accounts are left: set CLIENTELE_BENCH_ACCOUNTS higher")
	}
	return ids
}

// after answers the cursor behind an account. A host has it from the page before, which is a million rows away here.
func after(sort accounts.Sort, desc bool, a accounts.Account) accounts.Cursor {
	p := subscriptions.Position{At: a.CreatedAt, ID: int64(a.ID)}
	switch sort {
	case accounts.SortLogin:
		p = subscriptions.Position{Key: a.Login}
	case accounts.SortName:
		p = subscriptions.Position{Key: a.SortName(), ID: int64(a.ID)}
	default:
		sort = accounts.SortCreated
	}
	return accounts.Cursor(keyset.Encode("accounts", accounts.ListParams{Sort: sort, Desc: desc}, keyset.Position(p)))
}

func nameOf(t testing.TB, db *bun.DB, id int) (name string) {
	t.Helper()
	require.NoError(t, db.NewRaw("SELECT name FROM clientele.domains WHERE id = ?", id).Scan(t.Context(), &name))
	return name
}

// known answers logins and names of domains to look for.
func (a *arena) known(b *testing.B, column, table string) []string {
	b.Helper()
	const many = 20_000
	rows, err := a.exec.hand.pool.Query(a.ctx, "SELECT "+column+" FROM clientele."+table+" WHERE id IN (SELECT n * 7919 % (SELECT max(id) FROM clientele."+table+") + 1 FROM generate_series(1, $1) AS n)", many)
	require.NoError(b, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b, err)
	return values
}
