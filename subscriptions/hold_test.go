package subscriptions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

var monday = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestPlaceKeepsHoldsOrderedByCause(t *testing.T) {
	var holds Holds
	for _, c := range []Cause{CauseProvider, CauseAbuse, CauseBilling} {
		placed, changed := holds.put(Hold{Cause: c})
		assert.True(t, changed)
		holds = placed
	}
	assert.Equal(t, Holds{{Cause: CauseAbuse}, {Cause: CauseBilling}, {Cause: CauseProvider}}, holds)
}

func TestPlaceAgain(t *testing.T) {
	first := Holds{{Cause: CauseAbuse, Note: "note", Message: "message", By: "anna", At: monday}}
	again := Hold{Cause: CauseAbuse, By: "bruno", At: monday.Add(time.Hour)}

	same, changed := first.put(again)
	assert.False(t, changed, "nothing new was said")
	assert.Equal(t, first, same)

	again.Message, again.Public = "new message", "public"
	merged, changed := first.put(again)
	assert.True(t, changed)
	assert.Equal(t, Holds{{
		Cause: CauseAbuse, Note: "note", Message: "new message", Public: "public", By: "anna", At: monday,
	}}, merged)
	assert.Equal(t, "message", first[0].Message, "the receiver stays as it is")
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
	out, w := targets.Suspend(h)
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
	out, w := targets.Lift(nil, "anna", monday)
	assert.Equal(t, Outcome[ID]{Changed: []ID{1, 2}, Unchanged: []ID{3, 4}, StillSuspended: []ID{2, 3}}, out)
	assert.Equal(t, []HoldKey{
		{LevelSubscription, 1, CauseAbuse}, {LevelSubscription, 1, CauseBilling}, {LevelSubscription, 2, CauseBilling},
	}, w.DeleteHolds)
	assert.Len(t, w.Events, 2)
	assert.Equal(t, map[string]string{"cause": "abuse,billing"}, w.Events[0].Details)
}
