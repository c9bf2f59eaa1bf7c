package storagetest

import (
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// suspend places a hold on things of one level.
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
	ids, err := m.known(l, ids)
	if err != nil {
		return outcome{}, err
	}
	h.Note, h.Message, h.Public = strings.TrimSpace(h.Note), strings.TrimSpace(h.Message), strings.TrimSpace(h.Public)
	var o outcome
	for _, id := range ids {
		if m.place(l, id, h) {
			o.changed = append(o.changed, id)
		} else {
			o.unchanged = append(o.unchanged, id)
		}
	}
	return o, nil
}

// place answers whether the hold changes anything: a cause that is there keeps its By and At, and takes new texts over.
func (m *model) place(l subscriptions.Level, id int64, h accounts.Hold) bool {
	h.By, h.At = m.actor, m.now
	var all accounts.Holds
	for _, old := range m.holdsOf(l, id) {
		if old.Cause != h.Cause {
			all = append(all, old)
			continue
		}
		h.By, h.At = old.By, old.At
		h.Note = either(h.Note, old.Note)
		h.Message = either(h.Message, old.Message)
		h.Public = either(h.Public, old.Public)
		if h == old {
			return false
		}
	}
	m.setHolds(l, id, append(all, h))
	m.note(l, id, "suspended", map[string]string{
		"cause": string(h.Cause), "note": h.Note, "message": h.Message, "public": h.Public,
	})
	return true
}

func either(first, second string) string {
	if first != "" {
		return first
	}
	return second
}

// activate lifts all holds but those of expiry.
func (m *model) activate(l subscriptions.Level, ids []int64) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	return m.liftAll(l, ids, func(c accounts.Cause) bool { return c != accounts.CauseExpired })
}

// lift lifts the named causes.
func (m *model) lift(l subscriptions.Level, ids []int64, causes []accounts.Cause) (outcome, error) {
	f := m.command()
	f.ids(len(ids))
	f.causes(causes)
	if err := f.err(); err != nil {
		return outcome{}, err
	}
	return m.liftAll(l, ids, func(c accounts.Cause) bool { return slices.Contains(causes, c) })
}

func (f *faults) causes(causes []accounts.Cause) {
	if len(causes) == 0 {
		f.add("causes", "required")
	}
	for i, c := range causes {
		if c == accounts.CauseExpired {
			f.add(element("causes", i), "notByHand")
		}
	}
}

func (m *model) liftAll(l subscriptions.Level, ids []int64, goes func(accounts.Cause) bool) (outcome, error) {
	ids, err := m.known(l, ids)
	if err != nil {
		return outcome{}, err
	}
	var o outcome
	for _, id := range ids {
		if m.raise(l, id, goes) {
			o.changed = append(o.changed, id)
		} else {
			o.unchanged = append(o.unchanged, id)
		}
	}
	for _, id := range ids {
		if len(m.heldBy(l, id)) > 0 {
			o.still = append(o.still, id)
		}
	}
	return o, nil
}

// raise lifts the holds of one thing that go. An account whose last hold is lifted gets another SignIn.
func (m *model) raise(l subscriptions.Level, id int64, goes func(accounts.Cause) bool) bool {
	var stay accounts.Holds
	var lifted []string
	for _, h := range m.holdsOf(l, id) {
		if goes(h.Cause) {
			lifted = append(lifted, string(h.Cause))
		} else {
			stay = append(stay, h)
		}
	}
	if lifted == nil {
		return false
	}
	m.setHolds(l, id, stay)
	if l == subscriptions.LevelAccount && len(stay) == 0 {
		a := m.accounts[accounts.ID(id)]
		a.SessionEpoch++
		m.accounts[a.ID] = a
	}
	m.note(l, id, "activated", map[string]string{"cause": strings.Join(lifted, ",")})
	return true
}
