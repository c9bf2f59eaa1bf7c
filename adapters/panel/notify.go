package panel

import (
	"context"
	"crypto/rand"

	"github.com/clientele-go/clientele/accounts"
)

// NotificationKind is what Options.Notify tells a customer about.
type NotificationKind string

const (
	// EmailChanged is another e-mail address, set by the customer or by an operator. The message belongs to the address of
	// before as well, if that is not empty: only there does the customer learn of a thief.
	EmailChanged NotificationKind = "email-changed"
	// PasswordChanged is a new password, set by the customer, with a link or by an operator.
	PasswordChanged NotificationKind = "password-changed"
	// NewDevice is a sign-in by the customer with a browser that has neither signed in to the login nor used a link for a
	// new password within 90 days. That includes the first sign-in ever, which the panel cannot tell from others. Browsers
	// are known in all processes and after a restart if the manager has a Secret, and otherwise only to this Panel. before
	// and after are the same.
	NewDevice NotificationKind = "new-device"
)

// notify calls Options.Notify in the background.
func (r *request) notify(kind NotificationKind, before, after accounts.Account) {
	if r.opts.Notify == nil {
		return
	}
	p := r.Panel // the request ends earlier
	started := p.notifications.start(r.req.Context(), func(ctx context.Context) {
		defer func() {
			if value := recover(); value != nil { // an unrecovered panic would end the process
				p.logBackgroundPanic(ctx, "panel: Notify panicked", value)
			}
		}()
		p.opts.Notify(ctx, kind, before, after)
	})
	if !started {
		r.logDropped(kind, after.ID)
	}
}

// newDeviceKey returns the key that signs device tokens: one derived from the manager's secret or else a random one.
func newDeviceKey(clients *accounts.Manager) (key deviceKey) {
	derived, err := clients.DeriveKey("panel device tokens")
	if err != nil { // there is no secret
		_, _ = rand.Read(key[:])
		return key
	}
	copy(key[:], derived)
	return key
}
