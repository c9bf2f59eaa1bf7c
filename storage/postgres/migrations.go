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

// migration is one step of the schema. Its version is that of the schema after it, and of the code that was written for that
// schema.
type migration struct {
	version    int
	name       string
	statements string
	checksum   string
	oldestCode int // the oldest version of the code that may use the schema after this step
}

// migrationRow is a migration that was applied to a database.
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

// migrations returns the migrations, ordered by version. They are files with names such as 0001_tables.sql, whose first line
// has the oldest version of the code that may use the schema after them.
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
			return nil, fmt.Errorf("clientele: invalid migration file %s: wrong number or first line", name)
		}
		sum := sha256.Sum256(text)
		oldest, _ := strconv.Atoi(string(header[1])) // only digits
		steps[i] = migration{i + 1, name, string(text), hex.EncodeToString(sum[:]), oldest}
	}
	return steps, nil
}

// Migrate creates the tables or migrates them to this version of the library, in one transaction. Several processes may call
// it concurrently, and it may be called again at any time. The role must be allowed to create the schema or, if the schema
// exists, to create tables in it; for later migrations it must own the tables. If there is nothing to migrate, the role only
// needs to read the tables. See the README.
//
// If the extension pg_trgm is installed, in any schema, Migrate also creates the indexes for search, if the role owns the
// tables. If the extension is installed later, the next call creates them. Without them search returns the same results, but
// slower.
//
// It returns an error and changes nothing if New would not accept the server, if the text of an applied migration has
// changed, or if the schema is too new for this version of the library. It returns ErrUnavailable if a statement failed, for
// example because of a missing privilege, and ErrCommitUnknown if the outcome of the commit is unknown: then call it again.
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
	s := &Store{runner: runner{db: db, schema: schema, conn: db.DB}}
	if err := s.check(ctx); err != nil {
		return err
	}
	return s.runInOwnTx(ctx, func(r runner) error { return applyMigrations(ctx, r, steps) })
}

// applyMigrations applies the missing migrations, in one process at a time.
func applyMigrations(ctx context.Context, r runner, steps []migration) error {
	if e := r.lock(ctx, lockMigrations); e != nil {
		return e
	}
	applied, err := appliedMigrations(ctx, r)
	if err != nil {
		return err
	}
	if applied == nil {
		if err := createSchema(ctx, r); err != nil {
			return err
		}
	}
	if err := checkCompatible(r.schema, steps, applied); err != nil {
		return err
	}
	for _, step := range steps[min(len(applied), len(steps)):] {
		if _, e := r.exec(ctx, step.statements); e != nil {
			return e
		}
		if _, e := r.exec(ctx, recordMigration, step.version, step.name, step.checksum, step.oldestCode); e != nil {
			return e
		}
	}
	return createSearchIndexes(ctx, r)
}

// appliedMigrations returns the applied migrations, ordered by version; nil if the table of migrations does not exist.
func appliedMigrations(ctx context.Context, r runner) ([]migrationRow, error) {
	var exists struct{ Migrations bool }
	if e := r.query(ctx, &exists, `SELECT to_regclass('clientele.migrations') IS NOT NULL AS migrations`); e != nil {
		return nil, e
	}
	if !exists.Migrations {
		return nil, nil
	}
	rows := []migrationRow{}
	if e := r.query(ctx, &rows, readMigrations); e != nil {
		return nil, e
	}
	return rows, nil
}

// createSchema creates the table of migrations, and its schema unless that exists.
func createSchema(ctx context.Context, r runner) error {
	var schemas countRow
	if e := r.query(ctx, &schemas, `SELECT count(*) AS count FROM pg_catalog.pg_namespace WHERE nspname = $1::text`, string(r.schema)); e != nil {
		return e
	}
	if schemas.Count == 0 {
		if _, e := r.exec(ctx, "CREATE SCHEMA "+r.schema.quoted()); e != nil {
			return e
		}
	}
	if _, e := r.exec(ctx, createMigrations); e != nil {
		return e
	}
	return nil
}

// checkCompatible returns an error if the applied migrations are not those of this code, or too new for it.
func checkCompatible(schema schema, steps []migration, applied []migrationRow) error {
	for i, row := range applied {
		switch {
		case row.Version != i+1:
			return fmt.Errorf("clientele: migration %d is missing from schema %q", i+1, string(schema))
		case row.OldestCode > len(steps):
			return fmt.Errorf("clientele: schema %q is at version %d, which this version of the library (%d) does not support: upgrade the library",
				string(schema), len(applied), len(steps))
		case i < len(steps) && row.Checksum != steps[i].checksum:
			return fmt.Errorf("clientele: migration %s differs from the one that was applied to schema %q (%s): use a released version of the library",
				steps[i].name, string(schema), row.Name)
		}
	}
	return nil
}

// checkSchema returns an error if this code cannot use the schema as it is.
func (r runner) checkSchema(ctx context.Context) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	applied, err := appliedMigrations(ctx, r)
	if err != nil {
		return err
	}
	if len(applied) < len(steps) {
		return fmt.Errorf("clientele: schema %q is at version %d, but the library needs %d: call postgres.Migrate first",
			string(r.schema), len(applied), len(steps))
	}
	return checkCompatible(r.schema, steps, applied)
}

// searchIndexes are created if pg_trgm is installed.
var searchIndexes = []struct{ name, table string }{
	{"accounts_search", "accounts"},
	{"subscriptions_search", "subscriptions"},
	{"domains_search", "domains"},
}

// createSearchIndexes creates the missing indexes for search if the extension is installed, in any schema, and the role owns
// the table. It runs no statement for existing ones: even with IF NOT EXISTS, that would wait for all transactions that write
// to the table. A GIN index keeps the last additions in a pending list that every search scans; the statement that fills the
// list sorts it into the index. The limit of that list is 256 kB here, and 4 MB by default.
func createSearchIndexes(ctx context.Context, r runner) error {
	var extension []struct{ Schema string }
	if e := r.query(ctx, &extension, `
SELECT quote_ident(n.nspname) AS schema
FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_trgm'`); e != nil {
		return e
	}
	if len(extension) == 0 {
		return nil
	}
	for _, index := range searchIndexes {
		var found struct{ Index, Owned bool }
		if e := r.query(ctx, &found, "SELECT to_regclass('clientele."+index.name+"') IS NOT NULL AS index, "+
			"pg_has_role(relowner, 'USAGE') AS owned FROM pg_catalog.pg_class WHERE oid = 'clientele."+index.table+"'::regclass"); e != nil {
			return e
		}
		if found.Index || !found.Owned {
			continue
		}
		if _, e := r.exec(ctx, "CREATE INDEX "+index.name+" ON clientele."+index.table+
			" USING gin (search "+extension[0].Schema+".gin_trgm_ops) WITH (gin_pending_list_limit = 256)"); e != nil {
			return e
		}
	}
	return nil
}
