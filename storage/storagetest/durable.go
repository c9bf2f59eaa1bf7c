package storagetest

import (
	"context"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
)

// RunDurable tests whether a store that keeps its data outside of the process keeps everything, whatever happens to the
// process and to the disk. It is run beside [Run], and a store that survives its process must pass both:
//
//	func TestDurable(t *testing.T) {
//		storagetest.RunDurable(t, func(t *testing.T, dir string) (accounts.Store, io.Closer) {
//			db := mystore.OpenFile(t, filepath.Join(dir, "accounts.db")) // created by the first call for dir
//			return db.Store(), db
//		})
//	}
//
// # What open must do
//
// A directory stands for a database. At the first call for a directory it is empty, and open creates the database with its
// tables; at later calls it opens the same database again. A store without files keeps in the directory whatever lets open
// find the database, such as the name of a schema. No two directories share data.
//
// Close ends everything that belongs to the returned store, and returns an error if that fails; RunDurable calls it exactly
// once, unless the process is killed before. There may be several stores of one directory at the same time, in one process
// and in several. If open cannot open the database, it calls t.Fatal. What it registers by t.Cleanup runs at the end of the
// case: only the first call for a directory may delete the database then, because it is the only one whose case owns the
// directory.
//
// Some cases start the test binary again as a child process, with the flag -test.run for exactly this case. In the child, the
// test function runs from its beginning up to the call of RunDurable, as does TestMain, and open is called for the directory of
// the parent. So the test should leave to open whatever takes long. Children end with their parent, however that ends.
//
// # Cases
//
//   - After every kind of command, the database is closed and opened again. Rows, holds, versions, entries and their expiry,
//     events, their cursors, what was pruned, and the lists with their cursors must be as before, and exactly what the commands
//     have written.
//   - No id, no version of an entry and no event's number is given twice, also after the database was opened again: neither
//     those of removed rows, deleted entries and pruned events, nor what was given to a command that was refused.
//   - Two stores of one database, in one process and in two, see each other's commands, refuse together what must be unique, and
//     run concurrent commands without breaking a rule.
//   - A child runs random commands concurrently, and is killed at a random instant, such as between the writes of a command and
//     its commit. Afterwards every command whose success it has reported has all of its effects, every one that has failed has
//     none, and one that was interrupted has all or none. This is repeated 20 times, and 200 times with CLIENTELE_SOAK=1, on the
//     same database, every other time while another process has it open. Only ids and versions that were given to an interrupted
//     command without effects, or to one that returned ErrUnavailable, may be given again.
//   - While the disk is full, commands return ErrUnavailable and change nothing, and look-ups work. As soon as there is room,
//     commands succeed; nothing is lost, also if the database was closed while the disk was full. The disk is a small tmpfs,
//     which a child mounts at the directory in a mount namespace of its own, on Linux and as root. Otherwise the case is skipped
//     and says so, as it is for a store that does not keep its data in the directory.
//
// What a loss of power leaves on a disk is not tested: a killed process has lost nothing that it has given to the kernel.
func RunDurable(t *testing.T, open func(t *testing.T, dir string) (accounts.Store, io.Closer)) {
	t.Helper()
	running := goleak.IgnoreCurrent()
	for _, c := range durableCases() {
		t.Run(c.name, func(t *testing.T) {
			defer watchFor(t, c.limit).Stop()
			c.run(t, open)
		})
	}
	if !process.IsChild() { // a child waits for the end of its parent
		goleak.VerifyNone(t, running)
	}
}

// openDir is the function that RunDurable is given.
type openDir func(t *testing.T, dir string) (accounts.Store, io.Closer)

// durableTimeout is how long a case may take before its context ends. Opening a database takes longer than a command.
const durableTimeout = 2 * time.Minute

// durableCase is one case of RunDurable.
type durableCase struct {
	name  string
	limit time.Duration
	run   func(*testing.T, openDir)
}

func durableCases() []durableCase {
	const usual = durableTimeout + gracePeriod
	onFixture := func(run func(*durable)) func(*testing.T, openDir) {
		return func(t *testing.T, open openDir) { run(newDurable(t, open)) }
	}
	return []durableCase{
		{"everything is as before after it was opened again", usual, onFixture(reopenAfterEveryCommand)},
		{"ids and versions are not given twice after it was opened again", usual, onFixture(reopenIDs)},
		{"event numbers continue after it was opened again", usual, onFixture(reopenEvents)},
		{"two stores see each other's commands", usual, onFixture(twoStores)},
		{"concurrent commands of two stores leave consistent rows and events", usual, concurrentStores},
		{"concurrent commands of two processes leave consistent rows and events", usual, concurrentProcesses},
		{"a killed process leaves whole commands and everything it has reported", time.Duration(suite.Scale(1, 10)) * usual, killedProcesses},
		{"a full disk loses nothing", usual, fullDisk},
	}
}

// durable is a fixture on a database that can be closed and opened again. Its commands are recorded in a book.
type durable struct {
	*fixture
	dir     string
	openDir openDir
	closer  io.Closer // nil: closed
	journal *journal.Journal
	book    *journal.SharedBook
}

func newDurable(t *testing.T, open openDir) *durable {
	t.Helper()
	return newDurableAt(t, open, t.TempDir())
}

// newDurableAt returns a fixture on the database of a directory.
func newDurableAt(t *testing.T, open openDir, dir string) *durable {
	t.Helper()
	d := &durable{dir: dir, openDir: open, book: journal.NewSharedBook()}
	d.fixture = newFixture(t, d.openJournal)
	ctx, cancel := context.WithTimeout(accounts.WithActor(t.Context(), actor), durableTimeout)
	d.ctx = ctx
	t.Cleanup(func() {
		cancel()
		if d.closer != nil {
			d.close()
		}
	})
	return d
}

func (d *durable) openJournal(t *testing.T) accounts.Store {
	t.Helper()
	store, closer := d.openDir(t, d.dir)
	if d.journal == nil {
		d.journal = journal.New(store, "test", d.book.Add)
	}
	d.closer, d.journal.Store = closer, store
	return d.journal
}

// close closes the database.
func (d *durable) close() {
	d.t.Helper()
	closer := d.closer
	d.closer = nil
	require.NoError(d.t, closer.Close(), "Close of the closer that open has returned")
}

// reopen closes the database and opens it again.
func (d *durable) reopen() {
	d.t.Helper()
	d.close()
	d.openJournal(d.t)
}

// checkBook asserts that the store contains exactly what the recorded commands lead to.
func (d *durable) checkBook() {
	d.t.Helper()
	got, log, err := journal.ReadContents(d.ctx, d.journal.Store)
	d.NoError(err)
	d.NoError(d.book.Check(got, log))
}
