//go:build !linux

package process

import (
	"errors"
	"syscall"
)

// MountNamespace returns what is missing: only Linux has mount namespaces.
func MountNamespace() (attributes *syscall.SysProcAttr, missing string) {
	return nil, "only Linux has mount namespaces"
}

// MountDisk is not called.
func MountDisk(string, int) error { return errors.ErrUnsupported }
