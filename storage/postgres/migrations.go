package postgres

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"

	"github.com/uptrace/bun"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migration is one step of the schema. Its number is the version of the schema after it, and of the code that was
// written for it.
type migration struct {
	version    int
	name       string
	statements string
	checksum   string
	oldestCode int // the oldest code that may use the schema after this step
}

// migrationRow is a step that a database has taken.
type migrationRow struct {
	Version    int
	Name       string
	Checksum   string
	OldestCode int
}

var (
	migrationName   = regexp.MustCompile(`^([0-9]{4})_[a-z_]+\.sql$`)
	migrationHeader = regexp.MustCompile(`^-- oldest code: ([0-9]+)\n`)
)

const (
	createMigrations = `
CREATE TABLE IF NOT EXISTS clientele.migrations (
    version     integer PRIMARY KEY,
    name        text NOT NULL,
    checksum    text NOT NULL,
    oldest_code integer NOT NULL, -- the oldest code that may use the schema
    applied_at  timestamptz NOT NULL DEFAULT now()
)`
	readMigrations  = `SELECT version, name, checksum, oldest_code FROM clientele.migrations ORDER BY version`
	recordMigration = `
INSERT INTO clientele.migrations (version, name, checksum, oldest_code)
VALUES ($1::integer, $2::text, $3::text, $4::integer)`
)

// migrations answers the steps, by version. They are files named 0001_what.sql, whose first line says which code may
// still use the schema after them.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	steps := make([]migration, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		name = name[len("migrations/"):]
		number := migrationName.FindStringSubmatch(name)
		header := migrationHeader.FindSubmatch(text)
		if number == nil || header == nil || number[1] != fmt.Sprintf("%04d", i+1) {
			return nil, fmt.Errorf("clientele: the migration %s has no proper number or first line", name)
		}
		sum := sha256.Sum256(text)
		oldest, _ := strconv.Atoi(string(header[1])) // digits only
		steps[i] = migration{i + 1, name, string(text), hex.EncodeToString(sum[:]), oldest}
	}
	return steps, nil
}

// Migrate makes the tables or brings them up to this code, in one transaction: all of it or nothing. It may be called
// by any number of processes at once, and again at any time. It needs the right to create the schema, or to create
// tables in it, and later to be the tables' owner; see the README. Where nothing is to be done, anybody may call it who
// may read the tables. Where the extension pg_trgm is installed, in whatever schema, it makes the indexes for search,
// which it does later as well if the extension comes later and the tables' owner calls it; nothing depends on them but
// speed.
//
// It fails, and changes nothing, when the server is one that New refuses, when a step that was taken has another text
// now, when the schema is too new for this code, and with ErrUnavailable, among others, where a right is missing.
// ErrCommitUnknown: the answer to its commit was lost; call it again.
func Migrate(ctx context.Context, db *bun.DB, opts *Options) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	return migrate(ctx, db, opts, steps)
}

func migrate(ctx context.Context, db *bun.DB, opts *Options, steps []migration) error {
	schema, err := newSchema(opts)
	if err != nil {
		return err
	}
	s := &Store{runner: runner{db: db, schema: schema, on: db.DB}}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.inOwn(ctx, func(r runner) error { return migrateIn(ctx, r, steps) })
}

// migrateIn takes the steps that are missing, one process at a time.
func migrateIn(ctx context.Context, r runner, steps []migration) error {
	if f := r.lock(ctx, lockMigrations); f != nil {
		return f
	}
	taken, err := taken(ctx, r)
	if err != nil {
		return err
	}
	if taken == nil {
		if err := create(ctx, r); err != nil {
			return err
		}
	}
	if err := compatible(steps, taken); err != nil {
		return err
	}
	for _, step := range steps[min(len(taken), len(steps)):] {
		if _, f := r.exec(ctx, step.statements); f != nil {
			return f
		}
		if _, f := r.exec(ctx, recordMigration, step.version, step.name, step.checksum, step.oldestCode); f != nil {
			return f
		}
	}
	return indexSearch(ctx, r)
}

