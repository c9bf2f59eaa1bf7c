package faults_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
)

// childEnv is the variable with the childTask of a process that runs one command.
const childEnv = "CLIENTELE_FAULTS_CHILD"

// childTask makes a child process run the command of a scenario and stop immediately before its nth statement.
type childTask struct {
	DSN, Name string
	Scenario  string
	Round, N  int
	IDs       []int64
}

// The messages that a child prints before it waits to be killed.
const (
	stoppedMessage = "stopped before: "
	doneMessage    = "done"
)

// child is the main function of the process that is killed. It exits when its parent does, which closes its standard input.
func child(encodedTask string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var task childTask
	if err := json.Unmarshal([]byte(encodedTask), &task); err != nil {
		fmt.Println(err)
		return 2
	}
	hook := &statementHook{}
	app, err := newApp(context.Background(), task.DSN, task.Name, 1, hook)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	hook.beforeStatement(task.N, func(_ *pgx.Conn, statement string) {
		fmt.Println(stoppedMessage + strings.Join(strings.Fields(statement), " "))
		select {}
	})
	if err := scenarioNamed(task.Scenario).run(context.Background(), app, task.Round, task.IDs); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(doneMessage)
	select {}
}

// runAndKill runs a child until it prints a message, kills it, and returns the message.
func runAndKill(t *testing.T, task childTask) string {
	t.Helper()
	encodedTask, err := json.Marshal(task)
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // in case it prints nothing
	defer cancel()
	process := exec.CommandContext(ctx, program)
	process.Env = append(os.Environ(), childEnv+"="+string(encodedTask))
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	message, err := bufio.NewReader(stdout).ReadString('\n')
	_ = process.Process.Kill() // fails if the process has ended: then err is not nil
	_ = process.Wait()         // it was killed
	require.NoError(t, err, "the child's output: %q", message)
	return strings.TrimSpace(message)
}
