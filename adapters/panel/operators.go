package panel

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"sync"

	"github.com/clientele-go/clientele/accounts"
)

// dummyPassword is the password of the hash that is verified for unknown names.
const dummyPassword = "the password of nobody"

// StaticOperatorActive returns a function for Options.OperatorActive that knows the operators for whom hashes has an entry, as
// StaticOperators does. hashes is copied. With it, no session lasts longer than its operator's entry, even where sessions
// outlive the program and its set of operators.
func StaticOperatorActive(hashes map[string]string) func(ctx context.Context, name string) (bool, error) {
	hashes = maps.Clone(hashes)
	return func(_ context.Context, name string) (bool, error) {
		_, known := hashes[name]
		return known, nil
	}
}

// StaticOperatorEpoch returns a function for Options.OperatorEpoch that goes by the operators' password hashes, as
// StaticOperators does. hashes is copied.
func StaticOperatorEpoch(hashes map[string]string) func(ctx context.Context, name string) (string, error) {
	hashes = maps.Clone(hashes)
	return func(_ context.Context, name string) (string, error) {
		sum := sha256.Sum256([]byte(hashes[name]))
		return hex.EncodeToString(sum[:]), nil
	}
}

// StaticOperators returns a function for Options.AuthenticateOperator that knows a fixed set of operators. hashes has their
// password hashes by name; it is copied. accounts.Argon2id makes such hashes, and verifies the other formats that it
// documents. Unknown names take as long as known ones.
//
// The function verifies one password at a time, because each takes 19 MiB of memory. It returns ctx's error if ctx ends
// before its turn, and the error of accounts.Argon2id if the hash of the operator is invalid.
func StaticOperators(hashes map[string]string) func(ctx context.Context, name, password string) (bool, error) {
	hashes = maps.Clone(hashes)
	var hasher accounts.Argon2id
	dummyHash := sync.OnceValues(func() (string, error) { return hasher.Hash(context.Background(), dummyPassword) })
	slot := make(chan struct{}, 1)
	return func(ctx context.Context, name, password string) (bool, error) {
		operatorHash, known := hashes[name]
		hash, err := dummyHash()
		if err != nil {
			return false, err
		}
		if known {
			hash = operatorHash
		}
		select {
		case slot <- struct{}{}:
			defer func() { <-slot }()
		case <-ctx.Done():
			return false, ctx.Err()
		}
		ok, _, err := hasher.Verify(ctx, hash, password)
		return ok && known, err
	}
}
