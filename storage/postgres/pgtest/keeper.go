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

//go:embed keeper.sh
var keeperScript string

// keeper is the shell that keeps one server: it obeys words on its standard input, and ends, with all that it started,
// when that is closed, which the kernel does when this process ends in whatever way.
type keeper struct {
	dir string

	mu      sync.Mutex // one word at a time
	shell   *exec.Cmd
	words   io.WriteCloser
	answers *bufio.Reader
}

// newKeeper makes the directory and starts the shell, as a user who is not root.
func newKeeper(template, bin, settings string) (*keeper, error) {
	who, err := unprivileged()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "pgtest-")
	if err != nil {
		return nil, err
	}
	k := &keeper{dir: dir, shell: exec.Command("/bin/sh", "-c", keeperScript, "keeper.sh", template, dir, bin)}
	k.shell.Dir = dir
	k.shell.SysProcAttr = who.attributes()
	if err := k.open(who, fmt.Sprintf(settings, dir)); err != nil {
		_ = os.RemoveAll(dir) // there is no shell that would
		return nil, err
	}
	return k, nil
}

func (k *keeper) open(who *account, settings string) error {
	file := filepath.Join(k.dir, "settings")
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		return err
	}
	if err := who.own(k.dir, file); err != nil {
		return err
	}
	words, err := k.shell.StdinPipe()
	if err != nil {
		return err
	}
	answers, err := k.shell.StdoutPipe()
	if err != nil {
		return err
	}
	k.words, k.answers = words, bufio.NewReader(answers)
	return k.shell.Start()
}

// share puts the cluster that was made, if one was, where others will copy it from. Who is first wins.
func (k *keeper) share(template string) error {
	err := os.Rename(filepath.Join(k.dir, "template"), template)
	if _, missing := os.Lstat(template); missing != nil {
		return err
	}
	return nil
}

// do says one word and waits until it is done.
func (k *keeper) do(words ...string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if _, err := fmt.Fprintln(k.words, strings.Join(words, " ")); err != nil {
		return fmt.Errorf("pgtest: the keeper of %s is gone: %w", k.dir, err)
	}
	answer, err := k.answers.ReadString('\n')
	if err != nil {
		return fmt.Errorf("pgtest: the keeper of %s is gone: %w", k.dir, err)
	}
	if answer != "0\n" {
		return fmt.Errorf("pgtest: %s failed:\n%s", strings.Join(words, " "), k.logs())
	}
	return nil
}

// logs answers what the programs said.
func (k *keeper) logs() string {
	var all strings.Builder
	for _, name := range []string{"initdb.log", "start.log", "run.log", "log"} {
		text, _ := os.ReadFile(filepath.Join(k.dir, name)) // most are not there
		all.Write(text)
	}
	return all.String()
}

// close ends the shell and waits until everything is stopped and deleted.
func (k *keeper) close() {
	_ = k.words.Close()
	_ = k.shell.Wait() // how it ended does not matter any more
}
