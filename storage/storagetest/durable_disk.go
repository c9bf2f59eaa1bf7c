package storagetest

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
	"github.com/clientele-go/clientele/storage/storagetest/internal/process"
)

// diskSize is the size of the disk that is filled.
const diskSize = 32 << 20

// fullDisk runs a child that mounts a small disk, fills it, and checks the store.
func fullDisk(t *testing.T, open openDir) {
	if task, isChild := process.TaskOf(t); isChild {
		fillDisk(t, open, task)
		return
	}
	attributes, missing := process.MountNamespace()
	if missing != "" {
		t.Skipf("the disk cannot be filled: %s", missing)
	}
	c, err := process.Start(t, process.Task{Dir: t.TempDir()}, attributes)
	if err != nil {
		t.Skipf("the disk cannot be filled: a child process cannot have a mount namespace of its own: %v", err)
	}
	skip, failure := "", "it has ended without a result"
	for {
		r, found := c.Next()
		if !found {
			break
		}
		skip, failure = r.Skip, r.Failure
	}
	err = c.Wait()
	require.NoError(t, err, "the child process:\n%s", c.Output())
	require.Empty(t, failure, "the child process:\n%s", c.Output())
	if skip != "" {
		t.Skip(skip)
	}
}

// fillDisk is the child that mounts the disk.
func fillDisk(t *testing.T, open openDir, task process.Task) {
	if err := process.MountDisk(task.Dir, diskSize); err != nil {
		process.Print(journal.Record{Skip: fmt.Sprintf("the disk cannot be filled: a tmpfs cannot be mounted: %v", err)})
		return
	}
	d := newDurableAt(t, open, task.Dir)
	if !d.usesDisk() {
		process.Print(journal.Record{Skip: "the disk cannot be filled: the store does not keep its data in the directory that it was given"})
		return
	}
	d.seed()
	d.fillAndRefuse()
	d.checkBook() // look-ups work
	d.emptyDisk()
	d.account("after")
	d.checkBook()
	d.reopen()
	d.checkBook()

	d.fillAndRefuse()
	d.reopenFull()
	d.checkBook()
	d.account("last")
	d.reopen()
	d.checkBook()
	process.Print(journal.Record{}) // the result: no failure
}

// usesDisk reports whether the store keeps what it is given in files in its directory.
func (d *durable) usesDisk() bool {
	d.t.Helper()
	const entries = 16
	for i := range entries {
		d.putRandom(fmt.Sprint("first ", i))
	}
	d.reopen()
	used := int64(0)
	d.NoError(filepath.WalkDir(d.dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		used += info.Size()
		return err
	}))
	return used >= entries*entrySize
}

// entrySize is the size of the entries that fill the disk.
const entrySize = 32 << 10

// putRandom puts an entry whose value cannot be compressed.
func (d *durable) putRandom(key string) {
	d.t.Helper()
	_, err := d.tryRandom(key)
	d.NoError(err)
}

func (d *durable) tryRandom(key string) (accounts.Entry, error) {
	value := make([]byte, entrySize)
	for i := range value {
		value[i] = byte(rand.Uint32())
	}
	return d.clients.Bucket(suiteBucket).Put(d.ctx, accounts.Entry{Key: key, Value: value}, accounts.Any)
}

// ballast is the name of the file that fills the disk.
const ballast = "storagetest.ballast"

// fillAndRefuse fills the disk and runs commands until some have been refused. Small ones may still succeed.
func (d *durable) fillAndRefuse() {
	d.t.Helper()
	d.fillUp()
	refused := 0
	for i := range 200 {
		if _, err := d.tryRandom(fmt.Sprint("full ", i)); err != nil {
			d.isUnavailable(err)
			refused++
		}
		if _, err := d.clients.Create(d.ctx, withDomains(fmt.Sprintf("full%d", i), fmt.Sprintf("full%d.example", i))); err != nil && !errors.Is(err, accounts.ErrTaken) {
			d.isUnavailable(err)
			refused++
		}
		if refused >= 20 {
			return
		}
		d.fillUp() // what has become free
	}
	d.Fail("no command was refused, although the disk is full")
}

func (d *durable) isUnavailable(err error) {
	d.t.Helper()
	d.ErrorIs(err, accounts.ErrUnavailable, "what a command returns while the disk is full")
	d.NotErrorIs(err, accounts.ErrCommitUnknown)
}

// fillUp writes a file until the disk is full.
func (d *durable) fillUp() {
	d.t.Helper()
	f, err := os.OpenFile(filepath.Join(d.dir, ballast), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	d.NoError(err)
	for _, size := range []int{1 << 20, 4096, 1} {
		for written := 0; written <= diskSize && err == nil; written += size {
			_, err = f.Write(make([]byte, size))
		}
		err = nil
	}
	d.NoError(f.Close())
}

// emptyDisk removes the file that fills the disk.
func (d *durable) emptyDisk() {
	d.t.Helper()
	d.NoError(os.Remove(filepath.Join(d.dir, ballast)))
}

// reopenFull closes the database while the disk is full, which may return an error, and opens it again when there is room.
func (d *durable) reopenFull() {
	d.t.Helper()
	if err := d.closer.Close(); err != nil {
		d.t.Logf("closing the database while the disk is full: %v", err)
	}
	d.emptyDisk()
	d.openJournal(d.t)
}
