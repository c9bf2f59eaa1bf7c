package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/uptrace/bun/dialect"
)

// minVersion is the first version of SQLite on which all statements run.
var minVersion = [2]int{3, 44}

// maxExamined is the size in bytes up to which New examines the whole file.
const maxExamined = 64 << 20

// settingsRow has the version and the settings of a connection, and the path of its file.
type settingsRow struct {
	version, encoding, journal, locking, path string
	synchronous, fts5                         int
}

func (r *settingsRow) fields() []any {
	return []any{&r.version, &r.encoding, &r.journal, &r.locking, &r.synchronous, &r.fts5, &r.path}
}

const readSettings = `
SELECT sqlite_version(),
    (SELECT encoding FROM pragma_encoding),
    (SELECT journal_mode FROM pragma_journal_mode),
    (SELECT locking_mode FROM pragma_locking_mode),
    (SELECT synchronous FROM pragma_synchronous),
    (SELECT count(*) FROM pragma_module_list WHERE name = 'fts5'),
    (SELECT coalesce(file, '') FROM pragma_database_list WHERE name = 'main')`

// check returns an error if the store would not work with the driver, the file or the settings, or not be safe.
func (s *Store) check(ctx context.Context) error {
	if s.db.Dialect().Name() != dialect.SQLite {
		return errors.New("clientele: the bun.DB must be created with sqlitedialect.New()")
	}
	if err := s.checkDriver(ctx); err != nil {
		return err
	}
	rows, e := query(ctx, s.unprepared(), (*settingsRow).fields, readSettings)
	if e != nil {
		return e
	}
	if err := rows[0].validate(); err != nil {
		return err
	}
	s.file = newFile(rows[0].path)
	return nil
}

// checkDriver returns an error if the errors of the driver have no result codes. Preparing the statement reads the file's
// header and schema, so that it fails before, if the file is not a database.
func (s *Store) checkDriver(ctx context.Context) error {
	rows, err := s.db.DB.QueryContext(ctx, "SELECT clientele_no_such_function()")
	if err == nil {
		_ = rows.Close()
		err = rows.Err()
	}
	switch {
	case ctx.Err() != nil:
		return unavailable(ctx, ctx.Err())
	case resultCode(err) == 0:
		return fmt.Errorf("clientele: unsupported driver: its errors need a method Code() int, as those of modernc.org/sqlite have: %w", err)
	}
	return nil
}

// validate returns an error that says what to do if the version or a setting is not supported.
func (r settingsRow) validate() error {
	if !supported(r.version) {
		return fmt.Errorf("clientele: unsupported SQLite %s: use a driver with %d.%d or later", r.version, minVersion[0], minVersion[1])
	}
	if r.fts5 == 0 {
		return errors.New("clientele: the driver's SQLite lacks FTS5: use one that is compiled with it, such as modernc.org/sqlite")
	}
	if r.path == "" {
		return errors.New("clientele: the database is in memory or temporary: open a file, or use storage/memory")
	}
	if r.encoding != "UTF-8" { // others have another order of texts
		return fmt.Errorf("clientele: unsupported encoding %s of the database: create a new one with PRAGMA encoding = 'UTF-8'", r.encoding)
	}
	if r.locking != "normal" { // connections would shut each other out
		return fmt.Errorf("clientele: unsupported setting locking_mode = %s: must be NORMAL", r.locking)
	}
	if r.synchronous < 2 {
		return fmt.Errorf("clientele: unsupported setting synchronous = %s: must be FULL, SQLite's default, because commands that have "+
			"returned would be lost when the power fails", [...]string{"OFF", "NORMAL"}[max(r.synchronous, 0)])
	}
	if r.journal == "memory" || r.journal == "off" {
		return fmt.Errorf("clientele: unsupported setting journal_mode = %s: must be WAL, because the file would be destroyed when the "+
			"process ends during a command", strings.ToUpper(r.journal))
	}
	return nil
}

// supported reports whether a version such as 3.54.1 is recent enough.
func supported(version string) bool {
	parts := strings.SplitN(version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	major, _ := strconv.Atoi(parts[0])
	minor, _ := strconv.Atoi(parts[1])
	return major > minVersion[0] || major == minVersion[0] && minor >= minVersion[1]
}

const (
	journalMode = `SELECT journal_mode FROM pragma_journal_mode`
	fileSize    = `SELECT page_count * page_size FROM pragma_page_count, pragma_page_size`
	quickCheck  = `PRAGMA quick_check(1)`
)

// checkJournal returns an error if the file is not in WAL mode.
func (s *Store) checkJournal(ctx context.Context) error {
	journal, e := query(ctx, s.unprepared(), (*textRow).fields, journalMode)
	if e != nil {
		return e
	}
	if mode := journal[0].text; mode != "wal" {
		return fmt.Errorf("clientele: unsupported setting journal_mode = %s: must be WAL, which sqlite.Migrate sets", strings.ToUpper(mode))
	}
	return nil
}

// checkIntact returns an error if the file is damaged. It does not examine large files.
func (s *Store) checkIntact(ctx context.Context) error {
	size, e := query(ctx, s.unprepared(), (*idRow).fields, fileSize)
	if e != nil {
		return e
	}
	if size[0].ID > maxExamined {
		return nil
	}
	found, e := query(ctx, s.unprepared(), (*textRow).fields, quickCheck)
	if e != nil {
		return e
	}
	if found[0].text != "ok" {
		return unavailable(ctx, fmt.Errorf("%s: %s", adviceDamaged, found[0].text))
	}
	return nil
}

// maxWritableWait limits how long checkWritable waits for another process, which the driver's busy_timeout may make long.
const maxWritableWait = 200 * time.Millisecond

// checkWritable returns an error if the file cannot be written. Another process may be writing now: then only commands will find
// out.
func (s *Store) checkWritable(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, maxWritableWait)
	defer cancel()
	tx, err := s.beginOnce(short)
	if err == nil {
		_ = tx.Tx.Rollback()
		return nil
	}
	if isBusy(err) || short.Err() != nil && ctx.Err() == nil {
		return nil
	}
	return unavailable(ctx, err)
}

// setWAL sets the journal mode of the file to WAL.
func (s *Store) setWAL(ctx context.Context) error {
	rows, e := query(ctx, s.unprepared(), (*textRow).fields, "PRAGMA journal_mode = WAL")
	if e != nil {
		return e
	}
	if mode := rows[0].text; mode != "wal" { // it cannot be set
		return fmt.Errorf("clientele: journal_mode stays %s: WAL needs a local file system with shared memory", strings.ToUpper(mode))
	}
	return nil
}
