package storagetest

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/memory"
	"github.com/clientele-go/clientele/storage/postgres"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/storage/storagetest/internal/faulty"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
)

// A store that writes its commands to a file passes the cases that use one store at a time: also that of the full disk, which
// does not concern a store without files in the directory.
func TestDurableCasesPassWithAFile(t *testing.T) {
	for _, name := range []string{
		"everything is as before after it was opened again", "ids and versions are not given twice after it was opened again",
		"event numbers continue after it was opened again", "a full disk loses nothing",
	} {
		t.Run(name, func(t *testing.T) { durableCaseNamed(t, name).run(t, faulty.OpenFile(func(*faulty.File) {})) })
	}
}

func durableCaseNamed(t *testing.T, name string) durableCase {
	t.Helper()
	all := durableCases()
	i := slices.IndexFunc(all, func(c durableCase) bool { return c.name == name })
	require.GreaterOrEqual(t, i, 0, "no case %q", name)
	return all[i]
}

// brokenVariable makes TestDurableCasesRevealBrokenStores run the cases, which fail, in this process.
const brokenVariable = "CLIENTELE_STORAGETEST_BROKEN"

// Each of these mistakes makes a case fail with a message that says what is wrong.
func TestDurableCasesRevealBrokenStores(t *testing.T) {
	const (
		reopened  = "everything is as before after it was opened again"
		ids       = "ids and versions are not given twice after it was opened again"
		numbers   = "event numbers continue after it was opened again"
		two       = "two stores see each other's commands"
		stores    = "concurrent commands of two stores leave consistent rows and events"
		processes = "concurrent commands of two processes leave consistent rows and events"
		killed    = "a killed process leaves whole commands and everything it has reported"
		disk      = "a full disk loses nothing"
	)
	postgresDSN := func(t *testing.T) string { t.Helper(); return pgtest.Shared(t).DSN() }
	noDSN := func(*testing.T) string { return "" }
	for _, c := range []struct {
		mistake, in string
		open        openDir
		want        string
		dsn         func(*testing.T) string
	}{
		{"it forgets everything", reopened, faulty.OpenMemory(func(*memory.Store, int) accounts.Store { return memory.New() }), "opened again after the first commands", noDSN},
		{"it forgets the expiry of entries", reopened, faulty.OpenMemory(func(s *memory.Store, _ int) accounts.Store {
			faulty.ForgetExpiry(s)
			return s
		}), "opened again after the first commands", noDSN},
		{"it forgets what was pruned", reopened, faulty.OpenMemory(func(s *memory.Store, opened int) accounts.Store {
			if opened%2 == 0 {
				return s
			}
			return faulty.Skipping{Store: s}
		}), "opened again after PruneEvents", noDSN},
		{"its ids continue after the highest one of its rows", ids, faulty.OpenMemory(func(s *memory.Store, _ int) accounts.Store { return faulty.NewMaxIDs(s) }), "account id 3 was given to command", noDSN},
		{"its versions continue after the highest one of its entries", ids, faulty.OpenMemory(func(s *memory.Store, _ int) accounts.Store { return faulty.NewMaxVersions(s) }), "entry version 6 was given to command", noDSN},
		{"its numbers begin again when everything was pruned", numbers, faulty.OpenMemory(func(s *memory.Store, _ int) accounts.Store { return faulty.NewRestartingNumbers(s) }), "cursor", noDSN},
		{"a second store is a copy", two, faulty.OpenMemory(func(s *memory.Store, opened int) accounts.Store {
			if opened == 0 {
				return s
			}
			return memory.New()
		}), "not found", noDSN},
		{"some events of concurrent commands are lost", stores, faulty.OpenMemory(func(s *memory.Store, _ int) accounts.Store {
			return &faulty.Store{Store: s, Tx: faulty.Tx{DropEvents: true}}
		}), "replaying the event log does not lead to the rows in the store", noDSN},
		{"some events of concurrent processes are lost", processes, openPostgres(func(s accounts.Store) accounts.Store {
			return &faulty.Store{Store: s, Tx: faulty.Tx{DropEvents: true}}
		}), "replaying the event log does not lead to the rows in the store", postgresDSN},
		{"it returns before the commit", killed, openPostgres(func(s accounts.Store) accounts.Store { return faulty.Hasty{Store: s} }), "the store does not contain what the commands lead to", postgresDSN},
		{"it commits a command in two transactions", killed, openPostgres(func(s accounts.Store) accounts.Store { return faulty.Halving{Store: s} }), "the store does not contain what the commands lead to", postgresDSN},
		{"it ignores that the disk is full", disk, faulty.OpenFile(func(s *faulty.File) { s.IgnoreErrors = true }), "no command was refused", noDSN},
		{"it reports a full disk as another error", disk, faulty.OpenFile(func(s *faulty.File) { s.BareErrors = true }), "what a command returns while the disk is full", noDSN},
		{"it keeps half a line of a full disk", disk, faulty.OpenFile(func(s *faulty.File) { s.KeepTorn = true }), "opening", noDSN},
	} {
		t.Run(c.mistake, func(t *testing.T) {
			if os.Getenv(brokenVariable) != "" {
				durableCaseNamed(t, c.in).run(t, c.open)
				return
			}
			if _, missing := process.MountNamespace(); c.in == disk && missing != "" {
				t.Skip(missing)
			}
			cmd := exec.CommandContext(t.Context(), os.Args[0], process.Arguments(t.Name())...)
			cmd.Env = append(os.Environ(), brokenVariable+"=1")
			if dsn := c.dsn(t); dsn != "" {
				cmd.Env = append(cmd.Env, pgtest.EnvDSN+"="+dsn)
			}
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "%s", out)
			require.Contains(t, string(out), c.want)
		})
	}
}

// openPostgres opens stores in a database for each directory.
func openPostgres(wrap func(accounts.Store) accounts.Store) openDir {
	return func(t *testing.T, dir string) (accounts.Store, io.Closer) {
		t.Helper()
		file := filepath.Join(dir, "dsn")
		dsn, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			dsn = []byte(pgtest.Shared(t).Database(t))
			err = os.WriteFile(file, dsn, 0o600)
		}
		require.NoError(t, err)
		db := pgtest.Open(t, string(dsn), 8)
		require.NoError(t, postgres.Migrate(t.Context(), db, nil))
		store, err := postgres.New(t.Context(), db, nil)
		require.NoError(t, err)
		return wrap(store), db
	}
}
