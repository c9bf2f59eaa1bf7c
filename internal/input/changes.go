package input

import (
	"maps"
	"strconv"
)

// Clean replaces every text that is set by the form that clean returns.
func Clean(clean func(string) string, texts ...*string) {
	for _, text := range texts {
		if text != nil {
			*text = clean(*text)
		}
	}
}

// Cleaned returns a pointer to the cleaned copy of a text, or nil for nil.
func Cleaned(clean func(string) string, text *string) *string {
	if text == nil {
		return nil
	}
	cleaned := clean(*text)
	return &cleaned
}

// ChangedText is a field that an update may change: to the value of From, unless that is nil.
type ChangedText struct {
	Path     string
	To, From *string
}

// ApplyTexts changes the fields and returns the paths of those that differ.
func ApplyTexts(texts []ChangedText) (changed []string) {
	for _, t := range texts {
		if t.From != nil && *t.From != *t.To {
			*t.To = *t.From
			changed = append(changed, t.Path)
		}
	}
	return changed
}

// maxAttributes is the number of attributes that an account or a subscription may have.
const maxAttributes = 32

// The rules of attributes: AttributeRules of new ones, and AttributeChangeRules of changes, which can be twice as many,
// because one update can delete all 32 and add 32 others.
const (
	AttributeRules       = "max=32,dive,keys,max=64,slug,endkeys,max=1024,text"
	AttributeChangeRules = "max=64,dive,keys,max=64,slug,endkeys,max=1024,text"
)

// CleanAttributes returns a copy of attributes with the values in the form in which they are stored.
func CleanAttributes(attributes map[string]string) map[string]string {
	cleaned := maps.Clone(attributes)
	for key, value := range cleaned {
		cleaned[key] = Text(value)
	}
	return cleaned
}

// SetAttributes returns the attributes that have a value, or nil if there are none. An attribute without a value does not
// exist.
func SetAttributes(attributes map[string]string) map[string]string {
	set := maps.Clone(attributes)
	maps.DeleteFunc(set, func(_, value string) bool { return value == "" })
	if len(set) == 0 {
		return nil
	}
	return set
}

// MergeAttributes returns the old attributes with changes merged in; an empty value deletes. More than 32 are a violation
// at "attributes". Old is not changed.
func MergeAttributes(v *Violations, old, changes map[string]string) map[string]string {
	merged := make(map[string]string, len(old)+len(changes))
	maps.Copy(merged, old)
	maps.Copy(merged, changes)
	merged = SetAttributes(merged)
	if len(merged) > maxAttributes {
		v.Add("attributes", "maxItems", strconv.Itoa(maxAttributes))
	}
	return merged
}
