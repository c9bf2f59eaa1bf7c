package main

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/accounts"
)

// operatorHash returns the hash of the operator's password: of the given one, of the one that an earlier start has kept, or of a
// new one, which is returned as well and is not kept itself.
func operatorHash(ctx context.Context, clients *accounts.Manager, operator, given string) (hash, generated string, err error) {
	operators := clients.Bucket("panel-operators")
	condition := accounts.Any
	if given == "" {
		kept, err := operators.Get(ctx, operator)
		if !errors.Is(err, accounts.ErrNotFound) {
			return string(kept.Value), "", err
		}
		condition = accounts.Absent // another process may start at the same time
		generated = generatePassword()
		given = generated
	}
	if hash, err = (accounts.Argon2id{}).Hash(ctx, given); err != nil {
		return "", "", err
	}
	_, err = operators.Put(ctx, accounts.Entry{Key: operator, Value: []byte(hash)}, condition)
	if errors.Is(err, accounts.ErrConflict) {
		return operatorHash(ctx, clients, operator, "")
	}
	return hash, generated, err
}

// isFirstStart reports whether no earlier start has kept an operator's password.
func isFirstStart(ctx context.Context, clients *accounts.Manager) (bool, error) {
	kept, err := clients.Bucket("panel-operators").List(ctx, "", "", 1)
	return len(kept) == 0, err
}
