package main

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// thing is what can be suspended: an account, a subscription or a site.
type thing struct {
	called   string
	suspend  func(accounts.Hold) error
	activate func() error
	lift     func([]accounts.Cause) error
	held     func() ([]accounts.EffectiveHold, error) // what suspends it now
}

// finder finds the thing that the first word after a command names.
type finder func(c *console, ctx context.Context, name string) (thing, error)

// account finds a customer by the login.
func (c *console) account(ctx context.Context, login string) (thing, error) {
	a, err := c.clients.GetByLogin(ctx, login)
	if err != nil {
		return thing{}, err
	}
	ids := []accounts.ID{a.ID}
	return thing{
		called:   a.Login,
		suspend:  func(h accounts.Hold) error { return only(c.clients.Suspend(ctx, ids, h)) },
		activate: func() error { return only(c.clients.Activate(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return only(c.clients.Lift(ctx, ids, causes)) },
		held: func() ([]accounts.EffectiveHold, error) {
			a, err := c.clients.Get(ctx, a.ID)
			return a.SuspendedBy(), err
		},
	}, nil
}

// subscription finds the subscription that has a domain.
func (c *console) subscription(ctx context.Context, domain string) (thing, error) {
	subs := c.clients.Subscriptions()
	d, err := subs.Domain(ctx, domain)
	if err != nil {
		return thing{}, err
	}
	ids := []subscriptions.ID{d.SubscriptionID}
	return thing{
		called:   "the subscription of " + d.DisplayName(),
		suspend:  func(h accounts.Hold) error { return only(subs.Suspend(ctx, ids, h)) },
		activate: func() error { return only(subs.Activate(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return only(subs.Lift(ctx, ids, causes)) },
		held: func() ([]accounts.EffectiveHold, error) {
			s, err := subs.Get(ctx, d.SubscriptionID)
			return s.SuspendedBy(), err
		},
	}, nil
}

// site finds a domain.
func (c *console) site(ctx context.Context, domain string) (thing, error) {
	subs := c.clients.Subscriptions()
	d, err := subs.Domain(ctx, domain)
	if err != nil {
		return thing{}, err
	}
	ids := []subscriptions.DomainID{d.ID}
	return thing{
		called:   d.DisplayName(),
		suspend:  func(h accounts.Hold) error { return only(subs.SuspendDomains(ctx, ids, h)) },
		activate: func() error { return only(subs.ActivateDomains(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return only(subs.LiftDomains(ctx, ids, causes)) },
		held: func() ([]accounts.EffectiveHold, error) {
			d, err := subs.Domain(ctx, d.Name)
			return d.SuspendedBy(), err
		},
	}, nil
}

// only leaves the outcome of a command aside: what is shown is how the thing stands afterwards.
func only[Outcome any](_ Outcome, err error) error { return err }

// suspend makes a command that places a hold, whose cause may follow the name.
func suspend(find finder) action {
	return holding(find, func(t thing, args arguments) error {
		h := accounts.Hold{Note: args.options["note"], Message: args.options["message"], Public: args.options["public"]}
		if len(args.words) > 1 {
			h.Cause = accounts.Cause(args.words[1])
		}
		return t.suspend(h)
	})
}

// activate makes a command that lifts every hold.
func activate(find finder) action {
	return holding(find, func(t thing, _ arguments) error { return t.activate() })
}

// lift makes a command that lifts the causes that follow the name.
func lift(find finder) action {
	return holding(find, func(t thing, args arguments) error {
		var causes []accounts.Cause
		for _, word := range args.words[1:] {
			causes = append(causes, accounts.Cause(word))
		}
		return t.lift(causes)
	})
}

// holding makes a command that changes the holds of a thing and says how it stands then.
func holding(find finder, change func(thing, arguments) error) action {
	return func(c *console, ctx context.Context, args arguments) error {
		t, err := find(c, ctx, args.words[0])
		if err != nil {
			return err
		}
		if err := change(t, args); err != nil {
			return err
		}
		held, err := t.held()
		if err != nil {
			return err
		}
		c.say("%s is %s", t.called, c.state(held))
		return nil
	}
}
