package panel

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// form is what somebody typed, and what is wrong with it. Inputs are named by the paths that faults have.
type form struct {
	Values      url.Values
	FieldErrors map[string]string // by the name of an input
	Errors      []string          // faults of no input on the page
}

// formFromRequest answers the form that was sent, without its passwords: they are never sent back.
func (r *request) formFromRequest() form {
	values := url.Values{}
	for name, v := range r.req.PostForm {
		if !strings.Contains(name, "password") && name != "old" {
			values[name] = v
		}
	}
	return form{Values: values}
}

// newForm answers a form with values to begin with, in pairs.
func newForm(pairs ...string) form {
	f := form{Values: url.Values{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (f form) Value(name string) string { return f.Values.Get(name) }

// Has tells whether one of the values of a name is this one.
func (f form) Has(name, value string) bool {
	for _, v := range f.Values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// HasErrors tells whether there is any fault.
func (f form) HasErrors() bool { return len(f.FieldErrors)+len(f.Errors) > 0 }

// addFieldError notes a fault at an input.
func (f *form) addFieldError(name, message string) {
	if f.FieldErrors == nil {
		f.FieldErrors = map[string]string{}
	}
	if f.FieldErrors[name] == "" {
		f.FieldErrors[name] = message
	}
}

// applyFieldErrors puts what a command says is wrong to the inputs of the form, where that is what it says; else it answers the
// error. Where gives the inputs for paths whose name on the page is another, in pairs; a path without an input is told
// at the top.
func (r *request) applyFieldErrors(f *form, err error, inputs []string, aliases ...string) error {
	var invalid *accounts.InvalidError
	var taken *accounts.TakenError
	add := func(path, message string) {
		for i := 0; i < len(aliases); i += 2 {
			if aliases[i] == path {
				path = aliases[i+1]
			}
		}
		for _, name := range inputs {
			if name == path {
				f.addFieldError(name, message)
				return
			}
		}
		f.Errors = append(f.Errors, message)
	}
	switch {
	case errors.As(err, &invalid):
		for _, fieldError := range invalid.Translate(r.language) {
			add(fieldError.Path, fieldError.Message)
		}
	case errors.As(err, &taken):
		for _, conflict := range append([]accounts.Taken{{Field: taken.Field, Value: taken.Value}}, taken.Others...) {
			add(conflict.Field, r.T("fault.taken", conflict.Value))
		}
	default:
		return err
	}
	return nil
}

// field is one input as a template shows it.
type field struct {
	Page                           page
	Name, ID, Label, Value, Error  string
	Type, Auto, Max, Hint, Pattern string
	Required, Focus                bool
	Suggest                        string // a password to suggest
	Meter                          bool   // tell how strong a password is
}

// Field answers an input of a form. Its label is the text "field." and its name, or what label= says; other options:
// type=, max=, auto= (the autocomplete), hint= (a key), required, focus; for passwords suggest= and meter.
func (p page) Field(f form, name string, options ...string) field {
	field := field{
		Page: p, Name: name, ID: fieldID(name), Label: p.T("field." + name), Value: f.Value(name), Error: f.FieldErrors[name],
		Type: "text", Auto: "off",
	}
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "label":
			field.Label = p.T(value)
		case "type":
			field.Type = value
		case "max":
			field.Max = value
		case "auto":
			field.Auto = value
		case "hint":
			field.Hint = p.T(value)
		case "required":
			field.Required = true
		case "focus":
			field.Focus = true
		case "suggest":
			field.Suggest = value
		case "meter":
			field.Meter = true
		}
	}
	return field
}

// Password is Field for a password, which is never shown.
func (p page) Password(f form, name string, options ...string) field {
	field := p.Field(f, name, options...)
	field.Value = ""
	return field
}

func fieldID(name string) string {
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(name)
}

// FieldErrors answers the faults at the inputs of a form, with the ids of those, in the order in which they are given.
func (p page) FieldErrors(f form) []field {
	var fields []field
	for name, message := range f.FieldErrors {
		fields = append(fields, field{ID: fieldID(name), Error: message})
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.ID, b.ID) })
	return fields
}
