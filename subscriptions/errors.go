package subscriptions

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// The errors that errors.Is matches. The types beside them carry the particulars.
var (
	// ErrNotFound: something that the command or look-up names is not there. *NotFoundError says what.
	ErrNotFound = errors.New("clientele: not found")
	// ErrTaken: a login, an external id or a name is in use already, or in the way. *TakenError says which.
	ErrTaken = errors.New("clientele: taken")
	// ErrInvalid: the input breaks rules. *InvalidError lists them all.
	ErrInvalid = input.ErrInvalid
	// ErrConflict: the version, or what would be removed, is not what the caller saw.
	ErrConflict = errors.New("clientele: changed by someone else meanwhile")
	// ErrUnavailable: nothing happened. The command may be repeated; in a host's transaction the host rolls back and
	// repeats all of it.
	ErrUnavailable = errors.New("clientele: unavailable, nothing has changed")
	// ErrCommitUnknown: COMMIT was sent and no answer came. The command may have happened; look before repeating it.
	ErrCommitUnknown = errors.New("clientele: unknown whether the change was committed")
	// ErrCursorExpired: the events behind a cursor are no longer all there, or not there yet because an older backup was restored.
	ErrCursorExpired = errors.New("clientele: the cursor's events are gone")
)

// InvalidError lists every fault of an input. It matches ErrInvalid.
type InvalidError = input.Error

// FieldError is one fault: where, which rule, and a message for people.
type FieldError = input.FieldError

// NotFoundError names what there is not. It matches ErrNotFound.
type NotFoundError struct {
	Kind string  // "account", "subscription" or "domain"
	IDs  []int64 // every unknown id, ascending
	Name string  // or the login, external id or domain name that was looked up
}

func (e *NotFoundError) Error() string {
	if len(e.IDs) == 0 {
		return fmt.Sprintf("clientele: no %s %q", e.Kind, e.Name)
	}
	return fmt.Sprintf("clientele: no %s %s", e.Kind, strings.Trim(fmt.Sprint(e.IDs), "[]"))
}

// Is matches ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// Taken is one value that somebody else has.
type Taken struct {
	Field string // its path in the method's input
	Value string // as the caller gave it
}

// TakenError names every value that somebody else has. It matches ErrTaken.
type TakenError struct {
	Field, Value string  // the first
	Others       []Taken // the rest
}

func (e *TakenError) Error() string {
	said := fmt.Sprintf("clientele: taken: %s %q", e.Field, e.Value)
	for _, t := range e.Others {
		said += fmt.Sprintf(", %s %q", t.Field, t.Value)
	}
	return said
}

// Is matches ErrTaken.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// TakenAs answers a *TakenError for all that is taken, or nil.
func TakenAs(all []Taken) error {
	if len(all) == 0 {
		return nil
	}
	return &TakenError{Field: all[0].Field, Value: all[0].Value, Others: all[1:]}
}

// ConflictError refuses a lost update. It matches ErrConflict.
type ConflictError struct {
	Current int64 // the version now; 0 where versions are not what conflicts
}

func (e *ConflictError) Error() string {
	if e.Current == 0 {
		return ErrConflict.Error()
	}
	return fmt.Sprintf("%v: its version is %d now", ErrConflict, e.Current)
}

// Is matches ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// Missing answers a *NotFoundError that names every id wanted and not found, or nil. Both are ascending.
func Missing[K ~int64](kind Level, wanted, found []K) error {
	var unknown []int64
	for _, id := range wanted {
		if _, there := slices.BinarySearch(found, id); !there {
			unknown = append(unknown, int64(id))
		}
	}
	if unknown == nil {
		return nil
	}
	return &NotFoundError{Kind: string(kind), IDs: unknown}
}

// CheckVersion answers a *ConflictError unless the version that was read, or 0, is the current one.
func CheckVersion(read, current int64) error {
	if read == 0 || read == current {
		return nil
	}
	return &ConflictError{Current: current}
}
