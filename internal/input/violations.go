package input

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// ErrInvalid is the error that every *Error matches.
var ErrInvalid = errors.New("clientele: invalid input")

// FieldError is one violation of a rule by one field.
type FieldError struct {
	Path    string // of the field in the method's input: "login", "contact.postalCode", "subscription.domains[0]"
	Rule    string // the rule's code: "required", "max", "login", …
	Param   string // the rule's limit, where it has one
	Message string // a whole sentence, in English unless translated
}

// Error lists every violation of an input. It matches ErrInvalid.
type Error struct {
	Fields []FieldError
}

// Error returns all violations, each with its path, in English.
func (e *Error) Error() string {
	messages := make([]string, len(e.Fields))
	for i, f := range e.Fields {
		messages[i] = f.Path + ": " + f.Message
	}
	return ErrInvalid.Error() + ": " + strings.Join(messages, "; ")
}

// Is reports whether target is ErrInvalid.
func (e *Error) Is(target error) bool { return target == ErrInvalid }

// Translate returns the violations with their messages in the language of locale, a BCP 47 tag: Italian for "it" and all
// its regions, English for every other one. Messages of rules that the application added stay as they are.
func (e *Error) Translate(locale string) []FieldError {
	translated := make([]FieldError, len(e.Fields))
	for i, f := range e.Fields {
		f.Message = message(locale, f)
		translated[i] = f
	}
	return translated
}

// Invalid returns an *Error with one violation.
func Invalid(path, rule, param string) error {
	var v Violations
	v.Add(path, rule, param)
	return v.Err()
}

// Violations collects the violations of one input. The zero value is empty and ready to use.
type Violations struct {
	fields      []FieldError
	unavailable error // why the command cannot be run, whatever its input
}

// Add records that the field at path violates rule. Param is the rule's limit, where it has one.
func (v *Violations) Add(path, rule, param string) {
	f := FieldError{Path: path, Rule: rule, Param: param}
	f.Message = message("en", f)
	v.fields = append(v.fields, f)
}

// Append records violations that the application found. Those without a message get the library's, in English.
func (v *Violations) Append(fields []FieldError) {
	for _, f := range fields {
		if f.Message == "" {
			f.Message = message("en", f)
		}
		v.fields = append(v.fields, f)
	}
}

// AddAll records the violations of other, with paths below prefix.
func (v *Violations) AddAll(prefix string, other Violations) {
	for _, f := range other.fields {
		f.Path = join(prefix, f.Path)
		v.fields = append(v.fields, f)
	}
}

// Has reports whether a violation is recorded at path.
func (v *Violations) Has(path string) bool {
	for _, f := range v.fields {
		if f.Path == path {
			return true
		}
	}
	return false
}

// Err returns an *Error with everything recorded, or nil if nothing is. If the command cannot be run, it returns why.
func (v *Violations) Err() error {
	if v.unavailable != nil {
		return v.unavailable
	}
	if len(v.fields) == 0 {
		return nil
	}
	return &Error{Fields: v.fields}
}

// FromCallback wraps an error that a function of the application returned while doing something. If ctx has ended, the
// result matches unavailable as well, because nothing has changed. A nil err stays nil.
func FromCallback(ctx context.Context, unavailable error, doing string, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%w: %s: %w: %w", unavailable, doing, ctx.Err(), err)
	default:
		return fmt.Errorf("clientele: %s: %w", doing, err)
	}
}

// PasswordError is an error of a function of the application that was given a password. Its text is that of the error, which may
// quote the password in any form.
type PasswordError struct {
	Function string // for the log
	error
}

// NewPasswordError returns err as an error of the function.
func NewPasswordError(function string, err error) *PasswordError {
	return &PasswordError{function, err}
}

func (e *PasswordError) Unwrap() error { return e.error }

func join(prefix, path string) string {
	if prefix == "" || path == "" {
		return prefix + path
	}
	return prefix + "." + path
}
