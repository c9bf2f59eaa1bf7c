//go:build !unix

package pgtest

import (
	"errors"
	"syscall"
)

// osUser is not used: PostgreSQL is started on Unix only.
type osUser struct{}

func unprivilegedUser() (*osUser, error) {
	return nil, errors.New("pgtest starts PostgreSQL on Unix only: set " + EnvDSN)
}

func (*osUser) chown(...string) error             { return nil }
func (*osUser) sysProcAttr() *syscall.SysProcAttr { return nil }
func (*osUser) id() int                           { return 0 }
func (*osUser) owns(string) bool                  { return false }
