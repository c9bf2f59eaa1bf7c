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
	Values url.Values
	Faults map[string]string // by the name of an input
	Others []string          // faults of no input on the page
}

// typed answers the form that was sent, without its passwords: they are never sent back.
func (v *visit) typed() form {
	values := url.Values{}
	for name, given := range v.r.PostForm {
		if !strings.Contains(name, "password") && name != "old" {
			values[name] = given
		}
	}
	return form{Values: values}
}

// filled answers a form with values to begin with, in pairs.
func filled(pairs ...string) form {
	f := form{Values: url.Values{}}
	for i := 0; i < len(pairs); i += 2 {
		f.Values.Set(pairs[i], pairs[i+1])
	}
	return f
}

func (f form) Value(name string) string { return f.Values.Get(name) }

// Has tells whether one of the values of a name is this one.
func (f form) Has(name, value string) bool {
	for _, given := range f.Values[name] {
		if given == value {
			return true
		}
	}
	return false
}

// Wrong tells whether there is any fault.
func (f form) Wrong() bool { return len(f.Faults)+len(f.Others) > 0 }

// at notes a fault at an input.
func (f *form) at(name, message string) {
	if f.Faults == nil {
		f.Faults = map[string]string{}
	}
	if f.Faults[name] == "" {
		f.Faults[name] = message
	}
}

// refused puts what a command says is wrong to the inputs of the form, where that is what it says; else it answers the
// error. Where gives the inputs for paths whose name on the page is another, in pairs; a path without an input is told
// at the top.
func (v *visit) refused(f *form, err error, inputs []string, where ...string) error {
	var invalid *accounts.InvalidError
	var taken *accounts.TakenError
	note := func(path, message string) {
		for i := 0; i < len(where); i += 2 {
			if where[i] == path {
				path = where[i+1]
			}
		}
		for _, name := range inputs {
			if name == path {
				f.at(name, message)
				return
			}
		}
		f.Others = append(f.Others, message)
	}
	switch {
	case errors.As(err, &invalid):
		for _, fault := range invalid.Translate(v.language) {
			note(fault.Path, fault.Message)
		}
	case errors.As(err, &taken):
		for _, one := range append([]accounts.Taken{{Field: taken.Field, Value: taken.Value}}, taken.Others...) {
			note(one.Field, v.T("fault.taken", one.Value))
		}
	default:
		return err
	}
	return nil
}

// field is one input as a template shows it.
type field struct {
	Page                           page
	Name, ID, Label, Value, Fault  string
	Type, Auto, Max, Hint, Pattern string
	Required, Focus                bool
	Suggest                        string // a password to suggest
	Meter                          bool   // tell how strong a password is
}

// Field answers an input of a form. Its label is the text "field." and its name, or what label= says; other options:
// type=, max=, auto= (the autocomplete), hint= (a key), required, focus; for passwords suggest= and meter.
func (p page) Field(f form, name string, options ...string) field {
	it := field{
		Page: p, Name: name, ID: fieldID(name), Label: p.T("field." + name), Value: f.Value(name), Fault: f.Faults[name],
		Type: "text", Auto: "off",
	}
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		switch key {
		case "label":
			it.Label = p.T(value)
		case "type":
			it.Type = value
		case "max":
			it.Max = value
		case "auto":
			it.Auto = value
		case "hint":
			it.Hint = p.T(value)
		case "required":
			it.Required = true
		case "focus":
			it.Focus = true
		case "suggest":
			it.Suggest = value
		case "meter":
			it.Meter = true
		}
	}
	return it
}

// Password is Field for a password, which is never shown.
func (p page) Password(f form, name string, options ...string) field {
	it := p.Field(f, name, options...)
	it.Value = ""
	return it
}

func fieldID(name string) string {
	return "f-" + strings.NewReplacer(".", "-", "[", "-", "]", "").Replace(name)
}

// Wrongs answers the faults at the inputs of a form, with the ids of those, in the order in which they are given.
func (p page) Wrongs(f form) []field {
	var wrong []field
	for name, message := range f.Faults {
		wrong = append(wrong, field{ID: fieldID(name), Fault: message})
	}
	slices.SortFunc(wrong, func(a, b field) int { return strings.Compare(a.ID, b.ID) })
	return wrong
}
