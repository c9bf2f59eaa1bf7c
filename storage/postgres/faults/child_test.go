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

// childVariable tells a process of this test's binary that it is to give one command, and which.
const childVariable = "CLIENTELE_FAULTS_CHILD"

// order is what a child does: the command of a scene, and then, right before its nth statement, nothing any more.
type order struct {
	DSN, Name string
	Scene     string
	Round, N  int
	IDs       []int64
}

// What a child says before it waits to be killed.
const (
	saidStopped = "stopped before: "
	saidDone    = "done"
)

// child is the process that is killed. It ends by itself when its parent does, which closes its standard input.
func child(text string) int {
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(3)
	}()
	var o order
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		fmt.Println(err)
		return 2
	}
	g := &gate{}
	h, err := newHost(context.Background(), o.DSN, o.Name, 1, g)
	if err != nil {
		fmt.Println(err)
		return 2
	}
	g.before(o.N, func(_ *pgx.Conn, statement string) {
		fmt.Println(saidStopped + strings.Join(strings.Fields(statement), " "))
		select {}
	})
	if err := sceneNamed(o.Scene).run(context.Background(), h, o.Round, o.IDs); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(saidDone)
	select {}
}

// killed runs a child until it says something, kills it, and answers what it said.
func killed(t *testing.T, o order) string {
	t.Helper()
	text, err := json.Marshal(o)
	require.NoError(t, err)
	program, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second) // if it says nothing
	defer cancel()
	process := exec.CommandContext(ctx, program)
	process.Env = append(os.Environ(), childVariable+"="+string(text))
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	require.NoError(t, err)
	defer func() { _ = stdin.Close() }()
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	said, err := bufio.NewReader(stdout).ReadString('\n')
	_ = process.Process.Kill() // fails if it has ended, which err tells already
	_ = process.Wait()         // it was killed
	require.NoError(t, err, "the child said %q", said)
	return strings.TrimSpace(said)
}
