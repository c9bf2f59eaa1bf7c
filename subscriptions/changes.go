package subscriptions

import (
	"maps"
	"strconv"
	"strings"

	"github.com/clientele-go/clientele/subscriptions/input"
)

// CleanAttributes answers a copy of attributes with their values in the form in which they are stored.
func CleanAttributes(attributes map[string]string) map[string]string {
	cleaned := maps.Clone(attributes)
	for key, value := range cleaned {
		cleaned[key] = input.Text(value)
	}
	return cleaned
}

// SetAttributes answers the attributes that have a value, nil for none: an empty one means that there is no such
// attribute.
func SetAttributes(attributes map[string]string) map[string]string {
	set := maps.Clone(attributes)
	maps.DeleteFunc(set, func(_, value string) bool { return value == "" })
	if len(set) == 0 {
		return nil
	}
	return set
}

// mostAttributes is how many attributes an account or a subscription may have, as the tags of New say.
const mostAttributes = 32

// MergeAttributes answers old attributes with changes merged in: empty values delete. More than 32 are a fault at
// "attributes". Old stays as it is.
func MergeAttributes(f *input.Faults, old, changes map[string]string) map[string]string {
	merged := make(map[string]string, len(old)+len(changes))
	maps.Copy(merged, old)
	maps.Copy(merged, changes)
	merged = SetAttributes(merged)
	if len(merged) > mostAttributes {
		f.Add("attributes", "maxItems", strconv.Itoa(mostAttributes))
	}
	return merged
}

// clean answers the changes as they are stored, without changing what the caller's pointers point to.
func (ch Changes) clean(f *input.Faults) Changes {
	ch.Name, ch.Plan = CleanCopy(input.Line, ch.Name), CleanCopy(input.Line, ch.Plan)
	ch.ExternalID = CleanCopy(input.Line, ch.ExternalID)
	ch.Description = CleanCopy(input.Text, ch.Description)
	ch.Attributes = CleanAttributes(ch.Attributes)
	if ch.ExpiresAt != nil {
		cut := Cut(*ch.ExpiresAt)
		ch.ExpiresAt = &cut
	}
	f.Struct("", ch)
	return ch
}

// CleanCopy answers a pointer to the cleaned text, nil for nil.
func CleanCopy(clean func(string) string, text *string) *string {
	if text == nil {
		return nil
	}
	cleaned := clean(*text)
	return &cleaned
}

// withName answers the changes with a name that is changed to nothing replaced by that of the main domain. Without
// domains that is a fault at "name".
func (ch Changes) withName(f *input.Faults, tx Tx, old Record) (Changes, error) {
	if ch.Name == nil || *ch.Name != "" {
		return ch, nil
	}
	domains, err := tx.DomainsOf([]ID{old.ID})
	if err != nil {
		return Changes{}, err
	}
	for _, d := range domains {
		if d.ID == old.Main {
			ch.Name = &d.Name
			return ch, nil
		}
	}
	f.Add("name", "required", "")
	return ch, nil
}

// ChangedText is a field that an update may change: to From, unless that is nil.
type ChangedText struct {
	Path     string
	To, From *string
}

// ApplyTexts changes the fields and answers the paths of those that differ.
func ApplyTexts(texts []ChangedText) (differ []string) {
	for _, text := range texts {
		if text.From != nil && *text.From != *text.To {
			*text.To = *text.From
			differ = append(differ, text.Path)
		}
	}
	return differ
}

// apply answers the subscription with its fields changed and its version raised, and the names of those that differ.
func (ch Changes) apply(f *input.Faults, old Record) (changed Record, fields string) {
	changed = old
	changed.Version++
	differ := ApplyTexts([]ChangedText{
		{Path: "name", To: &changed.Name, From: ch.Name},
		{Path: "plan", To: &changed.Plan, From: ch.Plan},
		{Path: "description", To: &changed.Description, From: ch.Description},
		{Path: "externalID", To: &changed.ExternalID, From: ch.ExternalID},
	})
	changed.Attributes = MergeAttributes(f, old.Attributes, ch.Attributes)
	if !maps.Equal(changed.Attributes, old.Attributes) {
		differ = append(differ, "attributes")
	}
	if ch.ExpiresAt != nil && !ch.ExpiresAt.Equal(old.ExpiresAt) {
		changed.ExpiresAt = *ch.ExpiresAt
		differ = append(differ, "expiresAt")
	}
	return changed, strings.Join(differ, ",")
}
