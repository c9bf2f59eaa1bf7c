package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/clientele-go/clientele/accounts"
)

// The result codes of SQLite that matter here. The lower eight bits of an extended code are the primary one.
const (
	codeError        = 1
	codeBusy         = 5
	codeLocked       = 6 // by another connection with the same cache
	codeReadOnly     = 8
	codeInterrupt    = 9
	codeCorrupt      = 11
	codeFull         = 13
	codeCantOpen     = 14
	codeNotADatabase = 26

	codeBusySnapshot = 5 | 2<<8 // the transaction has read what another one has changed since
)

// dbError wraps an error of the database. It matches ErrUnavailable or ErrCommitUnknown, ctx.Err() if ctx has ended, and the
// driver's error. SQLite's messages name tables and columns, and no values.
type dbError struct {
	kind   error // ErrUnavailable or ErrCommitUnknown
	ctx    error
	driver error
}

func (e *dbError) Error() string {
	text := e.driver.Error()
	if a := advice(resultCode(e.driver)); a != "" {
		text = a + ": " + text
	}
	return e.kind.Error() + ": " + text
}

// Unwrap returns every error that e matches.
func (e *dbError) Unwrap() []error {
	if e.ctx == nil {
		return []error{e.kind, e.driver}
	}
	return []error{e.kind, e.ctx, e.driver}
}

const adviceDamaged = "the database is damaged: restore it from a backup"

// advice returns what the operator must do about a result code, or "".
func advice(code int) string {
	switch code & 0xff {
	case codeNotADatabase:
		return "the file is not an SQLite database, or it is encrypted"
	case codeCorrupt:
		return adviceDamaged
	case codeCantOpen:
		return "the file cannot be opened: the program needs the right to read and write it, its directory must exist and be writable, " +
			"and the path must not be a directory"
	case codeReadOnly:
		return "the database cannot be written: check the rights of its directory, of the file, and of its -wal and -shm, and the settings of " +
			"the connection"
	case codeBusy, codeLocked:
		if code != codeBusySnapshot {
			return "another program has locked the file"
		}
	}
	return ""
}

// unavailable wraps an error of a statement: nothing of its transaction was committed. An error that is wrapped already gets no
// second one.
func unavailable(ctx context.Context, err error) *dbError {
	var wrapped *dbError
	if errors.As(err, &wrapped) {
		err = wrapped.driver
	}
	return &dbError{kind: accounts.ErrUnavailable, ctx: ctx.Err(), driver: err}
}

// asError returns e as an error, which is nil if e is nil.
func asError(e *dbError) error {
	if e == nil {
		return nil
	}
	return e
}

// commit commits tx. SQLite runs in the process, so its reply never gets lost: the outcome is unknown only if writing or
// syncing the file failed, because the next process to open it may find the transaction complete.
func commit(ctx context.Context, tx *sql.Tx) *dbError {
	if err := ctx.Err(); err != nil {
		return unavailable(ctx, err)
	}
	err := tx.Commit()
	if err == nil {
		return nil
	}
	//nolint:errorlint // only the bare errors of database/sql and the driver say that nothing was committed
	endedByContext := (err == sql.ErrTxDone || err == ctx.Err()) && ctx.Err() != nil
	if endedByContext || rolledBack(err) {
		return unavailable(ctx, err)
	}
	return &dbError{kind: accounts.ErrCommitUnknown, ctx: ctx.Err(), driver: err}
}

// rolledBack reports whether a commit that failed with err has certainly changed nothing.
func rolledBack(err error) bool {
	switch code := resultCode(err) & 0xff; code {
	case codeError, codeBusy, codeLocked, codeReadOnly, codeInterrupt, codeFull, codeCantOpen:
		return true
	}
	return false
}

// isBusy reports whether err says that another connection holds the lock, so that the statement may be repeated.
func isBusy(err error) bool {
	code := resultCode(err)
	return (code&0xff == codeBusy || code&0xff == codeLocked) && code != codeBusySnapshot
}

// resultCode returns the result code of SQLite, or 0.
func resultCode(err error) int {
	var coded interface{ Code() int }
	if errors.As(err, &coded) {
		return coded.Code()
	}
	return 0
}
