package sqlite_test

import (
	"fmt"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// hash is an Argon2id hash, so that no test has to compute one.
const hash = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObGdescudvJCsg"

// withHash returns the n-th account, without a subscription.
func withHash(n int) accounts.New {
	return accounts.New{Login: fmt.Sprintf("customer%d", n), PasswordHash: hash, Contact: accounts.Contact{Name: fmt.Sprintf("Customer No. %d", n)}}
}

// newAccount returns the n-th account, with a subscription and two domains.
func newAccount(n int) accounts.New {
	in := withHash(n)
	in.Contact.City, in.Contact.Country, in.Contact.Email = "Napoli", "IT", fmt.Sprintf("mail%d@example.com", n)
	in.Subscription = &subscriptions.New{Plan: "basic", Domains: []string{
		fmt.Sprintf("site%d.example", n), fmt.Sprintf("shop%d.example", n),
	}}
	return in
}
