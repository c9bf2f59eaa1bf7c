package sqlite

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"time"

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
	version    int
	name       string
	checksum   string
	oldestCode int
}

func (r *migrationRow) fields() []any { return []any{&r.version, &r.name, &r.checksum, &r.oldestCode} }

var (
	migrationName   = regexp.MustCompile(`^([0-9]{4})_[a-z_]+\.sql$`)
	migrationHeader = regexp.MustCompile(`^-- oldest code: ([0-9]+)\n`)
)

const (
	createMigrations = `
CREATE TABLE IF NOT EXISTS clientele_migrations (
    version     INTEGER PRIMARY KEY,
    name        TEXT NOT NULL,
    checksum    TEXT NOT NULL,
    oldest_code INTEGER NOT NULL, -- the oldest code that may use the schema
    applied_at  INTEGER NOT NULL
) STRICT`
	hasMigrations   = `SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'clientele_migrations'`
	readMigrations  = `SELECT version, name, checksum, oldest_code FROM clientele_migrations ORDER BY version`
	recordMigration = `
INSERT INTO clientele_migrations (version, name, checksum, oldest_code, applied_at) VALUES (?, ?, ?, ?, ?)`
	lockMigrations = `DELETE FROM clientele_migrations WHERE 0`
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
// it concurrently, and it may be called again at any time. It also sets the journal mode of the file to WAL, which stays set.
//
// It returns an error and changes nothing if New would not accept the file or the settings, if the text of an applied migration
// has changed, or if the file is too new for this version of the library. It examines the file as New does, but only if there is
// something to migrate. It returns ErrUnavailable if a statement failed, and ErrCommitUnknown if the outcome of the commit is
// unknown: then call it again.
func Migrate(ctx context.Context, db *bun.DB, opts *Options) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	return migrate(ctx, db, opts, steps)
}

func migrate(ctx context.Context, db *bun.DB, opts *Options, steps []migration) error {
	s, err := open(ctx, db, opts)
	if err != nil {
		return err
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	if err := checkCompatible(steps, applied); err != nil {
		return err
	}
	upToDate := len(applied) >= len(steps)
	if !upToDate {
		if err := s.checkIntact(ctx); err != nil {
			return err
		}
	}
	if err := s.setWAL(ctx); err != nil || upToDate {
		return err
	}
	return s.applyMigrations(ctx, steps)
}

// applyMigrations applies the missing migrations. Another process may do the same.
func (s *Store) applyMigrations(ctx context.Context, steps []migration) error {
	for wait := newBackoff(); ; {
		err := s.applyOnce(ctx, steps)
		if !isBusy(err) || !wait.sleep(ctx) {
			return err
		}
	}
}

func (s *Store) applyOnce(ctx context.Context, steps []migration) error {
	tx, err := s.db.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(ctx, err)
	}
	defer func() { _ = tx.Tx.Rollback() }() // after Commit it does nothing
	r := s.unprepared()
	r.tx = tx.Tx
	for _, statement := range []string{createMigrations, lockMigrations} {
		if _, e := r.exec(ctx, statement); e != nil {
			return e
		}
	}
	applied, e := query(ctx, r, (*migrationRow).fields, readMigrations)
	if e != nil {
		return e
	}
	if err := checkCompatible(steps, applied); err != nil {
		return err
	}
	for _, step := range steps[min(len(applied), len(steps)):] {
		if _, e := r.exec(ctx, step.statements); e != nil {
			return e
		}
		if _, e := r.exec(ctx, recordMigration, step.version, step.name, step.checksum, step.oldestCode, micros(time.Now())); e != nil {
			return e
		}
	}
	if e := commit(ctx, tx.Tx); e != nil {
		return e
	}
	return nil
}

// appliedMigrations returns the applied migrations, ordered by version; nil if there is no table of them.
func (s *Store) appliedMigrations(ctx context.Context) ([]migrationRow, error) {
	tables, e := query(ctx, s.unprepared(), (*countRow).fields, hasMigrations)
	if e != nil {
		return nil, e
	}
	if tables[0].Count == 0 {
		return nil, nil
	}
	rows, e := query(ctx, s.unprepared(), (*migrationRow).fields, readMigrations)
	if e != nil {
		return nil, e
	}
	return rows, nil
}

// checkCompatible returns an error if the applied migrations are not those of this code, or too new for it.
func checkCompatible(steps []migration, applied []migrationRow) error {
	for i, row := range applied {
		switch {
		case row.version != i+1:
			return fmt.Errorf("clientele: migration %d is missing from the database", i+1)
		case row.oldestCode > len(steps):
			return fmt.Errorf("clientele: the database is at version %d, which this version of the library (%d) does not support: upgrade the library",
				len(applied), len(steps))
		case i < len(steps) && row.checksum != steps[i].checksum:
			return fmt.Errorf("clientele: migration %s differs from the one that was applied to the database (%s): use a released version of the library",
				steps[i].name, row.name)
		}
	}
	return nil
}

// checkSchema returns an error if this code cannot use the tables as they are.
func (s *Store) checkSchema(ctx context.Context) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return err
	}
	applied, err := s.appliedMigrations(ctx)
	if err != nil {
		return err
	}
	if len(applied) < len(steps) {
		return fmt.Errorf("clientele: the database is at version %d, but the library needs %d: call sqlite.Migrate first", len(applied), len(steps))
	}
	return checkCompatible(steps, applied)
}
