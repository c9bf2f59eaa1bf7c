package main

import (
	"context"
	"errors"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
)

// openStore answers where everything is kept, and a function that closes it.
func openStore(_ context.Context, dsn string) (accounts.Store, func(), error) {
	if dsn != "" {
		return nil, nil, errors.New("-dsn is not supported yet")
	}
	return memory.New(), func() {}, nil
}
