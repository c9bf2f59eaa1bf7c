package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
)

// defaultSchema is the schema of the tables if Options do not name one. All SQL of this package is written for it.
const defaultSchema = "clientele"

// schema is the valid name of the schema with the tables.
type schema string

var schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

func newSchema(opts *Options) (schema, error) {
	if opts == nil || opts.Schema == "" {
		return defaultSchema, nil
	}
	name := opts.Schema
	if !schemaName.MatchString(name) || strings.HasPrefix(name, "pg_") || name == "information_schema" {
		return "", fmt.Errorf("clientele: invalid schema name %q: use at most 63 letters, digits and _, and do not begin with a digit or pg_", name)
	}
	return schema(name), nil
}

// quoted returns the name as an SQL identifier. Upper case and reserved words need the quotes.
func (s schema) quoted() string { return `"` + string(s) + `"` }

// qualify returns a statement that is written for the default schema with s in its place.
func (s schema) qualify(statement string) string {
	return strings.ReplaceAll(statement, defaultSchema+".", s.quoted()+".")
}

// An advisory lock has two numbers. The first stands for the schema; the second is one of Claim.Keys, which are at most
// 1,023, or one of these.
const (
	lockEventNumbers = 1024 // held while events are numbered
	lockMigrations   = 1025 // held while the schema changes
	lockRepeated     = 1026 // held by a transaction that was in conflict with others, while it is repeated
)

// lock acquires one of the schema's advisory locks until the end of the transaction.
func (r runner) lock(ctx context.Context, number int) *dbError {
	_, e := r.exec(ctx, `SELECT pg_advisory_xact_lock($1::integer, $2::integer)`, r.schema.lockClass(), number)
	return e
}

// lockClass returns the first number of the schema's advisory locks. Applications that use advisory locks with two keys can
// read it in pg_locks.
func (s schema) lockClass() int32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte("clientele:" + string(s))) // never fails
	return int32(hash.Sum32())                          // all 32 bits, whatever the sign
}
