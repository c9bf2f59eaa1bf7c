package postgres

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// The rows of unnest come in the order of the array, so that everybody locks ascending.
const lockClaim = `SELECT pg_advisory_xact_lock($1::integer, key) FROM unnest($2::integer[]) AS key`

// readClaim answers the statement for what a claim asks, and nothing else, because planning it is most of what it costs;
// empty if it asks nothing. It is a statement of its own: what it looks for was perhaps committed while the claim waited
// for its locks.
func readClaim(c accounts.Claim) (string, []any) {
	var asked []string
	var args arguments
	ids := func(sequence string, n int) {
		switch next := "nextval('clientele." + sequence + "')"; n {
		case 0:
		case 1:
			asked = append(asked, "ARRAY["+next+"] AS "+sequence)
		default:
			asked = append(asked, "ARRAY(SELECT "+next+" FROM generate_series(1, "+args.argument(n, "integer")+")) AS "+sequence)
		}
	}
	exists := func(column, where, value string) {
		if value != "" {
			asked = append(asked, "EXISTS (SELECT FROM clientele."+where+" = "+args.argument(value, "text")+") AS "+column)
		}
	}
	ids("account_ids", c.NewAccounts)
	ids("subscription_ids", c.NewSubscriptions)
	ids("domain_ids", c.NewDomains)
	exists("login", "accounts WHERE login", c.Login)
	exists("account_external_id", "accounts WHERE external_id", c.AccountExternalID)
	exists("external_id", "subscriptions WHERE external_id", c.ExternalID)
	if len(c.Names) > 0 {
		names := args.argument(textArray(c.Names), "text[]")
		if c.Owner == subscriptions.Provider {
			asked = append(asked, "ARRAY(SELECT name FROM clientele.domains WHERE name = ANY("+names+")) AS there")
		} else {
			asked = append(asked, namesInTheWay(c, names, &args)...)
		}
	}
	if asked == nil {
		return "", nil
	}
	return "\nSELECT " + strings.Join(asked, ",\n    "), args
}

// namesInTheWay asks for claimed names that are there or have somebody else's above or below them. What is above names is
// named, and sought with them by one index; what is below one is a range, in which the search ends at the first that is
// in the way. Owners are looked up one by one, because a join would take the server longer to plan. IS NOT TRUE, unlike
// <> ALL, leaves the claimed names a hash table.
func namesInTheWay(c accounts.Claim, names string, args *arguments) []string {
	sought, ranges := slices.Clone(c.Names), make([]string, len(c.Names))
	for i, name := range c.Names {
		sought = append(sought, subscriptions.Ancestors(name)...)
		ranges[i] = reversed(name)
	}
	claimed := set(c.Names)
	above := func(name string) bool {
		return slices.ContainsFunc(subscriptions.Ancestors(name), func(n string) bool { return claimed[n] })
	}
	isOthers := "(SELECT s.account_id FROM clientele.subscriptions AS s WHERE s.id = d.subscription_id) <> " + args.argument(int64(c.Owner), "bigint")
	unlessMoved := ""
	if c.Transfer {
		unlessMoved = "(d.name = ANY(" + names + ")) IS NOT TRUE AND "
	}
	asked := []string{`ARRAY(
        SELECT d.name FROM clientele.domains AS d
        WHERE d.name = ANY(` + args.argument(textArray(sought), "text[]") + `) AND (d.name = ANY(` + names + `) OR ` + isOthers + `)) AS there`, `ARRAY(
        SELECT c.name FROM unnest(` + names + `, ` + args.argument(textArray(ranges), "text[]") + `) AS c (name, below)
        WHERE (
            SELECT true FROM clientele.domains AS d
            WHERE d.reversed >= c.below || '.' AND d.reversed < c.below || '/'
                AND ` + unlessMoved + isOthers + `
            LIMIT 1)) AS blocked_below`}
	if !c.Transfer && slices.ContainsFunc(c.Names, above) {
		asked = append(asked, `ARRAY(
        SELECT d.name FROM clientele.domains AS d WHERE d.name = ANY(`+names+`) AND `+isOthers+`) AS others`)
	}
	return asked
}

// claimRow is the answer to readClaim.
type claimRow struct {
	AccountIDs        []accounts.ID            `bun:"account_ids,array"`
	SubscriptionIDs   []subscriptions.ID       `bun:"subscription_ids,array"`
	DomainIDs         []subscriptions.DomainID `bun:"domain_ids,array"`
	Login             bool
	AccountExternalID bool
	ExternalID        bool
	There             []string `bun:"there,array"` // claimed names that anybody has, and names above them that others have
	BlockedBelow      []string `bun:"blocked_below,array"`
	Others            []string `bun:"others,array"` // claimed names that other accounts have; left out where none is above another or they are transferred
}

func (r claimRow) claimed(names []string) accounts.Claimed {
	taken, blocked := r.taken(names)
	return accounts.Claimed{
		AccountIDs: someOrNil(r.AccountIDs), Login: r.Login, AccountExternalID: r.AccountExternalID,
		Claimed: subscriptions.Claimed{
			SubscriptionIDs: someOrNil(r.SubscriptionIDs), DomainIDs: someOrNil(r.DomainIDs),
			ExternalID: r.ExternalID, Names: taken, Conflicting: blocked,
		},
	}
}

// taken parts what is there into claimed names and what stands above others.
func (r claimRow) taken(names []string) (taken, blocked []string) {
	there, below := set(r.There), set(r.BlockedBelow)
	for _, name := range names {
		if there[name] {
			taken = append(taken, name)
			delete(there, name)
		}
	}
	for _, name := range r.Others {
		there[name] = true
	}
	above := func(name string) bool { return there[name] }
	for _, name := range names {
		if below[name] || slices.ContainsFunc(subscriptions.Ancestors(name), above) {
			blocked = append(blocked, name)
		}
	}
	return taken, blocked
}

func set(names []string) map[string]bool {
	all := make(map[string]bool, len(names))
	for _, name := range names {
		all[name] = true
	}
	return all
}

// someOrNil answers nil for no elements, for which arrays are scanned into empty slices.
func someOrNil[V any](values []V) []V {
	if len(values) == 0 {
		return nil
	}
	return values
}

// Claim implements accounts.Tx.
func (t *transaction) Claim(c accounts.Claim) (accounts.Claimed, error) {
	if keys := c.Keys(); len(keys) > 0 {
		if err := t.exec(anyNumber, lockClaim, t.schema.lockClass(), numberArray(keys)); err != nil {
			return accounts.Claimed{}, err
		}
	}
	var row claimRow
	if statement, args := readClaim(c); statement != "" {
		if err := t.query(&row, statement, args...); err != nil {
			return accounts.Claimed{}, err
		}
	}
	return row.claimed(c.Names), nil
}
