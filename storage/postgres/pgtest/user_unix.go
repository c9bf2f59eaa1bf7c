//go:build unix

package pgtest

import (
	"errors"
	"os"
	"os/user"
	"strconv"
	"syscall"
)

// account is who runs the servers: nil stands for whoever runs the tests.
type account struct{ uid, gid int }

// unprivileged answers somebody who is not root, because PostgreSQL refuses to run as root.
func unprivileged() (*account, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		found, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(found.Uid) // numbers on every Unix
		gid, _ := strconv.Atoi(found.Gid)
		return &account{uid, gid}, nil
	}
	return nil, errors.New("pgtest: there is neither a user postgres nor nobody to run PostgreSQL as")
}

// own hands files over.
func (a *account) own(paths ...string) error {
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

// attributes puts a process under the account, and out of reach of the signals of the tests' terminal.
func (a *account) attributes() *syscall.SysProcAttr {
	attributes := &syscall.SysProcAttr{Setsid: true}
	if a != nil {
		attributes.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)} //nolint:gosec // ids of users
	}
	return attributes
}

// id tells the accounts of several users apart.
func (a *account) id() int {
	if a == nil {
		return os.Getuid()
	}
	return a.uid
}

// owns tells whether a directory belongs to the account, and nobody else put it there.
func (a *account) owns(path string) bool {
	info, err := os.Lstat(path)
	if err != nil {
		return false
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.IsDir() && int(stat.Uid) == a.id()
}