// taken answers the steps that the database has taken, by version; nil when there is nothing at all.
func taken(ctx context.Context, r runner) ([]migrationRow, error) {
	var there struct{ Migrations bool }
	if f := r.query(ctx, &there, `SELECT to_regclass('clientele.migrations') IS NOT NULL AS migrations`); f != nil {
		return nil, f
	}
	if !there.Migrations {
		return nil, nil
	}
	rows := []migrationRow{}
	if f := r.query(ctx, &rows, readMigrations); f != nil {
		return nil, f
	}
	return rows, nil
}

// create makes the table of migrations, and its schema unless somebody who may has made it.
func create(ctx context.Context, r runner) error {
	var there countRow
	if f := r.query(ctx, &there, `SELECT count(*) AS count FROM pg_catalog.pg_namespace WHERE nspname = $1::text`, string(r.schema)); f != nil {
		return f
	}
	if there.Count == 0 {
		if _, f := r.exec(ctx, "CREATE SCHEMA "+r.schema.quoted()); f != nil {
			return f
		}
	}
	if _, f := r.exec(ctx, createMigrations); f != nil {
		return f
	}
	return nil
}

// compatible refuses a schema whose steps are not this code's, or that is too new for it.
func compatible(steps []migration, taken []migrationRow) error {
	for i, row := range taken {
		switch {
		case row.Version != i+1:
			return fmt.Errorf("clientele: the schema lacks step %d of its migrations: restore it from a backup", i+1)
		case row.OldestCode > len(steps):
			return fmt.Errorf("clientele: the schema is at version %d and this code at %d, which is too old for it: upgrade the library",
				len(taken), len(steps))
		case i < len(steps) && row.Checksum != steps[i].checksum:
			return fmt.Errorf("clientele: the migration %s is not the one that made this schema (%s): "+
				"use a released version of the library; past migrations are never edited", steps[i].name, row.Name)
		}
	}
	return nil
}

// checkSchema refuses a schema that this code cannot use as it is.
func (r runner) checkSchema(ctx context.Context) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	taken, err := taken(ctx, r)
	if err != nil {
		return err
	}
	if len(taken) < len(steps) {
		return fmt.Errorf("clientele: the schema %q is at version %d and this code needs %d: call postgres.Migrate first",
			string(r.schema), len(taken), len(steps))
	}
	return compatible(steps, taken)
}

// searchIndexes are made where pg_trgm is there.
var searchIndexes = []struct{ name, table string }{
	{"accounts_search", "accounts"},
	{"subscriptions_search", "subscriptions"},
	{"domains_search", "domains"},
}

// indexSearch makes the indexes for search that are missing, if the extension is there; it may be in any schema. Only the
// tables' owner may. What exists is left alone: even IF NOT EXISTS would wait for everybody who writes. Such an index keeps
// what was added last in a list, which every search reads through and whoever fills it sorts in: 256 kB of it, and not 4 MB.
func indexSearch(ctx context.Context, r runner) error {
	var extension []struct{ Schema string }
	if f := r.query(ctx, &extension, `
SELECT quote_ident(n.nspname) AS schema
FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_trgm'`); f != nil {
		return f
	}
	if len(extension) == 0 {
		return nil
	}
	for _, index := range searchIndexes {
		var there struct{ Index, Owned bool }
		if f := r.query(ctx, &there, "SELECT to_regclass('clientele."+index.name+"') IS NOT NULL AS index, "+
			"pg_has_role(relowner, 'USAGE') AS owned FROM pg_catalog.pg_class WHERE oid = 'clientele."+index.table+"'::regclass"); f != nil {
			return f
		}
		if there.Index || !there.Owned {
			continue
		}
		if _, f := r.exec(ctx, "CREATE INDEX "+index.name+" ON clientele."+index.table+
			" USING gin (search "+extension[0].Schema+".gin_trgm_ops) WITH (gin_pending_list_limit = 256)"); f != nil {
			return f
		}
	}
	return nil
}
