//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// osUser is the user that runs the servers; nil is the user that runs the tests.
type osUser struct{ uid, gid int }

// unprivilegedUser returns a user other than root, because PostgreSQL refuses to run as root.
func unprivilegedUser() (*osUser, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(found.Uid) // a number on every Unix
		gid, _ := strconv.Atoi(found.Gid)
		return &osUser{uid, gid}, nil
	}
	return nil, errors.New("pgtest: PostgreSQL needs a user other than root: neither postgres nor nobody exists")
}

// chown makes the user the owner of the files.
func (a *osUser) chown(paths ...string) error {
	if a == nil {
		return nil
	}
	for _, path := range paths {
		if err := os.Chown(path, a.uid, a.gid); err != nil {
			return err
		}
	}
	return nil
}

// sysProcAttr makes a process run as the user, in a session that gets no signals from the terminal of the tests.
func (a *osUser) sysProcAttr() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} // ids of users are not negative
	}
	return attributes
}

// id returns the numeric id of the user.
func (a *osUser) id() int {
	if a == nil {
		return os.Getuid()
	}
	return a.uid
}

// owns reports whether path is a directory that belongs to the user.
func (a *osUser) owns(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == a.id()
}
