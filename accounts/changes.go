package accounts

import (
	"maps"
	"strings"

	"github.com/clientele-go/clientele/internal/input"
)

// clean checks the changes and returns them as they are stored. The values that the caller's pointers point to are not
// changed.
func (ch Changes) clean(v *input.Violations) Changes {
	ch.Login = input.Cleaned(input.Login, ch.Login)
	ch.ExternalID = input.Cleaned(input.Line, ch.ExternalID)
	ch.Locale = input.Cleaned(input.Locale, ch.Locale)
	ch.AdditionalInfo = input.Cleaned(input.Text, ch.AdditionalInfo)
	ch.Description = input.Cleaned(input.Text, ch.Description)
	ch.Attributes = input.CleanAttributes(ch.Attributes)
	if ch.Contact != nil {
		contact := ch.Contact.clean()
		ch.Contact = &contact
	}
	inputRules.Check(v, "", ch)
	return ch
}

// checkVersion returns a *ConflictError if the changes were made to another version of the account.
func (ch Changes) checkVersion(a Account) error {
	if ch.Version != 0 && ch.Version != a.Version {
		return &ConflictError{Current: a.Version}
	}
	return nil
}

// apply returns the account with the changes and the next version, and the names of the fields that differ. Another e-mail
// address raises SessionEpoch: links for new passwords go to that address, and those that went to the old one must not work
// any longer.
func (ch Changes) apply(v *input.Violations, old Account) (changed Account, fields string) {
	changed = old
	changed.Version++
	contact := old.Contact
	if ch.Contact != nil {
		contact = *ch.Contact
	}
	to, from := &changed.Contact, &contact
	differ := input.ApplyTexts([]input.ChangedText{
		{Path: "login", To: &changed.Login, From: ch.Login},
		{Path: "contact.name", To: &to.Name, From: &from.Name},
		{Path: "contact.company", To: &to.Company, From: &from.Company},
		{Path: "contact.email", To: &to.Email, From: &from.Email},
		{Path: "contact.phone", To: &to.Phone, From: &from.Phone},
		{Path: "contact.address", To: &to.Address, From: &from.Address},
		{Path: "contact.city", To: &to.City, From: &from.City},
		{Path: "contact.state", To: &to.State, From: &from.State},
		{Path: "contact.postalCode", To: &to.PostalCode, From: &from.PostalCode},
		{Path: "contact.country", To: &to.Country, From: &from.Country},
		{Path: "additionalInfo", To: &changed.AdditionalInfo, From: ch.AdditionalInfo},
		{Path: "description", To: &changed.Description, From: ch.Description},
		{Path: "externalID", To: &changed.ExternalID, From: ch.ExternalID},
		{Path: "locale", To: &changed.Locale, From: ch.Locale},
	})
	if changed.Contact.Email != old.Contact.Email {
		changed.SessionEpoch++
	}
	changed.Attributes = input.MergeAttributes(v, old.Attributes, ch.Attributes)
	if !maps.Equal(changed.Attributes, old.Attributes) {
		differ = append(differ, "attributes")
	}
	return changed, strings.Join(differ, ",")
}
