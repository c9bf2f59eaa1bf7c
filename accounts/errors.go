package accounts

import (
	"errors"
	"fmt"

	"github.com/clientele-go/clientele/subscriptions"
)

// The errors that errors.Is matches. The first seven are those of package subscriptions.
var (
	// ErrNotFound is returned if something that the command or look-up names does not exist. *NotFoundError says what.
	ErrNotFound = subscriptions.ErrNotFound
	// ErrTaken is returned if a login, an external id or a domain is in use, or conflicts with another account's domain.
	// *TakenError says which.
	ErrTaken = subscriptions.ErrTaken
	// ErrInvalid is returned if the input breaks rules. *InvalidError lists every violation.
	ErrInvalid = subscriptions.ErrInvalid
	// ErrConflict is returned if the version, or what would be removed, is no longer what the caller read. *ConflictError has
	// the current version.
	ErrConflict = subscriptions.ErrConflict
	// ErrUnavailable is returned if the store cannot do it now. No changes were made, and the command may be repeated. Inside
	// a transaction of the application, the application rolls back and repeats all of it.
	ErrUnavailable = subscriptions.ErrUnavailable
	// ErrCommitUnknown is returned if COMMIT was sent and no reply came. The command may have taken effect: look before
	// repeating it.
	ErrCommitUnknown = subscriptions.ErrCommitUnknown
	// ErrCursorExpired is returned if events after the cursor were pruned, or if the cursor is beyond the last event because
	// an older backup was restored.
	ErrCursorExpired = subscriptions.ErrCursorExpired

	// ErrInvalidCredentials is returned if the login is unknown or the password is wrong, without saying which, and if a
	// reset token is forged, expired or used.
	ErrInvalidCredentials = errors.New("clientele: wrong login or password")
	// ErrSuspended is returned if the account has a hold, to callers that have proved to be its owner. *SuspendedError has the
	// messages for the owner.
	ErrSuspended = errors.New("clientele: the account is suspended")
	// ErrSessionEnded is returned if the account's SessionEpoch is no longer the session's.
	ErrSessionEnded = errors.New("clientele: the session has ended")
)

// SuspendedError carries what the owner may know about the holds. It matches ErrSuspended.
type SuspendedError struct {
	Messages []Message // one for each hold
}

// Error returns the text of ErrSuspended.
func (e *SuspendedError) Error() string { return ErrSuspended.Error() }

// Is reports whether target is ErrSuspended.
func (e *SuspendedError) Is(target error) bool { return target == ErrSuspended }

// takenError returns a *TakenError for everything that is taken, or nil.
func takenError(all []Taken) error {
	if len(all) == 0 {
		return nil
	}
	return &TakenError{Field: all[0].Field, Value: all[0].Value, Others: all[1:]}
}

// asConflict turns the ErrNotFound of a removal that was previewed into an ErrConflict that matches both.
func asConflict(err error) error {
	if errors.Is(err, ErrNotFound) {
		return fmt.Errorf("%w: %w", &ConflictError{}, err)
	}
	return err
}

func accountNotFound(id ID) error {
	return &NotFoundError{Kind: string(LevelAccount), IDs: []int64{int64(id)}}
}
