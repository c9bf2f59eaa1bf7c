// Package subscriptions manages what belongs to an account: the subscriptions that it has bought, their domains, and the
// holds that suspend any of them. It knows accounts only by their ids. A program gets a Manager from
// accounts.Manager.Subscriptions.
//
// Holds and the status that follows from them, names of domains and who may own them, cursors, events and errors are defined
// here for both packages.
//
// Every command has the same shape. It checks its input completely; then, in one transaction, it locks and loads the rows
// that it names, decides in plain Go, claims what must be unique, and saves the decision together with its events. Store is
// the part of accounts.Store that this needs.
package subscriptions
