// Package accounts is the front door of the library: customers of a hosting provider, each with a login, a contact,
// notes, and everything that lies below in subscriptions and domains.
//
// A host makes a Manager over a store and calls it; every call that changes something is one transaction:
//
//	clients := accounts.NewManager(memory.New(), nil)
//	mario, err := clients.Create(ctx, accounts.New{…})
//	out, err := clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: accounts.CauseBilling})
//
// The words. A provider runs the hosting product; its people are operators. An account is one customer, and its owner is
// the person whom it belongs to. A hold is one reason why something is suspended; whether something is suspended is
// never stored, but derived from its holds and from those above it. An actor is who did something, as the host names
// them with WithActor. An event is the record of one change.
//
// A Manager is what operators and the host's own programs use; Manager.Subscriptions is the same for subscriptions and
// domains. Manager.Owner is all that the owner of one account may see and do: adapters use nothing else for their
// requests. Store is the port behind all of it, and package storage/storagetest proves that one keeps its promises.
//
// Errors are matched with errors.Is (ErrNotFound, ErrTaken, ErrInvalid, …) and read with errors.As (NotFoundError,
// TakenError, InvalidError, …). After any error the data is as it was, with two exceptions: ErrCommitUnknown, and ResetPassword's ErrSuspended,
// which says that the new password is set and cannot be used yet.
package accounts
