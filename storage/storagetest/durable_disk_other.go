//go:build !linux

package storagetest

import (
	"errors"
	"syscall"
)

// mountNamespace returns what is missing: only Linux has mount namespaces.
func mountNamespace() (attributes *syscall.SysProcAttr, missing string) {
	return nil, "only Linux has mount namespaces"
}

// mountDisk is not called.
func mountDisk(string, int) error { return errors.ErrUnsupported }
