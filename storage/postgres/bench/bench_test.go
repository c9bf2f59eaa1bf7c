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

// suite has the database and the implementations that are compared.
type suite struct {
	table
	ctx          context.Context
	accounts     int // the number of seeded accounts
	db           *bun.DB
	impl         implementations
	impatient    implementations // their commits do not wait for the disk, whose time would hide the rest
	created      int             // the number of accounts created so far
	largeAccount accounts.ID     // an account with 10,000 domains
	smallAccount accounts.ID     // an account with one domain
	used         int             // the number of accounts that takeIDs has returned, from the last seeded one down
}

// actor is the actor of all commands.
const actor = "anna"

// BenchmarkStore measures everything and prints the table. Reads come first, because commands change the tables.
func BenchmarkStore(b *testing.B) {
	s := newSuite(b)
	s.benchReads(b)
	s.benchPages(b)
	s.benchSearches(b)
	s.benchCommands(b)
	s.benchTransactions(b)
	s.benchEvents(b)
	var version string
	require.NoError(b, s.db.NewRaw("SELECT split_part(version(), ' ', 2)").Scan(s.ctx, &version))
	s.print(fmt.Sprintf("%d accounts, PostgreSQL %s, %s", s.accounts, version, machine()))
}

func newSuite(b *testing.B) *suite {
	b.Helper()
	s := &suite{ctx: accounts.WithActor(b.Context(), actor), accounts: accountCount(b)}
	dsn := serve(b, s.accounts)
	s.db = pgtest.Open(b, dsn, 1)
	s.impl = openImplementations(b, dsn, time.Now)
	s.impatient = openImplementations(b, pgtest.WithSetting(b, dsn, "synchronous_commit", "off"), time.Now)
	s.smallAccount, s.largeAccount = s.newAccount(b, 1), s.newAccount(b, 10_000)
	s.warmUp(b)
	return s
}

// newAccount creates an account with the given number of domains.
func (s *suite) newAccount(b *testing.B, domains int) accounts.ID {
	b.Helper()
	in := customer(s.nextNumber())
	created, err := s.impl.clients.Create(s.ctx, in)
	require.NoError(b, err)
	for n := 1; n < domains; {
		more := subscriptions.New{AccountID: created.ID}
		for range min(1000, domains-n) {
			more.Domains = append(more.Domains, fmt.Sprintf("grown%d-%d.com", created.ID, n))
			n++
		}
		_, err := s.impl.subs.Create(s.ctx, more)
		require.NoError(b, err)
	}
	return created.ID
}

// warmUp reads the tables and indexes into the server's memory, and uses both implementations for some time. Otherwise the
// first measurements would include the growth of the heap and of the pools.
func (s *suite) warmUp(b *testing.B) {
	b.Helper()
	_, err := s.db.ExecContext(s.ctx, `
CREATE EXTENSION IF NOT EXISTS pg_prewarm;
SELECT pg_prewarm(c.oid) FROM pg_class AS c
WHERE c.relnamespace = 'clientele'::regnamespace AND c.relkind IN ('r', 'i') AND c.relname NOT LIKE 'events%'`)
	require.NoError(b, err)
	for n, begin := 0, time.Now(); time.Since(begin) < 3*time.Second; n++ {
		for _, impl := range []implementations{s.impl, s.impatient} {
			_, err = impl.clients.Get(s.ctx, s.pick(n))
			require.NoError(b, err)
			_, err = impl.handwritten.get(s.ctx, s.pick(n))
			require.NoError(b, err)
		}
	}
}

// nextNumber returns the number of a customer that does not exist.
func (s *suite) nextNumber() int {
	s.created++
	return s.created
}

// pick returns one of the seeded accounts that takeIDs has not returned, another one in each round.
func (s *suite) pick(round int) accounts.ID {
	return accounts.ID(round*7919%(s.accounts-s.used) + 1)
}

// takeIDs returns n of the seeded accounts that it has not returned before.
func (s *suite) takeIDs(b *testing.B, n int) []accounts.ID {
	b.Helper()
	ids := make([]accounts.ID, n)
	for i := range ids {
		ids[i] = accounts.ID(s.accounts - s.used)
		s.used++
	}
	if s.used > s.accounts {
		b.Fatal("too few accounts: increase CLIENTELE_BENCH_ACCOUNTS")
	}
	return ids
}

// after returns the cursor after an account, which an application would get with the previous page.
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

// sampleColumn returns values of a column, such as logins or names of domains.
func (s *suite) sampleColumn(b *testing.B, column, table string) []string {
	b.Helper()
	const size = 20_000
	rows, err := s.impl.handwritten.pool.Query(s.ctx, "SELECT "+column+" FROM clientele."+table+" WHERE id IN (SELECT n * 7919 % (SELECT max(id) FROM clientele."+table+") + 1 FROM generate_series(1, $1) AS n)", size)
	require.NoError(b, err)
	values, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(b, err)
	return values
}
