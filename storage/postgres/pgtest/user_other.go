//go:build !unix

package pgtest

import (
	"errors"
	"syscall"
)

// account is nobody: PostgreSQL is started on Unix only.
type account struct{}

func unprivileged() (*account, error) {
	return nil, errors.New("pgtest starts PostgreSQL on Unix only: set " + EnvDSN)
}

func (*account) own(...string) error              { return nil }
func (*account) attributes() *syscall.SysProcAttr { return nil }
func (*account) id() int                          { return 0 }
func (*account) owns(string) bool                 { return false }
