package accounts

import (
	"maps"
	"strings"

	"github.com/clientele-go/clientele/subscriptions"
	"github.com/clientele-go/clientele/subscriptions/input"
)

// clean checks the changes and answers them as they are stored, without changing what the caller's pointers point to.
func (ch Changes) clean(f *input.Faults) Changes {
	ch.Login = subscriptions.CleanCopy(input.Login, ch.Login)
	ch.ExternalID = subscriptions.CleanCopy(input.Line, ch.ExternalID)
	ch.Locale = subscriptions.CleanCopy(input.Locale, ch.Locale)
	ch.AdditionalInfo = subscriptions.CleanCopy(input.Text, ch.AdditionalInfo)
	ch.Description = subscriptions.CleanCopy(input.Text, ch.Description)
	ch.Attributes = subscriptions.CleanAttributes(ch.Attributes)
	if ch.Contact != nil {
		contact := ch.Contact.clean()
		ch.Contact = &contact
	}
	f.Struct("", ch)
	return ch
}

// apply answers the account with its fields changed and its version raised, and the names of those that differ.
func (ch Changes) apply(f *input.Faults, old Account) (changed Account, fields string) {
	changed = old
	changed.Version++
	contact := old.Contact
	if ch.Contact != nil {
		contact = *ch.Contact
	}
	to, from := &changed.Contact, &contact
	differ := subscriptions.ApplyTexts([]subscriptions.ChangedText{
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
	changed.Attributes = subscriptions.MergeAttributes(f, old.Attributes, ch.Attributes)
	if !maps.Equal(changed.Attributes, old.Attributes) {
		differ = append(differ, "attributes")
	}
	return changed, strings.Join(differ, ",")
}
