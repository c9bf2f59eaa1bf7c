package postgres

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// dbError wraps an error of the database. It matches ErrUnavailable or ErrCommitUnknown, ctx.Err() if ctx has ended, and the
// driver's error unless that may contain stored values.
type dbError struct {
	kind   error // ErrUnavailable or ErrCommitUnknown
	ctx    error
	driver error
	state  string // the SQLSTATE, or ""
	text   string
}

func (e *dbError) Error() string { return e.kind.Error() + ": " + e.text }

// Unwrap returns every error that e matches.
func (e *dbError) Unwrap() []error {
	var all []error
	for _, err := range []error{e.kind, e.ctx, e.driver} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// asError returns e as an error, which is nil if e is nil.
func asError(e *dbError) error {
	if e == nil {
		return nil
	}
	return e
}

// unavailable wraps an error of a statement: nothing of its transaction was committed.
func unavailable(ctx context.Context, err error) *dbError {
	return newDBError(ctx, accounts.ErrUnavailable, err)
}

// commit commits tx. Its error matches ErrUnavailable only if one of three things proves that nothing was committed: COMMIT
// was not sent, because ctx had ended and database/sql may have rolled back already; the driver reports that ctx had ended
// before it sent anything; or the server replied that the transaction failed. Any other error matches ErrCommitUnknown, also
// if the function of RunInTx has ended the transaction itself. A driver that calls the error safe to retry proves nothing by
// that: pgx does so for a connection that it lost while it waited for the reply to COMMIT, and returns a bare context.Canceled
// both before and after it has sent COMMIT.
func commit(ctx context.Context, tx committer) *dbError {
	if err := ctx.Err(); err != nil {
		return unavailable(ctx, err)
	}
	err := tx.Commit()
	if err == nil {
		return nil
	}
	//nolint:errorlint // a driver may wrap it after it has sent COMMIT: only the bare one is proof
	endedByContext := err == sql.ErrTxDone && ctx.Err() != nil
	if endedByContext || canceledBeforeSend(ctx, err) || rolledBack(sqlState(err)) {
		return unavailable(ctx, err)
	}
	return newDBError(ctx, accounts.ErrCommitUnknown, err)
}

// canceledBeforeSend reports whether the driver says that ctx had ended before it sent anything.
func canceledBeforeSend(ctx context.Context, err error) bool {
	var retry interface{ SafeToRetry() bool }
	return ctx.Err() != nil && errors.Is(err, ctx.Err()) && errors.As(err, &retry) && retry.SafeToRetry()
}

func newDBError(ctx context.Context, kind, err error) *dbError {
	e := &dbError{kind: kind, ctx: ctx.Err(), driver: err, state: sqlState(err)}
	if leaksValues(e.state) {
		e.driver = nil
		e.text = "PostgreSQL returned SQLSTATE " + e.state
		return e
	}
	e.text = err.Error()
	if e.state == "42P05" || e.state == "26000" { // a prepared statement exists already, or does not exist
		e.text += " (behind a PgBouncer before 1.21 in transaction mode, set default_query_exec_mode=exec)"
	}
	return e
}

// retryable reports whether the transaction failed only because of a concurrent one: repeating it may succeed.
func (e *dbError) retryable() bool {
	return errors.Is(e.kind, accounts.ErrUnavailable) && (isConflict(e.state) || errors.Is(e.driver, errOwnerChanged))
}

// retryable reports whether err is an error of a transaction that failed only because of a concurrent one: one of the library,
// or one of the driver.
func retryable(err error) bool {
	var e *dbError
	if errors.As(err, &e) {
		return e.retryable()
	}
	return isConflict(sqlState(err))
}

// statePlanChanged is the state of a prepared statement whose result has other types than when it was prepared, because of a
// migration. The driver prepares it again when it is used the next time.
const statePlanChanged = "0A000"

// isConflict reports whether state is that of a serialization failure or a deadlock, or of a statement to be prepared again.
func isConflict(state string) bool {
	return state == "40001" || state == "40P01" || state == statePlanChanged
}

// isLockTimeout reports whether the server ended a statement because it waited for a lock for longer than lock_timeout.
func (e *dbError) isLockTimeout() bool { return e.state == "55P03" }

// isReadOnly reports whether err says that the server or the role may not write.
func isReadOnly(err error) bool {
	var e *dbError
	return errors.As(err, &e) && (e.state == "25006" || e.state == "42501")
}

// isCanceled reports whether err says that the server canceled the statement, as it does after statement_timeout.
func isCanceled(err error) bool {
	var e *dbError
	return errors.As(err, &e) && e.state == "57014"
}

// sqlState returns the SQLSTATE of a server's error, which every common driver has a method for, or "".
func sqlState(err error) string {
	var server interface{ SQLState() string }
	if errors.As(err, &server) {
		return server.SQLState()
	}
	return ""
}

// rolledBack reports whether a server that replies to COMMIT with this state has certainly rolled back. That is not certain
// if the connection was being closed (57P…), if the server itself failed (58, XX), or if it says that it does not know (08,
// 40003).
func rolledBack(state string) bool {
	if state == "" || state == "40003" {
		return false
	}
	for _, uncertain := range []string{"08", "57P", "58", "XX"} {
		if strings.HasPrefix(state, uncertain) {
			return false
		}
	}
	return true
}

// leaksValues reports whether messages with this state quote values: data exceptions and violated constraints do.
func leaksValues(state string) bool {
	return strings.HasPrefix(state, "22") || strings.HasPrefix(state, "23")
}
