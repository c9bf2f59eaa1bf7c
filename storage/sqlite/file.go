package sqlite

import (
	"errors"
	"os"
)

// file is the identity of the database's file. After it was deleted or replaced, SQLite would go on with the old one, which
// no later process finds.
type file struct {
	path string
	info os.FileInfo // nil: it is not known, for example in another VFS
}

// newFile returns the identity of the file at a path.
func newFile(path string) *file {
	info, err := os.Stat(path)
	if err != nil {
		return &file{path: path}
	}
	return &file{path: path, info: info}
}

var errMoved = errors.New("the database's file was deleted, moved or replaced while it was open: put it back, or restart the program")

// check returns an error if the path is no longer that of the file.
func (f *file) check() error {
	if f.info == nil {
		return nil
	}
	now, err := os.Stat(f.path)
	if err != nil || !os.SameFile(f.info, now) {
		return errMoved
	}
	return nil
}
