package bench

import (
	"context"
	"errors"
	"hash/fnv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

// handwritten is the SQL that a good engineer would write instead of using the library: prepared, and with as few round trips as
// possible, also for commands, which lock, check and write the same rows. Rows are locked before anything that depends on them is
// read.
type handwritten struct {
	pool *pgxpool.Pool
	now  func() time.Time
}

// lockClass returns the first number of the library's advisory locks in the schema clientele. All code that writes to its tables
// must take the same locks.
func lockClass() int32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte("clientele:clientele")) // never fails
	return int32(hash.Sum32())                       // all 32 bits are meant
}

func (h handwritten) at() time.Time { return h.now().UTC().Truncate(time.Microsecond) }

// errMissing is the counterpart of ErrNotFound.
var errMissing = errors.New("not found")

// heldRow is a hold as json_agg encodes it.
type heldRow struct {
	Cause, Note, Message, Public string
	PlacedBy                     string    `json:"placed_by"`
	PlacedAt                     time.Time `json:"placed_at"`
}

func holds(rows []heldRow) subscriptions.Holds {
	var all subscriptions.Holds
	for _, h := range rows {
		all = append(all, subscriptions.Hold{
			Cause: subscriptions.Cause(h.Cause), Note: h.Note, Message: h.Message, Public: h.Public, By: h.PlacedBy, At: h.PlacedAt.UTC(),
		})
	}
	return all
}

const handAccount = `
SELECT a.id, a.login, a.password_hash, a.name, a.company, a.email, a.phone, a.address, a.city, a.state, a.postal_code,
    a.country, a.additional_info, a.description, coalesce(a.external_id, ''), a.locale, a.attributes, a.session_epoch, a.version,
    a.created_at, a.updated_at,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = a.id)`

func scanAccount(row pgx.Row, more ...any) (accounts.Record, error) {
	var a accounts.Record
	var held []heldRow
	err := row.Scan(append([]any{
		&a.ID, &a.Login, &a.Hash, &a.Contact.Name, &a.Contact.Company, &a.Contact.Email, &a.Contact.Phone, &a.Contact.Address,
		&a.Contact.City, &a.Contact.State, &a.Contact.PostalCode, &a.Contact.Country, &a.AdditionalInfo, &a.Description,
		&a.ExternalID, &a.Locale, &a.Attributes, &a.SessionEpoch, &a.Version, &a.CreatedAt, &a.UpdatedAt, &held,
	}, more...)...)
	a.Holds, a.CreatedAt, a.UpdatedAt = holds(held), a.CreatedAt.UTC(), a.UpdatedAt.UTC()
	return a, err
}

func (h handwritten) get(ctx context.Context, id accounts.ID) (accounts.Account, error) {
	a, err := scanAccount(h.pool.QueryRow(ctx, handAccount+" FROM clientele.accounts AS a WHERE a.id = $1", int64(id)))
	return a.Account, err
}

func (h handwritten) getByLogin(ctx context.Context, login string) (accounts.Account, error) {
	a, err := scanAccount(h.pool.QueryRow(ctx, handAccount+" FROM clientele.accounts AS a WHERE a.login = $1", strings.ToLower(login)))
	return a.Account, err
}

func (h handwritten) checkSession(ctx context.Context, id accounts.ID, signIn int64) (accounts.Account, error) {
	a, err := h.get(ctx, id)
	switch {
	case err != nil:
		return a, err
	case a.SessionEpoch != signIn:
		return accounts.Account{}, accounts.ErrSessionEnded
	case len(a.Holds) > 0:
		return a, accounts.ErrSuspended
	}
	return a, nil
}

const handSite = `
SELECT d.id, d.subscription_id, coalesce(s.account_id, 0), d.name, s.main_domain_id = d.id, d.attributes, d.created_at, s.plan,
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.domain_holds AS h WHERE h.domain_id = d.id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.subscription_holds AS h WHERE h.subscription_id = d.subscription_id),
    (SELECT json_agg(h ORDER BY h.cause) FROM clientele.account_holds AS h WHERE h.account_id = s.account_id)
FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id
WHERE d.name IN ($1, $2)
ORDER BY d.name = $1 DESC
LIMIT 1`

func (h handwritten) resolve(ctx context.Context, host string) (subscriptions.Site, error) {
	return scanSite(h.pool.QueryRow(ctx, handSite, host, strings.TrimPrefix(host, "www.")))
}

func scanSite(row pgx.Row) (site subscriptions.Site, err error) {
	var own, above, top []heldRow
	d := &site.Domain
	err = row.Scan(&d.ID, &d.SubscriptionID, &d.AccountID, &d.Name, &d.Main, &d.Attributes, &d.CreatedAt, &site.Plan, &own, &above, &top)
	d.Plan = site.Plan
	d.Holds, d.Inherited, d.CreatedAt = holds(own), holds(top).Inherited(holds(above)), d.CreatedAt.UTC()
	return site, err
}

const (
	handSummary = handAccount + `,
    (SELECT count(*) FROM clientele.subscriptions AS s WHERE s.account_id = a.id),
    (SELECT count(*) FROM clientele.subscriptions AS s JOIN clientele.domains AS d ON d.subscription_id = s.id WHERE s.account_id = a.id)
FROM clientele.accounts AS a`

	handPage = handSummary + `
WHERE (a.created_at, a.id) > ($1, $2)
ORDER BY a.created_at, a.id
LIMIT $3`

	handSearch = handSummary + `
WHERE a.id IN (
    SELECT id FROM clientele.accounts WHERE search LIKE $1
    UNION
    SELECT s.account_id FROM clientele.domains AS d JOIN clientele.subscriptions AS s ON s.id = d.subscription_id WHERE d.search LIKE $1)
ORDER BY a.created_at, a.id
LIMIT $2`
)

func (h handwritten) page(ctx context.Context, after accounts.Account, limit int) ([]accounts.Summary, error) {
	return h.summaries(ctx, handPage, after.CreatedAt, int64(after.ID), limit)
}

func (h handwritten) search(ctx context.Context, term string, limit int) ([]accounts.Summary, error) {
	return h.summaries(ctx, handSearch, "%"+strings.TrimSpace(input.SearchText(term))+"%", limit)
}

func (h handwritten) summaries(ctx context.Context, statement string, args ...any) ([]accounts.Summary, error) {
	rows, err := h.pool.Query(ctx, statement, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, func(row pgx.CollectableRow) (s accounts.Summary, err error) {
		a, err := scanAccount(row, &s.Subscriptions, &s.Domains)
		s.Account = a.Account
		return s, err
	})
}

func numbers(ids []accounts.ID) []int64 {
	all := make([]int64, len(ids))
	for i, id := range ids {
		all[i] = int64(id)
	}
	return all
}
