// Package subscriptions is what lies below an account: what it has bought, the domains under that, and the holds that
// take any of it down. It knows an account by its id alone, and a host reaches it through accounts.Manager.Subscriptions.
//
// The rules that both packages share are here: holds and what they make of a status (hold.go, suspension.go), names of
// domains (name.go) and who may have them (grant.go), cursors, events and errors. The rules of text that people type are
// in package input below.
//
// Every command has the same shape. It checks its input completely; then, in one transaction, it locks and loads the
// rows that it names, decides in plain Go, claims what must be unique, and saves what was decided together with its
// events. Store is the part of the port that this needs.
package subscriptions
