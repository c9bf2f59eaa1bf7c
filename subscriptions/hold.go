package subscriptions

import (
	"slices"
	"strings"
	"time"
)

// A Cause says why something is suspended. Causes are independent: lifting one leaves the others in force. Applications may
// use custom causes, slugs of the form [a-z][a-z0-9-]{0,31}.
type Cause string

// The causes that the library knows.
const (
	CauseProvider Cause = "provider" // an operator's decision; the default
	CauseBilling  Cause = "billing"  // an unpaid invoice
	CauseAbuse    Cause = "abuse"    // a site that does harm
	CauseCustomer Cause = "customer" // the owner disabled a domain
	CauseExpired  Cause = "expired"  // the subscription has expired; placed and lifted only by the library
)

// Hold is one reason why an account, a subscription or a domain is suspended. Each of the three texts has at most 4,096
// characters.
type Hold struct {
	Cause   Cause     // CauseProvider if empty
	Note    string    // visible to the provider only
	Message string    // visible to the owner
	Public  string    // visible to visitors
	By      string    // the actor who placed it; filled in by the library
	At      time.Time // when it was placed; filled in by the library
}

// Holds are the holds of one account, subscription or domain: at most one for each cause, sorted by cause. They are
// nil if there are none.
type Holds []Hold

// Get returns the hold with the given cause and reports whether there is one.
func (h Holds) Get(c Cause) (Hold, bool) {
	i, found := h.search(c)
	if !found {
		return Hold{}, false
	}
	return h[i], true
}

func (h Holds) search(c Cause) (int, bool) {
	return slices.BinarySearchFunc(h, c, func(h Hold, c Cause) int { return strings.Compare(string(h.Cause), string(c)) })
}

// add returns the holds with n, whose cause is a new one, added. The receiver is not changed.
func (h Holds) add(n Hold) Holds {
	i, _ := h.search(n.Cause)
	return slices.Insert(slices.Clone(h), i, n)
}

// HoldTexts are the texts of a hold to be changed: nil leaves a text as it is, and "" empties it.
type HoldTexts struct{ Note, Message, Public *string }

// with returns the hold with its texts changed. By and At stay: it is the same hold.
func (h Hold) with(t HoldTexts) Hold {
	for _, text := range []struct{ to, from *string }{{&h.Note, t.Note}, {&h.Message, t.Message}, {&h.Public, t.Public}} {
		if text.from != nil {
			*text.to = *text.from
		}
	}
	return h
}

// texts returns the texts of the hold that are not empty.
func (h Hold) texts() HoldTexts {
	given := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	return HoldTexts{Note: given(h.Note), Message: given(h.Message), Public: given(h.Public)}
}

// remove returns the holds that remain when causes are lifted, and the causes of the others. Nil causes mean all except
// CauseExpired, which only a new ExpiresAt lifts.
func (h Holds) remove(causes []Cause) (remaining Holds, lifted []Cause) {
	for _, hold := range h {
		if isLifted(hold.Cause, causes) {
			lifted = append(lifted, hold.Cause)
			continue
		}
		remaining = append(remaining, hold)
	}
	return remaining, lifted
}

func isLifted(c Cause, causes []Cause) bool {
	if causes == nil {
		return c != CauseExpired
	}
	return slices.Contains(causes, c)
}

// Level is the kind of thing that a hold was placed on or that an error is about.
type Level string

// The levels, from the top down.
const (
	LevelAccount      Level = "account"
	LevelSubscription Level = "subscription"
	LevelDomain       Level = "domain"
)

// EffectiveHold is a hold together with the level on which it was placed.
type EffectiveHold struct {
	Level Level
	Hold
}

// Effective returns the holds as placed on a level, or nil if there are none.
func (h Holds) Effective(l Level) []EffectiveHold {
	if len(h) == 0 {
		return nil
	}
	effective := make([]EffectiveHold, len(h))
	for i, hold := range h {
		effective[i] = EffectiveHold{Level: l, Hold: hold}
	}
	return effective
}

// Inherited returns what descendants of an account with the holds h inherit: h followed by the holds of the subscription,
// which are nil where the descendant is the subscription itself. It is for stores, which fill the Inherited fields with it.
func (h Holds) Inherited(subscription Holds) []EffectiveHold {
	if len(h)+len(subscription) == 0 {
		return nil
	}
	return append(h.Effective(LevelAccount), subscription.Effective(LevelSubscription)...)
}

// Status returns Suspended if there is a hold, and Active otherwise.
func (h Holds) Status() Status { return statusFor(len(h)) }

// Status says whether something is active or suspended. It is derived from holds and never stored.
type Status string

// The two statuses.
const (
	Active    Status = "active"    // neither it nor anything above it has a hold
	Suspended Status = "suspended" // it has a hold, or inherits one
)

// statusFor returns Suspended if n, the number of holds, is positive, and Active otherwise.
func statusFor(n int) Status {
	if n > 0 {
		return Suspended
	}
	return Active
}
