package pgtest

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

//go:embed supervisor.sh
var supervisorScript string

// supervisor is a shell that runs one server. It executes the commands on its standard input. When that is closed, which the
// kernel does however this process ends, the shell stops everything that it has started, and exits.
type supervisor struct {
	dir string

	mu       sync.Mutex // one command at a time
	shell    *exec.Cmd
	commands io.WriteCloser
	results  *bufio.Reader
}

// newSupervisor creates the directory and starts the shell, as a user other than root.
func newSupervisor(template, bin, settings string) (*supervisor, error) {
	user, err := unprivilegedUser()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	s := &supervisor{dir: dir, shell: exec.Command("/bin/sh", "-c", supervisorScript, "supervisor.sh", template, dir, bin)}
	s.shell.Dir = dir
	s.shell.SysProcAttr = user.sysProcAttr()
	if err := s.start(user, fmt.Sprintf(settings, dir)); err != nil {
		_ = os.RemoveAll(dir) // the shell, which would remove it, is not running
		return nil, err
	}
	return s, nil
}

func (s *supervisor) start(user *osUser, settings string) error {
	file := filepath.Join(s.dir, "settings")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return err
	}
	if err := user.chown(s.dir, file); err != nil {
		return err
	}
	stdin, err := s.shell.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := s.shell.StdoutPipe()
	if err != nil {
		return err
	}
	s.commands, s.results = stdin, bufio.NewReader(stdout)
	return s.shell.Start()
}

// installTemplate moves the cluster that was created, if one was, to the path from which other servers copy it. If several
// processes do so, the first one wins.
func (s *supervisor) installTemplate(template string) error {
	err := os.Rename(filepath.Join(s.dir, "template"), template)
	if _, missing := os.Lstat(template); missing != nil {
		return err
	}
	return nil
}

// run runs one command and waits until it is done.
func (s *supervisor) run(command ...string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := fmt.Fprintln(s.commands, strings.Join(command, " ")); err != nil {
		return fmt.Errorf("pgtest: the supervisor of %s has exited: %w", s.dir, err)
	}
	result, err := s.results.ReadString('\n')
	if err != nil {
		return fmt.Errorf("pgtest: the supervisor of %s has exited: %w", s.dir, err)
	}
	if result != "0\n" {
		return fmt.Errorf("pgtest: %s failed:\n%s", strings.Join(command, " "), s.logs())
	}
	return nil
}

// logs returns the output of the programs.
func (s *supervisor) logs() string {
	var all strings.Builder
	for _, name := range []string{"initdb.log", "start.log", "run.log", "log"} {
		text, _ := os.ReadFile(filepath.Join(s.dir, name)) // most do not exist
		all.Write(text)
	}
	return all.String()
}

// close ends the shell and waits until it has stopped and deleted everything.
func (s *supervisor) close() {
	_ = s.commands.Close()
	_ = s.shell.Wait() // its exit code does not matter
}
