package storagetest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// replayed is what the log of events says of one thing.
type replayed struct {
	parent  string // of a subscription its account, of a domain its subscription
	name    string // of a domain
	causes  []string
	version int64
	signIn  int64
}

// story is what follows from the events alone: the things by kind and id, "account 7".
type story struct {
	broken broken
	things map[string]*replayed
}

// replay compares what the log of events says with what there is.
func (l leftover) replay() error {
	s := story{things: map[string]*replayed{}}
	for _, e := range l.events {
		s.tell(e)
	}
	s.compare(l)
	return s.broken.err()
}

func thing[K ~int64](kind accounts.Level, id K) string { return fmt.Sprintf("%s %d", kind, int64(id)) }

// owner answers the parent of a subscription: its account, or nothing if it is the provider's own.
func owner(id accounts.ID) string {
	if id == subscriptions.Provider {
		return ""
	}
	return thing(accounts.LevelAccount, id)
}

// tell goes on with one event.
func (s *story) tell(e accounts.Event) {
	kind, what, _ := strings.Cut(string(e.Type), ".")
	subject, parent := thing(accounts.LevelAccount, e.AccountID), ""
	switch accounts.Level(kind) {
	case accounts.LevelSubscription:
		subject, parent = thing(accounts.LevelSubscription, e.SubscriptionID), owner(e.AccountID)
	case accounts.LevelDomain:
		subject, parent = thing(accounts.LevelDomain, e.DomainID), thing(accounts.LevelSubscription, e.SubscriptionID)
	}
	if what == "created" || what == "added" {
		s.begin(subject, parent, e)
		return
	}
	t, found := s.things[subject]
	s.broken.check(found, "%s of %s, which does not exist then", e.Type, subject)
	if !found {
		return
	}
	if what == "removed" {
		s.end(subject, e)
		return
	}
	t.tell(s, subject, what, e)
}

func (s *story) begin(subject, parent string, e accounts.Event) {
	s.broken.check(s.things[subject] == nil, "%s is created twice", subject)
	s.broken.check(parent == "" || s.things[parent] != nil, "%s is created under %s, which does not exist then", subject, parent)
	for other, t := range s.things {
		s.broken.check(e.Domain == "" || t.name != e.Domain, "%s gets the name %s while %s has it", subject, e.Domain, other)
	}
	s.things[subject] = &replayed{parent: parent, name: e.Domain, version: 1, signIn: 1}
}

func (s *story) end(subject string, e accounts.Event) {
	for other, t := range s.things {
		s.broken.check(t.parent != subject, "%s is removed while %s lies below it", subject, other)
	}
	s.broken.check(s.things[subject].name == e.Domain, "%s is removed as %s, but called %s", subject, e.Domain, s.things[subject].name)
	delete(s.things, subject)
}

// tell goes on with what happened to one thing.
func (t *replayed) tell(s *story, subject, what string, e accounts.Event) {
	from, to := e.Details["from"], e.Details["to"]
	switch what {
	case "updated":
		t.version++
	case "password-changed":
		t.signIn++
	case "suspended":
		if !slices.Contains(t.causes, e.Details["cause"]) {
			t.causes = append(t.causes, e.Details["cause"])
		}
	case "activated":
		t.lift(s, subject, e)
	case "unassigned":
		s.broken.check(t.parent == "account "+from, "%s is taken from account %s, but belongs to %q", subject, from, t.parent)
		t.parent = ""
		if to == "0" {
			t.version++
		}
	case "assigned":
		s.broken.check(t.parent == "", "%s is given to account %s, but belongs to %q", subject, to, t.parent)
		t.parent = "account " + to
		t.version++
	case "renamed":
		s.broken.check(t.name == from, "%s is renamed from %s, but called %s", subject, from, t.name)
		t.name = to
	case "moved":
		t.parent = "subscription " + to
	case "main-changed":
		above, found := s.things[t.parent]
		s.broken.check(found, "%s becomes the main domain of %s, which does not exist then", subject, t.parent)
		if found {
			above.version++
		}
	default:
		s.broken.check(false, "%s of %s is no event that this knows", e.Type, subject)
	}
}

func (t *replayed) lift(s *story, subject string, e accounts.Event) {
	for _, cause := range strings.Split(e.Details["cause"], ",") {
		i := slices.Index(t.causes, cause)
		s.broken.check(i >= 0, "%s is freed from %s, which does not hold it", subject, cause)
		if i >= 0 {
			t.causes = slices.Delete(t.causes, i, i+1)
		}
	}
	if len(t.causes) == 0 {
		t.signIn++
	}
}

// compare finds where the story and what there is differ.
func (s *story) compare(l leftover) {
	for _, a := range l.accounts {
		s.same(thing(accounts.LevelAccount, a.ID), a.Holds, replayed{version: a.Version, signIn: a.SessionEpoch})
	}
	for _, x := range l.subscriptions {
		s.same(thing(accounts.LevelSubscription, x.ID), x.Holds, replayed{parent: owner(x.AccountID), version: x.Version})
	}
	for _, d := range l.domains {
		s.same(thing(accounts.LevelDomain, d.ID), d.Holds, replayed{parent: thing(accounts.LevelSubscription, d.SubscriptionID), name: d.Name})
	}
	for subject := range s.things {
		s.broken.check(false, "%s should be there", subject)
	}
}

// same compares one thing, and takes it out of the story.
func (s *story) same(subject string, holds accounts.Holds, is replayed) {
	t, found := s.things[subject]
	s.broken.check(found, "%s is there, but should not be", subject)
	if !found {
		return
	}
	delete(s.things, subject)
	slices.Sort(t.causes)
	s.broken.check(strings.Join(t.causes, ",") == causesOf(holds), "%s is held by %q, but should be by %q", subject, causesOf(holds), t.causes)
	s.broken.check(t.parent == is.parent, "%s lies under %q, but should under %q", subject, is.parent, t.parent)
	s.broken.check(t.name == is.name, "%s is called %q, but should be %q", subject, is.name, t.name)
	s.broken.check(is.version == 0 || t.version == is.version, "%s has version %d, but should have %d", subject, is.version, t.version)
	s.broken.check(is.signIn == 0 || t.signIn == is.signIn, "%s has sign-in %d, but should have %d", subject, is.signIn, t.signIn)
}
