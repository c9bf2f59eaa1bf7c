package subscriptions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestHoldsAreSortedByCause(t *testing.T) {
	var holds Holds
	for _, c := range []Cause{CauseProvider, CauseAbuse, CauseBilling} {
		holds = holds.add(Hold{Cause: c})
	}
	assert.Equal(t, Holds{{Cause: CauseAbuse}, {Cause: CauseBilling}, {Cause: CauseProvider}}, holds)
}

func TestHoldTexts(t *testing.T) {
	hold := Hold{Cause: CauseAbuse, Note: "note", Message: "message", By: "anna", At: monday}
	empty, public := "", "public"
	assert.Equal(t, hold, hold.with(HoldTexts{}))
	assert.Equal(t, hold, hold.with(Hold{Cause: CauseBilling, By: "bruno"}.texts()), "an empty text is not given")
	assert.Equal(t,
		Hold{Cause: CauseAbuse, Message: "message", Public: "public", By: "anna", At: monday},
		hold.with(HoldTexts{Note: &empty, Public: &public}),
	)
	assert.Equal(t, "note", hold.Note, "the receiver is not changed")
}

func TestUpdateDecidesForMany(t *testing.T) {
	existing := Hold{Cause: CauseBilling, Note: "old", By: "anna", At: monday}
	targets := HoldTargets[ID]{Level: LevelSubscription}
	targets.Add(1, Holds{existing}, nil, Event{SubscriptionID: 1})
	targets.Add(2, nil, nil, Event{SubscriptionID: 2})
	targets.Add(3, Holds{{Cause: CauseBilling, Note: "new"}}, nil, Event{SubscriptionID: 3})
	text := "new"
	out, w := targets.update(CauseBilling, HoldTexts{Note: &text}, commandInfo{"bruno", monday.Add(time.Hour)})
	assert.Equal(t, Outcome[ID]{Updated: []ID{1}, Unchanged: []ID{2, 3}}, out)
	existing.Note = "new"
	assert.Equal(t, []HoldWrite{{LevelSubscription, 1, existing}}, w.PutHolds)
	assert.Equal(t, []Event{{
		At: monday.Add(time.Hour), Type: SubscriptionHoldUpdated, Actor: "bruno", SubscriptionID: 1,
		Details: map[string]string{"cause": "billing", "note": "new"},
	}}, w.Events)
}

func TestRemoveHolds(t *testing.T) {
	holds := Holds{{Cause: CauseAbuse}, {Cause: CauseBilling}, {Cause: CauseExpired}}
	for _, c := range []struct {
		name      string
		causes    []Cause
		remaining Holds
		lifted    []Cause
	}{
		{"all except expired", nil, Holds{{Cause: CauseExpired}}, []Cause{CauseAbuse, CauseBilling}},
		{"one", []Cause{CauseBilling}, Holds{{Cause: CauseAbuse}, {Cause: CauseExpired}}, []Cause{CauseBilling}},
		{"missing cause", []Cause{"custom"}, holds, nil},
		{"expired", []Cause{CauseExpired}, Holds{{Cause: CauseAbuse}, {Cause: CauseBilling}}, []Cause{CauseExpired}},
	} {
		t.Run(c.name, func(t *testing.T) {
			remaining, lifted := holds.remove(c.causes)
			assert.Equal(t, c.remaining, remaining)
			assert.Equal(t, c.lifted, lifted)
		})
	}
}

func TestStatusIsDerived(t *testing.T) {
	account, subscription, domain := Holds{{Cause: CauseBilling}}, Holds{{Cause: CauseAbuse}}, Holds{{Cause: CauseCustomer}}
	active := Domain{}
	assert.Equal(t, Active, active.Status())
	assert.Nil(t, active.SuspendedBy())

	suspended := Domain{Holds: domain, Inherited: account.Inherited(subscription)}
	assert.Equal(t, Suspended, suspended.Status())
	assert.Equal(t, []EffectiveHold{
		{LevelAccount, account[0]}, {LevelSubscription, subscription[0]}, {LevelDomain, domain[0]},
	}, suspended.SuspendedBy())

	assert.Equal(t, Suspended, Domain{Inherited: Holds(nil).Inherited(subscription)}.Status())
	assert.Equal(t, Suspended, Subscription{Inherited: account.Inherited(nil)}.Status())
	assert.Equal(t, Active, Subscription{}.Status())
}

// SuspendedBy must not write to the array of Inherited.
func TestSuspendedByReturnsCopy(t *testing.T) {
	inherited := make([]EffectiveHold, 1, 2)
	d := Domain{Holds: Holds{{Cause: CauseAbuse}}, Inherited: inherited}
	d.SuspendedBy()
	assert.Equal(t, EffectiveHold{}, inherited[:2][1])
}

func TestSuspendTargets(t *testing.T) {
	h := Hold{Cause: CauseBilling, Message: "pay", By: "anna", At: monday}
	existing := h
	existing.By = "bruno"
	targets := HoldTargets[ID]{Level: LevelSubscription}
	targets.Add(1, nil, nil, Event{AccountID: 7, SubscriptionID: 1})
	targets.Add(2, Holds{existing}, nil, Event{})
	out, w := targets.suspend(h, commandInfo{h.By, h.At})
	assert.Equal(t, Outcome[ID]{Changed: []ID{1}, Unchanged: []ID{2}}, out)
	assert.Equal(t, []HoldWrite{{LevelSubscription, 1, h}}, w.PutHolds)
	assert.Equal(t, []Event{{
		At: monday, Type: SubscriptionSuspended, Actor: "anna", AccountID: 7, SubscriptionID: 1,
		Details: map[string]string{"cause": "billing", "message": "pay"},
	}}, w.Events)
}

func TestLiftTargets(t *testing.T) {
	targets := HoldTargets[ID]{Level: LevelSubscription}
	targets.Add(1, Holds{{Cause: CauseAbuse}, {Cause: CauseBilling}}, nil, Event{})
	targets.Add(2, Holds{{Cause: CauseBilling}}, Holds{{Cause: CauseAbuse}}.Inherited(nil), Event{})
	targets.Add(3, Holds{{Cause: CauseExpired}}, nil, Event{})
	targets.Add(4, nil, nil, Event{})
	out, w := targets.lift(nil, commandInfo{"anna", monday})
	assert.Equal(t, Outcome[ID]{Changed: []ID{1, 2}, Unchanged: []ID{3, 4}, StillSuspended: []ID{2, 3}}, out)
	assert.Equal(t, []HoldKey{
		{LevelSubscription, 1, CauseAbuse}, {LevelSubscription, 1, CauseBilling}, {LevelSubscription, 2, CauseBilling},
	}, w.DeleteHolds)
	assert.Len(t, w.Events, 2)
	assert.Equal(t, map[string]string{"cause": "abuse,billing"}, w.Events[0].Details)
}
