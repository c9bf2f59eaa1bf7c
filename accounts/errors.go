package accounts

import (
	"errors"

	"github.com/clientele-go/clientele/subscriptions"
)

// The errors that errors.Is matches. The first seven are those of package subscriptions, where they are explained.
var (
	ErrNotFound    = subscriptions.ErrNotFound
	ErrTaken       = subscriptions.ErrTaken
	ErrInvalid     = subscriptions.ErrInvalid
	ErrConflict    = subscriptions.ErrConflict
	ErrUnavailable = subscriptions.ErrUnavailable
	ErrCommitUnknown   = subscriptions.ErrCommitUnknown
	ErrCursorExpired        = subscriptions.ErrCursorExpired
	// ErrInvalidCredentials: the login is unknown or the password is wrong; which of them, nobody learns.
	ErrInvalidCredentials = errors.New("clientele: wrong login or password")
	// ErrSuspended: the account has a hold. Only who proved to be the owner is told.
	ErrSuspended = errors.New("clientele: the account is suspended")
	// ErrSessionEnded: the account's SignIn is another than the session's.
	ErrSessionEnded = errors.New("clientele: the session has ended")
)

// SuspendedError carries what the owner may know about the holds. It matches ErrSuspended.
type SuspendedError struct {
	Messages []Message // one for each hold
}

func (e *SuspendedError) Error() string { return ErrSuspended.Error() }

// Is matches ErrSuspended.
func (e *SuspendedError) Is(target error) bool { return target == ErrSuspended }
