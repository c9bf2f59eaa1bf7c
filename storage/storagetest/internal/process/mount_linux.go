package process

import (
	"fmt"
	"os"
	"syscall"
)

// MountNamespace returns the attributes of a process with a mount namespace of its own, which ends with the process, or what is
// missing for that.
func MountNamespace() (attributes *syscall.SysProcAttr, missing string) {
	if os.Getuid() != 0 {
		return nil, "only root may mount one"
	}
	return &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS}, ""
}

// MountDisk mounts a disk of the given size at dir.
func MountDisk(dir string, size int) error {
	return syscall.Mount("storagetest", dir, "tmpfs", 0, fmt.Sprintf("size=%d", size))
}
