package process

import (
	"bufio"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
)

// parentVariable makes TestChildrenEndWithTheirParent start a child and wait to be killed.
const parentVariable = "CLIENTELE_STORAGETEST_PARENT"

// A child process ends when its parent is killed, which can then not end it.
func TestChildrenEndWithTheirParent(t *testing.T) {
	if _, isChild := TaskOf(t); isChild {
		Print(journal.Record{Command: strconv.Itoa(os.Getpid())})
		select {}
	}
	if os.Getenv(parentVariable) != "" {
		c, err := Start(t, Task{}, nil)
		require.NoError(t, err)
		r, _ := c.Next()
		Print(r)
		select {}
	}
	t.Setenv(parentVariable, "1")
	parent := exec.CommandContext(t.Context(), os.Args[0], Arguments(t.Name())...)
	out, err := parent.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, parent.Start())
	r, found := (&Child{messages: bufio.NewReader(out)}).Next()
	require.True(t, found)
	pid, err := strconv.Atoi(r.Command)
	require.NoError(t, err)
	grandchild, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, grandchild.Signal(syscall.Signal(0)), "it runs")
	require.NoError(t, parent.Process.Kill())
	_ = parent.Wait()
	require.Eventually(t, func() bool { return grandchild.Signal(syscall.Signal(0)) != nil }, 10*time.Second, 5*time.Millisecond)
}
