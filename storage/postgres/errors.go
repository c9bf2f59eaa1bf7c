package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// failure is an error of the database, turned into one of ours: it matches ErrUnavailable or ErrCommitUnknown, ctx.Err() if
// ctx has ended, and the driver's error where that cannot carry what was stored.
type failure struct {
	kind    error
	ctx     error
	driver  error
	state   string // the SQLSTATE, or ""
	explain string
}

func (f *failure) Error() string { return f.kind.Error() + ": " + f.explain }

// Unwrap answers everything that the failure matches.
func (f *failure) Unwrap() []error {
	var all []error
	for _, err := range []error{f.kind, f.ctx, f.driver} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// unavailable turns an error of a statement into one of ours: nothing of the transaction was committed.
func unavailable(ctx context.Context, err error) *failure {
	return newFailure(ctx, accounts.ErrUnavailable, err)
}

// commit ends a transaction. Three things prove that nothing was committed: COMMIT was not sent, because ctx had ended or
// database/sql had rolled back already; the driver says that ctx had ended before it sent anything; the server answered
// that the transaction failed. Everything else leaves it open. In particular, that the driver calls the error safe to
// retry is no proof by itself: pgx says so of a connection that it lost while it waited for the answer to COMMIT, and it
// answers a bare context.Canceled both before and after it has sent it.
func commit(ctx context.Context, tx *sql.Tx) *failure {
	if err := ctx.Err(); err != nil {
		return unavailable(ctx, err)
	}
	err := tx.Commit()
	if err == nil {
		return nil
	}
	//nolint:errorlint // a driver may wrap it after it has sent COMMIT: only the bare one is proof
	if err == sql.ErrTxDone || endedBeforeSent(ctx, err) || refused(stateOf(err)) {
		return unavailable(ctx, err)
	}
	return newFailure(ctx, accounts.ErrCommitUnknown, err)
}

// endedBeforeSent tells whether the driver says that ctx had ended before it sent anything.
func endedBeforeSent(ctx context.Context, err error) bool {
	var retry interface{ SafeToRetry() bool }
	return ctx.Err() != nil && errors.Is(err, ctx.Err()) && errors.As(err, &retry) && retry.SafeToRetry()
}

func newFailure(ctx context.Context, kind, err error) *failure {
	f := &failure{kind: kind, ctx: ctx.Err(), driver: err, state: stateOf(err)}
	if tellsData(f.state) {
		f.driver = nil
		f.explain = "PostgreSQL answered SQLSTATE " + f.state
		return f
	}
	f.explain = err.Error()
	return f
}

// repeatable tells whether the server gave the transaction up only because others were in its way.
func (f *failure) repeatable() bool {
	return f.kind == accounts.ErrUnavailable && (f.state == "40001" || f.state == "40P01")
}

// mayOnlyRead tells whether an error says that the server, or the role, may not write.
func mayOnlyRead(err error) bool {
	var f *failure
	return errors.As(err, &f) && (f.state == "25006" || f.state == "42501")
}

// stateOf answers the SQLSTATE of a server's error as every common driver tells it, or "".
func stateOf(err error) string {
	var server interface{ SQLState() string }
	if errors.As(err, &server) {
		return server.SQLState()
	}
	return ""
}

// refused tells whether the server, asked to commit, has surely rolled back. It has not surely when the connection was
// being ended (57P…), when it failed itself (58, XX), or when it says that it does not know (08, 40003).
func refused(state string) bool {
	if state == "" || state == "40003" {
		return false
	}
	for _, open := range []string{"08", "57P", "58", "XX"} {
		if strings.HasPrefix(state, open) {
			return false
		}
	}
	return true
}

// tellsData tells whether messages of this class quote values: data exceptions and violated constraints.
func tellsData(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23")
}
