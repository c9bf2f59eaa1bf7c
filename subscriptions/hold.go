package subscriptions

import (
	"slices"
	"strings"
	"time"
)

// A Cause says why something is suspended. Causes are independent: lifting one leaves the others in force.
// A host may use causes of its own, slugs of the form [a-z][a-z0-9-]{0,31}.
type Cause string

// The causes that the library knows.
const (
	CauseProvider Cause = "provider" // an operator's decision; the default
	CauseBilling  Cause = "billing"  // an unpaid invoice
	CauseAbuse    Cause = "abuse"    // a site that does harm
	CauseCustomer Cause = "customer" // the owner switched a domain off
	CauseExpired  Cause = "expired"  // the subscription ran out; the library alone places and lifts it
)

// Hold is one reason why an account, a subscription or a domain is suspended.
// The three texts are of at most 4,096 characters each.
type Hold struct {
	Cause   Cause     `validate:"omitempty,cause"` // CauseProvider when empty
	Note    string    `validate:"max=4096,text"`   // only the provider sees it
	Message string    `validate:"max=4096,text"`   // the owner sees it
	Public  string    `validate:"max=4096,text"`   // visitors see it
	By      string    `validate:"-"`               // the actor; filled in by the library
	At      time.Time `validate:"-"`               // filled in by the library
}

// Holds are the reasons of one account, subscription or domain, at most one for each cause, ordered by cause.
type Holds []Hold

// Get answers the hold of a cause, and whether there is one.
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

// put answers the holds with one more, and whether that changes anything. A hold whose cause is already there keeps
// its By and At, and takes over those texts of the new one that are not empty. The receiver stays as it is.
func (h Holds) put(n Hold) (Holds, bool) {
	i, found := h.search(n.Cause)
	if !found {
		return slices.Insert(slices.Clone(h), i, n), true
	}
	merged := h[i]
	for _, text := range []struct {
		to   *string
		from string
	}{{&merged.Note, n.Note}, {&merged.Message, n.Message}, {&merged.Public, n.Public}} {
		if text.from != "" {
			*text.to = text.from
		}
	}
	if merged == h[i] {
		return h, false
	}
	placed := slices.Clone(h)
	placed[i] = merged
	return placed, true
}

// remove parts the holds into those that stay and the causes that go when causes are lifted.
// Nil causes mean all of them except CauseExpired, which ends with the subscription's new date and not by hand.
func (h Holds) remove(causes []Cause) (stay Holds, lifted []Cause) {
	for _, hold := range h {
		if goes(hold.Cause, causes) {
			lifted = append(lifted, hold.Cause)
			continue
		}
		stay = append(stay, hold)
	}
	return stay, lifted
}

func goes(c Cause, causes []Cause) bool {
	if causes == nil {
		return c != CauseExpired
	}
	return slices.Contains(causes, c)
}

// Level says what a hold was placed on, or what an error speaks of.
type Level string

// The levels, from the top down.
const (
	LevelAccount      Level = "account"
	LevelSubscription Level = "subscription"
	LevelDomain       Level = "domain"
)

// EffectiveHold is a hold together with where it was placed.
type EffectiveHold struct {
	Level Level
	Hold
}

// Effective answers the holds as placed on a level.
func (h Holds) Effective(l Level) []EffectiveHold {
	if len(h) == 0 {
		return nil
	}
	held := make([]EffectiveHold, len(h))
	for i, hold := range h {
		held[i] = EffectiveHold{Level: l, Hold: hold}
	}
	return held
}

// Inherited answers what lies on a thing from above: its account's holds, then its subscription's.
// Stores fill the fields of that name with it.
func Inherited(account, subscription Holds) []EffectiveHold {
	if len(account)+len(subscription) == 0 {
		return nil
	}
	return append(account.Effective(LevelAccount), subscription.Effective(LevelSubscription)...)
}

// Status says whether something is up. It is derived from holds and never stored.
type Status string

// The two statuses.
const (
	Active    Status = "active"    // neither it nor anything above it has a hold
	Suspended Status = "suspended" // it has a hold, or lies below something that has one
)

// StatusOf answers the status of something that is held so often.
func StatusOf(holds int) Status {
	if holds == 0 {
		return Active
	}
	return Suspended
}
