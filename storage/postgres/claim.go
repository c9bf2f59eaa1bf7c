package postgres

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/internal/stored"
	"github.com/clientele-go/clientele/subscriptions"
)

// unnest returns its rows in the order of the array, so that all commands take the locks in ascending order.
const lockClaim = `SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key`

// claimQuery returns the statement that allocates ids and looks up what c claims, or "" if there is nothing to do. It has only
// the columns that c needs, because planning them is most of the cost. It must run after the locks were taken: what it looks
// for may have been committed while the claim waited for them.
func claimQuery(c accounts.Claim) (string, []any) {
	var columns []string
	var args numbered
	ids := func(sequence string, n int) {
		switch next := "nextval('clientele." + sequence + "')"; n {
		case 0:
		case 1:
			columns = append(columns, "ARRAY["+next+"] AS "+sequence)
		default:
			columns = append(columns, "ARRAY(SELECT "+next+" FROM generate_series(1, "+args.bind(n, "integer")+")) AS "+sequence)
		}
	}
	taken := func(column, table, key string, values []string) {
		var equals string
		switch len(values) {
		case 0:
			return
		case 1:
			equals = args.bind(values[0], "text")
		default:
			equals = "ANY(" + args.bind(textArray(values), "text[]") + ")"
		}
		columns = append(columns, "ARRAY(SELECT "+key+" FROM clientele."+table+" WHERE "+key+" = "+equals+") AS "+column)
	}
	ids("account_ids", c.NewAccounts)
	ids("subscription_ids", c.NewSubscriptions)
	ids("domain_ids", c.NewDomains)
	taken("logins", "accounts", "login", c.Logins)
	taken("account_external_ids", "accounts", "external_id", c.AccountExternalIDs)
	taken("external_ids", "subscriptions", "external_id", c.ExternalIDs)
	if len(c.Names) > 0 {
		names := args.bind(textArray(c.Names), "text[]")
		if c.Owner == subscriptions.Provider {
			columns = append(columns, "ARRAY(SELECT name FROM clientele.domains WHERE name = ANY("+names+")) AS existing")
		} else {
			columns = append(columns, conflictingNames(c, names, &args)...)
		}
	}
	if columns == nil {
		return "", nil
	}
	return "\nSELECT " + strings.Join(columns, ",\n    "), args
}

// conflictingNames returns the columns for claimed names that exist, for other accounts' domains above them, and for names
// with another account's domain below them. The names above are known and looked up together with the claimed ones by one
// index; the names below are a range, in which the search ends at the first conflict. Owners are looked up one by one,
// because the server would take longer to plan a join. With IS NOT TRUE, unlike <> ALL, the server hashes the claimed names.
func conflictingNames(c accounts.Claim, names string, args *numbered) []string {
	candidates, ranges := stored.NameLookups(c.Names)
	claimed := set(c.Names)
	hasClaimedAncestor := func(name string) bool {
		return slices.ContainsFunc(subscriptions.Ancestors(name), func(ancestor string) bool { return claimed[ancestor] })
	}
	isOtherOwner := "(SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> " + args.bind(int64(c.Owner), "bigint")
	exceptTransferred := ""
	if c.Transfer {
		exceptTransferred = "(d.name = ANY(" + names + ")) IS NOT TRUE AND "
	}
	columns := []string{`ARRAY(
        SELECT d.name FROM clientele.domains AS d
        WHERE d.name = ANY(` + args.bind(textArray(candidates), "text[]") + `) AND (
            d.name = ANY(` + names + `) OR ` + isOtherOwner + `)) AS existing`, `ARRAY(
        SELECT c.name FROM unnest(` + names + `, ` + args.bind(textArray(ranges), "text[]") + `) AS c (name, below)
        WHERE (
            SELECT true FROM clientele.domains AS d
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/'
                AND ` + exceptTransferred + isOtherOwner + `
            LIMIT 1)) AS conflicting_below`}
	if !c.Transfer && slices.ContainsFunc(c.Names, hasClaimedAncestor) {
		columns = append(columns, `ARRAY(
        SELECT d.name FROM clientele.domains AS d WHERE d.name = ANY(`+names+`) AND `+isOtherOwner+`) AS others`)
	}
	return columns
}

// claimRow is the result of claimQuery.
type claimRow struct {
	AccountIDs         []accounts.ID            `bun:"account_ids,array"`
	SubscriptionIDs    []subscriptions.ID       `bun:"subscription_ids,array"`
	DomainIDs          []subscriptions.DomainID `bun:"domain_ids,array"`
	Logins             []string                 `bun:"logins,array"`
	AccountExternalIDs []string                 `bun:"account_external_ids,array"`
	ExternalIDs        []string                 `bun:"external_ids,array"`
	Existing           []string                 `bun:"existing,array"`          // claimed names that exist, and names above them that other accounts have
	ConflictingBelow   []string                 `bun:"conflicting_below,array"` // claimed names below which other accounts have names
	// Others are claimed names that other accounts have. It is left out where no claimed name is above another one, or where they
	// are transferred: then they conflict with none.
	Others []string `bun:"others,array"`
}

func (r claimRow) claimed(names []string) accounts.Claimed {
	taken, conflicting := stored.Names{Existing: r.Existing, Others: r.Others, Below: r.ConflictingBelow}.Split(names)
	return accounts.Claimed{
		AccountIDs: nilIfEmpty(r.AccountIDs), Logins: nilIfEmpty(r.Logins), AccountExternalIDs: nilIfEmpty(r.AccountExternalIDs),
		Claimed: subscriptions.Claimed{
			SubscriptionIDs: nilIfEmpty(r.SubscriptionIDs), DomainIDs: nilIfEmpty(r.DomainIDs),
			ExternalIDs: nilIfEmpty(r.ExternalIDs), Names: taken, Conflicting: conflicting,
		},
	}
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

// nilIfEmpty returns nil for an empty slice: Bun scans an empty array into one.
func nilIfEmpty[V any](values []V) []V {
	if len(values) == 0 {
		return nil
	}
	return values
}

// Claim implements accounts.Tx.
func (t *transaction) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if keys := c.Keys(); len(keys) > 0 {
		if err := t.exec(anyRowCount, lockClaim, t.schema.lockClass(), numberArray(keys)); err != nil {
			return accounts.Claimed{}, err
		}
	}
	var row claimRow
	if statement, args := claimQuery(c); statement != "" {
		if err := t.query(&row, statement, args...); err != nil {
			return accounts.Claimed{}, err
		}
	}
	return row.claimed(c.Names), nil
}
