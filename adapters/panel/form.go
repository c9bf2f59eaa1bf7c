package panel

import (
	"errors"
	"net/url"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
)

// form has the values of a form and the errors in them. Its inputs are named like the paths of field errors.
type form struct {
	Values      url.Values
	FieldErrors map[string]string // by the name of an input
	Errors      []string          // of no input on the page
}

// formFromRequest returns the submitted form without its passwords, which are never sent back.
func (r *request) formFromRequest() form {
	values := url.Values{}
	for name, given := range r.req.PostForm {
		if !strings.Contains(name, "password") && name != "old" {
			values[name] = given
		}
	}
	return form{Values: values}
}

// newForm returns a form with initial values, given as pairs of name and value.
func newForm(pairs ...string) form {
	f := form{Values: url.Values{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (f form) Value(name string) string { return f.Values.Get(name) }

// Has reports whether value is one of the values of the named input.
func (f form) Has(name, value string) bool {
	for _, v := range f.Values[name] {
		if v == value {
			return true
		}
	}
	return false
}

// HasErrors reports whether the form has any error.
func (f form) HasErrors() bool { return len(f.FieldErrors)+len(f.Errors) > 0 }

// addFieldError adds an error of an input, unless the input already has one.
func (f *form) addFieldError(name, message string) {
	if f.FieldErrors == nil {
		f.FieldErrors = map[string]string{}
	}
	if f.FieldErrors[name] == "" {
		f.FieldErrors[name] = message
	}
}

// applyFieldErrors adds the errors of an *accounts.InvalidError or *accounts.TakenError to f and returns nil. It returns any
// other err. inputs are the names of the inputs on the page; errors at other paths are added to f.Errors. aliases are pairs
// of a path and the name of its input, where they differ.
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
		for _, fieldError := range invalid.Translate(string(r.language)) {
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

// field is an input for a template.
type field struct {
	Page                           page
	Name, ID, Label, Value, Error  string
	Type, Auto, Max, Hint, Pattern string
	Required, Focus                bool
	Suggest                        string // a password to suggest
	Meter                          bool   // show how strong the password is
}

// Field returns an input of f. Its label is the text with the key "field."+name. The options are label= and hint= (keys of
// texts), type=, max=, auto= (the autocomplete attribute), required and focus; for passwords also suggest= and meter.
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
		case "optional":
			field.Required = false
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

// Password is like Field, but leaves out the value and is required unless the options have "optional".
func (p page) Password(f form, name string, options ...string) field {
	field := p.Field(f, name, append([]string{"required"}, options...)...)
	field.Value = ""
	return field
}

func fieldID(name string) string {
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(name)
}

// FieldErrors returns the fields of f that have errors, with only ID and Error set, sorted by ID.
func (p page) FieldErrors(f form) []field {
	var fields []field
	for name, message := range f.FieldErrors {
		fields = append(fields, field{ID: fieldID(name), Error: message})
	}
	slices.SortFunc(fields, func(a, b field) int { return strings.Compare(a.ID, b.ID) })
	return fields
}
