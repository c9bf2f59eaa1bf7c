package subscriptions

import (
	"maps"
	"strings"

	"github.com/clientele-go/clientele/internal/input"
)

// clean checks the changes and returns them as they are stored. The values that the caller's pointers point to are not
// changed.
func (ch Changes) clean(v *input.Violations) Changes {
	ch.Name, ch.Plan = input.Cleaned(input.Name, ch.Name), input.Cleaned(input.Line, ch.Plan)
	ch.ExternalID = input.Cleaned(input.Line, ch.ExternalID)
	ch.Description = input.Cleaned(input.Text, ch.Description)
	ch.Attributes = input.CleanAttributes(ch.Attributes)
	if ch.ExpiresAt != nil {
		expiresAt := input.Time(*ch.ExpiresAt)
		ch.ExpiresAt = &expiresAt
	}
	inputRules.Check(v, "", ch)
	return ch
}

// withName returns the changes with an empty new name replaced by the name of the main domain. If there are no domains, an
// empty name is a violation at "name".
func (ch Changes) withName(v *input.Violations, tx Tx, old Record) (Changes, error) {
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
	v.Add("name", "required", "")
	return ch, nil
}

// apply returns the subscription with the changes and the next version, and the names of the fields that differ.
func (ch Changes) apply(v *input.Violations, old Record) (changed Record, fields string) {
	changed = old
	changed.Version++
	differ := input.ApplyTexts([]input.ChangedText{
		{Path: "name", To: &changed.Name, From: ch.Name},
		{Path: "plan", To: &changed.Plan, From: ch.Plan},
		{Path: "description", To: &changed.Description, From: ch.Description},
		{Path: "externalID", To: &changed.ExternalID, From: ch.ExternalID},
	})
	changed.Attributes = input.MergeAttributes(v, old.Attributes, ch.Attributes)
	if !maps.Equal(changed.Attributes, old.Attributes) {
		differ = append(differ, "attributes")
	}
	if ch.ExpiresAt != nil && !ch.ExpiresAt.Equal(old.ExpiresAt) {
		changed.ExpiresAt = *ch.ExpiresAt
		differ = append(differ, "expiresAt")
	}
	return changed, strings.Join(differ, ",")
}
