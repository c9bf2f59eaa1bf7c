// Package process runs a part of a case in a child process, which can be killed.
package process

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/storagetest/internal/journal"
)

// childVariable is the environment variable with the Task of a child process: the test binary, executed again.
const childVariable = "CLIENTELE_STORAGETEST_CHILD"

// IsChild reports whether this process is a child.
func IsChild() bool { return os.Getenv(childVariable) != "" }

// Task makes a case do the part of a child process, in the case with the name Test.
type Task struct {
	Test    string
	Dir     string
	Process string // its name in the journal
}

// TaskOf returns the task of this process if it is a child that was started by the same case in another process. It then
// makes the process exit as soon as that one ends, however it ends: standard input is closed then.
func TaskOf(t *testing.T) (Task, bool) {
	t.Helper()
	encoded := os.Getenv(childVariable)
	if encoded == "" {
		return Task{}, false
	}
	var task Task
	require.NoError(t, json.Unmarshal([]byte(encoded), &task))
	require.Equal(t, task.Test, t.Name(), "the case that a child process runs")
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	return task, true
}

// Limit is how long a child process may run. It is long enough for whatever one does.
const Limit = 150 * time.Second

// Child is a process that runs the part of a child in the case that started it.
type Child struct {
	cmd      *exec.Cmd
	messages *bufio.Reader
	stdin    io.Closer
	printed  bytes.Buffer // lines on standard output that are no records
	stderr   bytes.Buffer // complete after Wait
}

// messagePrefix begins the lines on standard output that are records.
const messagePrefix = "storagetest: "

// Start executes the test binary again, with only this case selected and with the flags that the store's test defines.
// The process is killed at the end of the test, if it still runs.
func Start(t *testing.T, task Task, attributes *syscall.SysProcAttr) (*Child, error) {
	t.Helper()
	task.Test = t.Name()
	encoded, err := json.Marshal(task)
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	c := &Child{cmd: exec.CommandContext(t.Context(), program, Arguments(t.Name())...)}
	c.cmd.Env = append(os.Environ(), childVariable+"="+string(encoded))
	c.cmd.Stderr = &c.stderr
	c.cmd.SysProcAttr = attributes
	c.cmd.WaitDelay = time.Second // if a process that the store has started keeps the pipe open
	stdout, err := c.cmd.StdoutPipe()
	require.NoError(t, err)
	c.stdin, err = c.cmd.StdinPipe()
	require.NoError(t, err)
	c.messages = bufio.NewReader(stdout)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	t.Cleanup(c.End)
	return c, nil
}

// Arguments returns the arguments that make a test binary run exactly one test.
func Arguments(test string) []string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	arguments := []string{"-test.run=" + strings.Join(parts, "/"), "-test.timeout=" + Limit.String()}
	flag.Visit(func(f *flag.Flag) {
		if !strings.HasPrefix(f.Name, "test.") {
			arguments = append(arguments, "-"+f.Name+"="+f.Value.String())
		}
	})
	return append(arguments, flag.Args()...)
}

// Next returns the next record that the process has printed, or false after the last one. A line that the process had not
// completed when it was killed is none.
func (c *Child) Next() (journal.Record, bool) {
	for {
		line, err := c.messages.ReadBytes('\n')
		if err != nil {
			return journal.Record{}, false
		}
		var r journal.Record
		if message, found := bytes.CutPrefix(line, []byte(messagePrefix)); found && json.Unmarshal(message, &r) == nil {
			return r, true
		}
		c.printed.Write(line)
	}
}

// Opened waits until the process has opened the store. It fails the test if the process ends before.
func (c *Child) Opened(t *testing.T) {
	t.Helper()
	if _, found := c.Next(); !found {
		err := c.Wait()
		t.Fatalf("the child process has ended before it has opened the store: %v\n%s", err, c.Output())
	}
}

// Output returns what the process has printed apart from records. All records must have been read, and the process must
// have ended.
func (c *Child) Output() string { return strings.TrimSpace(c.printed.String() + c.stderr.String()) }

// Wait waits until the process has ended. All records must have been read.
func (c *Child) Wait() error { return c.cmd.Wait() }

// WasKilled reports whether the process was killed. On Windows, a test that fails looks the same.
func (c *Child) WasKilled() bool {
	return !c.cmd.ProcessState.Exited() || runtime.GOOS == "windows" && c.cmd.ProcessState.ExitCode() == 1
}

// Kill kills the process, and does not wait until it has ended.
func (c *Child) Kill() { _ = c.cmd.Process.Kill() } // it may have ended

// End kills the process and waits until it has ended. It does nothing if it has ended.
func (c *Child) End() {
	if c.cmd.ProcessState == nil {
		c.Kill()
		_ = c.cmd.Wait() // it was killed
	}
}

// Print prints a record for the parent, with one write, which is complete when it returns: what a process has reported
// cannot be lost when it is killed.
func Print(r journal.Record) {
	encoded, err := json.Marshal(r)
	if err == nil {
		_, err = os.Stdout.Write(slices.Concat([]byte("\n"+messagePrefix), encoded, []byte("\n")))
	}
	if err != nil {
		panic(err) // the parent has ended
	}
}
