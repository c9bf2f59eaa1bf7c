package subscriptions

import (
	"errors"
	"fmt"
	"strings"

	"github.com/clientele-go/clientele/internal/input"
)

// The errors that errors.Is matches. The types below carry the details.
var (
	// ErrNotFound is returned if something that the command or look-up names does not exist. *NotFoundError says what.
	ErrNotFound = errors.New("clientele: not found")
	// ErrTaken is returned if a login, an external id or a domain is in use, or conflicts with another account's domain.
	// *TakenError says which.
	ErrTaken = errors.New("clientele: taken")
	// ErrInvalid is returned if the input breaks rules. *InvalidError lists every violation.
	ErrInvalid = input.ErrInvalid
	// ErrConflict is returned if the version, or what would be removed, is no longer what the caller read. *ConflictError
	// has the current version.
	ErrConflict = errors.New("clientele: version conflict")
	// ErrUnavailable is returned if the store is unavailable or busy. No changes were made, and the command may be
	// repeated. Inside a transaction of the application, the application rolls back and repeats all of it.
	ErrUnavailable = errors.New("clientele: unavailable (no changes were made)")
	// ErrCommitUnknown is returned if COMMIT was sent and no reply came. The command may have taken effect: look before
	// repeating it.
	ErrCommitUnknown = errors.New("clientele: commit outcome unknown")
	// ErrCursorExpired is returned if events after the cursor were pruned, or if the cursor is beyond the last event because
	// an older backup was restored.
	ErrCursorExpired = errors.New("clientele: cursor expired")
)

// InvalidError lists every violation of an input in its field Fields, a []FieldError. It matches ErrInvalid. Its method
// Translate(locale string) returns the fields with their messages in the language of a BCP 47 tag: in Italian for "it" and
// its regions, in English otherwise.
type InvalidError = input.Error

// FieldError is one violation: Path is that of the field in the method's input ("login", "subscription.domains[0]"), Rule
// the code of the rule ("required", "max"), Param the rule's limit where it has one, and Message a sentence for people.
type FieldError = input.FieldError

// NotFoundError names what does not exist. It matches ErrNotFound.
type NotFoundError struct {
	Kind string  // "account", "subscription", "domain", "entry" or "note"
	IDs  []int64 // every unknown id, sorted
	Name string  // or the login, external id, domain name or key that was looked up
}

// Error returns what does not exist.
func (e *NotFoundError) Error() string {
	if len(e.IDs) == 0 {
		return fmt.Sprintf("clientele: %s not found: %q", e.Kind, e.Name)
	}
	return fmt.Sprintf("clientele: %s not found: %s", e.Kind, strings.ReplaceAll(strings.Trim(fmt.Sprint(e.IDs), "[]"), " ", ", "))
}

// Is reports whether target is ErrNotFound.
func (e *NotFoundError) Is(target error) bool { return target == ErrNotFound }

// Taken is one value that is in use.
type Taken struct {
	Field string // its path in the method's input
	Value string // as the caller gave it
}

// TakenError names every value that is in use. It matches ErrTaken.
type TakenError struct {
	Field, Value string  // the first
	Others       []Taken // the rest
}

// Error returns every value that is in use.
func (e *TakenError) Error() string {
	values := fmt.Sprintf("%s %q", e.Field, e.Value)
	for _, t := range e.Others {
		values += fmt.Sprintf(", %s %q", t.Field, t.Value)
	}
	if len(e.Others) > 0 {
		return "clientele: " + values + " are already taken"
	}
	return "clientele: " + values + " is already taken"
}

// Is reports whether target is ErrTaken.
func (e *TakenError) Is(target error) bool { return target == ErrTaken }

// takenError returns a *TakenError for everything that is taken, or nil.
func takenError(all []Taken) error {
	if len(all) == 0 {
		return nil
	}
	return &TakenError{Field: all[0].Field, Value: all[0].Value, Others: all[1:]}
}

// ConflictError refuses a lost update. It matches ErrConflict.
type ConflictError struct {
	Current int64 // the current version; 0 where something other than a version is in conflict
}

// Error returns the current version.
func (e *ConflictError) Error() string {
	if e.Current == 0 {
		return "clientele: conflict: the data has changed"
	}
	return fmt.Sprintf("%v: current version is %d", ErrConflict, e.Current)
}

// Is reports whether target is ErrConflict.
func (e *ConflictError) Is(target error) bool { return target == ErrConflict }

// missing returns a *NotFoundError that names every wanted id that was not found, or nil. Both are sorted.
func missing[K ~int64](kind Level, wanted, found []K) error {
	if unknown := input.Missing(wanted, found); unknown != nil {
		return &NotFoundError{Kind: string(kind), IDs: unknown}
	}
	return nil
}

// checkVersion returns a *ConflictError unless the version that was read is the current one or 0.
func checkVersion(read, current int64) error {
	if read == 0 || read == current {
		return nil
	}
	return &ConflictError{Current: current}
}
