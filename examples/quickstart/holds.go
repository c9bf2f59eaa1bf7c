package main

import (
	"context"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// target is an account, a subscription or a site, which can be suspended.
type target struct {
	name     string
	suspend  func(accounts.Hold) error
	activate func() error
	lift     func([]accounts.Cause) error
	holds    func() ([]accounts.EffectiveHold, error)
}

// lookupFunc returns the target with the given name, the first word after a command.
type lookupFunc func(c *console, ctx context.Context, name string) (target, error)

// account returns the customer with the given login.
func (c *console) account(ctx context.Context, login string) (target, error) {
	a, err := c.clients.GetByLogin(ctx, login)
	if err != nil {
		return target{}, err
	}
	ids := []accounts.ID{a.ID}
	return target{
		name:     a.Login,
		suspend:  func(h accounts.Hold) error { return errOnly(c.clients.Suspend(ctx, ids, h)) },
		activate: func() error { return errOnly(c.clients.Activate(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return errOnly(c.clients.Lift(ctx, ids, causes)) },
		holds: func() ([]accounts.EffectiveHold, error) {
			a, err := c.clients.Get(ctx, a.ID)
			return a.SuspendedBy(), err
		},
	}, nil
}

// subscription returns the subscription with the given domain.
func (c *console) subscription(ctx context.Context, domain string) (target, error) {
	subs := c.clients.Subscriptions()
	d, err := subs.Domain(ctx, domain)
	if err != nil {
		return target{}, err
	}
	ids := []subscriptions.ID{d.SubscriptionID}
	return target{
		name:     "the subscription of " + d.DisplayName(),
		suspend:  func(h accounts.Hold) error { return errOnly(subs.Suspend(ctx, ids, h)) },
		activate: func() error { return errOnly(subs.Activate(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return errOnly(subs.Lift(ctx, ids, causes)) },
		holds: func() ([]accounts.EffectiveHold, error) {
			s, err := subs.Get(ctx, d.SubscriptionID)
			return s.SuspendedBy(), err
		},
	}, nil
}

// site returns the given domain.
func (c *console) site(ctx context.Context, domain string) (target, error) {
	subs := c.clients.Subscriptions()
	d, err := subs.Domain(ctx, domain)
	if err != nil {
		return target{}, err
	}
	ids := []subscriptions.DomainID{d.ID}
	return target{
		name:     d.DisplayName(),
		suspend:  func(h accounts.Hold) error { return errOnly(subs.SuspendDomains(ctx, ids, h)) },
		activate: func() error { return errOnly(subs.ActivateDomains(ctx, ids)) },
		lift:     func(causes []accounts.Cause) error { return errOnly(subs.LiftDomains(ctx, ids, causes)) },
		holds: func() ([]accounts.EffectiveHold, error) {
			d, err := subs.Domain(ctx, d.Name)
			return d.SuspendedBy(), err
		},
	}, nil
}

// errOnly returns the error of a command. The outcome is not needed, because the new status is printed anyway.
func errOnly[Outcome any](_ Outcome, err error) error { return err }

// suspend returns a command that places a hold. The second word, if any, is its cause.
func suspend(find lookupFunc) commandFunc {
	return changeHolds(find, func(t target, args arguments) error {
		h := accounts.Hold{Note: args.options["note"], Message: args.options["message"], Public: args.options["public"]}
		if len(args.words) > 1 {
			h.Cause = accounts.Cause(args.words[1])
		}
		return t.suspend(h)
	})
}

// activate returns a command that lifts all holds.
func activate(find lookupFunc) commandFunc {
	return changeHolds(find, func(t target, _ arguments) error { return t.activate() })
}

// lift returns a command that lifts the holds with the causes after the name.
func lift(find lookupFunc) commandFunc {
	return changeHolds(find, func(t target, args arguments) error {
		var causes []accounts.Cause
		for _, word := range args.words[1:] {
			causes = append(causes, accounts.Cause(word))
		}
		return t.lift(causes)
	})
}

// changeHolds returns a command that changes the holds of a target and prints its new status.
func changeHolds(find lookupFunc, change func(target, arguments) error) commandFunc {
	return func(c *console, ctx context.Context, args arguments) error {
		t, err := find(c, ctx, args.words[0])
		if err != nil {
			return err
		}
		if err := change(t, args); err != nil {
			return err
		}
		holds, err := t.holds()
		if err != nil {
			return err
		}
		c.printResult("%s is %s", t.name, c.state(holds))
		return nil
	}
}
