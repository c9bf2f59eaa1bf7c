package model

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// suspend places a hold on rows of one level.
func (m *model) suspend(l subscriptions.Level, ids []int64, h accounts.Hold) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if h.Cause == "" {
		h.Cause = accounts.CauseProvider
	}
	switch {
	case h.Cause == accounts.CauseExpired:
		f.add("cause", "notByHand")
	case strings.ToLower(string(h.Cause)) != string(h.Cause):
		f.add("cause", "cause")
	}
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	ids, err := m.checkIDs(l, ids)
	if err != nil {
		return outcome{}, err
	}
	h.Note, h.Message, h.Public = strings.TrimSpace(h.Note), strings.TrimSpace(h.Message), strings.TrimSpace(h.Public)
	var o outcome
	for _, id := range ids {
		old, held := m.holdsOf(l, id).Get(h.Cause)
		switch {
		case !held:
			m.addHold(l, id, h)
			o.Changed = append(o.Changed, id)
		case m.replaceTexts(l, id, h.Cause, firstNonEmpty(h.Note, old.Note), firstNonEmpty(h.Message, old.Message), firstNonEmpty(h.Public, old.Public)):
			o.Updated = append(o.Updated, id)
		default:
			o.Unchanged = append(o.Unchanged, id)
		}
	}
	return o, nil
}

// updateHolds changes the texts of holds of one level.
func (m *model) updateHolds(l subscriptions.Level, ids []int64, cause accounts.Cause, t accounts.HoldTexts) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	switch {
	case cause == "":
		f.add("cause", "required")
	case strings.ToLower(string(cause)) != string(cause):
		f.add("cause", "cause")
	}
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	ids, err := m.checkIDs(l, ids)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	for _, id := range ids {
		old, held := m.holdsOf(l, id).Get(cause)
		if held && m.replaceTexts(l, id, cause, given(t.Note, old.Note), given(t.Message, old.Message), given(t.Public, old.Public)) {
			o.Updated = append(o.Updated, id)
		} else {
			o.Unchanged = append(o.Unchanged, id)
		}
	}
	return o, nil
}

// given returns the text of an input, trimmed, or the old one if there is none.
func given(text *string, old string) string {
	if text == nil {
		return old
	}
	return strings.TrimSpace(*text)
}

// addHold adds a hold with a cause that the row does not have.
func (m *model) addHold(l subscriptions.Level, id int64, h accounts.Hold) {
	h.By, h.At = m.actor, m.now
	m.setHolds(l, id, append(slices.Clone(m.holdsOf(l, id)), h))
	m.addHoldEvent(l, id, "suspended", h)
}

// replaceTexts gives a hold other texts and reports whether that changes anything. By and At stay.
func (m *model) replaceTexts(l subscriptions.Level, id int64, cause accounts.Cause, note, message, public string) bool {
	holds := slices.Clone(m.holdsOf(l, id))
	for i, old := range holds {
		if old.Cause != cause {
			continue
		}
		holds[i].Note, holds[i].Message, holds[i].Public = note, message, public
		if holds[i] == old {
			return false
		}
		m.setHolds(l, id, holds)
		m.addHoldEvent(l, id, "hold-updated", holds[i])
	}
	return true
}

func (m *model) addHoldEvent(l subscriptions.Level, id int64, verb string, h accounts.Hold) {
	m.addEvent(l, id, verb, map[string]string{
		"cause": string(h.Cause), "note": h.Note, "message": h.Message, "public": h.Public,
	})
}

func firstNonEmpty(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// activate lifts all holds except expired ones.
func (m *model) activate(l subscriptions.Level, ids []int64) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	return m.liftAll(l, ids, func(c accounts.Cause) bool { return c != accounts.CauseExpired })
}

// lift lifts the holds of the given causes.
func (m *model) lift(l subscriptions.Level, ids []int64, causes []accounts.Cause) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	f.causes(causes)
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	return m.liftAll(l, ids, func(c accounts.Cause) bool { return slices.Contains(causes, c) })
}

func (f *fieldErrors) causes(causes []accounts.Cause) {
	if len(causes) == 0 {
		f.add("causes", "required")
	}
	for i, c := range causes {
		if c == accounts.CauseExpired {
			f.add(element("causes", i), "notByHand")
		}
	}
}

func (m *model) liftAll(l subscriptions.Level, ids []int64, match func(accounts.Cause) bool) (outcome, error) {
	ids, err := m.checkIDs(l, ids)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	for _, id := range ids {
		if m.liftHolds(l, id, match) {
			o.Changed = append(o.Changed, id)
		} else {
			o.Unchanged = append(o.Unchanged, id)
		}
	}
	for _, id := range ids {
		if len(m.effectiveHolds(l, id)) > 0 {
			o.StillSuspended = append(o.StillSuspended, id)
		}
	}
	return o, nil
}

// liftHolds lifts the holds of a row whose causes match, and reports whether there were any. Lifting the last hold of an
// account raises its SessionEpoch.
func (m *model) liftHolds(l subscriptions.Level, id int64, match func(accounts.Cause) bool) bool {
	var kept accounts.Holds
	var lifted []string
	for _, h := range m.holdsOf(l, id) {
		if match(h.Cause) {
			lifted = append(lifted, string(h.Cause))
		} else {
			kept = append(kept, h)
		}
	}
	if lifted == nil {
		return false
	}
	m.setHolds(l, id, kept)
	if l == subscriptions.LevelAccount && len(kept) == 0 {
		a := m.accounts[accounts.ID(id)]
		a.SessionEpoch++
		m.accounts[a.ID] = a
	}
	m.addEvent(l, id, "activated", map[string]string{"cause": strings.Join(lifted, ",")})
	return true
}
