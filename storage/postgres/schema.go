package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"regexp"
	"strings"
)

// defaultSchema is where the tables are unless Options say otherwise. All SQL of this package is written for it.
const defaultSchema = "clientele"

// schema is the name of the schema that holds the tables, checked.
type schema string

var schemaName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

func newSchema(opts *Options) (schema, error) {
	if opts == nil || opts.Schema == "" {
		return defaultSchema, nil
	}
	name := opts.Schema
	if !schemaName.MatchString(name) || strings.HasPrefix(name, "pg_") || name == "information_schema" {
		return "", fmt.Errorf("clientele: %q cannot be a schema's name: use letters, digits and _, at most 63, not a digit first, none of PostgreSQL's own", name)
	}
	return schema(name), nil
}

// quoted answers the name as SQL reads it, so that upper case and reserved words stay what they are.
func (s schema) quoted() string { return `"` + string(s) + `"` }

// in answers a statement, written for the default schema, for this one.
func (s schema) in(statement string) string {
	return strings.ReplaceAll(statement, defaultSchema+".", s.quoted()+".")
}

// The advisory locks are pairs: the first number stands for the schema, the second is one of Claim.Keys, which end at
// 1,023, or one of these.
const (
	lockNumbers    = 1024 // held while events are numbered
	lockMigrations = 1025 // held while the schema changes
)

// lock waits for one of the schema's advisory locks, which its transaction then holds.
func (r runner) lock(ctx context.Context, number int) *failure {
	_, f := r.exec(ctx, `SELECT pg_advisory_xact_lock($1::integer, $2::integer)`, r.schema.lockClass(), number)
	return f
}

// lockClass answers the first number of the schema's advisory locks. A host that takes locks of its own with two keys
// may read it in pg_locks.
func (s schema) lockClass() int32 {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte("clientele:" + string(s))) // never fails
	return int32(hash.Sum32())                          //nolint:gosec // all 32 bits are meant, whatever the sign
}
