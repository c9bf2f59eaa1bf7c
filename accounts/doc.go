// Package accounts manages the customers of a hosting provider. Each has a login, a contact and notes, and owns subscriptions
// with their domains.
//
// A program creates a Manager with a store and calls its methods. Every method that changes something runs in one
// transaction:
//
//	clients := accounts.NewManager(memory.New(), nil)
//	mario, err := clients.Create(ctx, accounts.New{…})
//	out, err := clients.Suspend(ctx, []accounts.ID{mario.ID}, accounts.Hold{Cause: accounts.CauseBilling})
//
// Manager.Transaction runs several of them in one transaction, and Manager.Bucket keeps small values of adapters and applications,
// such as sessions, in the same store.
//
// A provider runs the hosting product; its people are operators. An account is one customer, and its owner is the person who
// signs in with it. A hold is one reason why something is suspended. Whether something is suspended is never stored: it is
// derived from its holds and from those of what it belongs to. An actor is the person or program that gives a command, named
// by WithActor. An event is the record of one change.
//
// Operators and the program itself use the Manager, and Manager.Subscriptions for subscriptions and domains. Manager.Owner is
// everything that the owner of one account may see and do: adapters use nothing else for the requests of owners. Store is the
// interface of stores, and package storage/storagetest tests whether an implementation is correct.
//
// Errors are matched with errors.Is (ErrNotFound, ErrTaken, ErrInvalid, …) and read with errors.As (*NotFoundError,
// *TakenError, *InvalidError, …). After an error the data is as it was, with two exceptions: ErrCommitUnknown, and the
// ErrSuspended of ResetPassword, after which the new password is set.
package accounts
