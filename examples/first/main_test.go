package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The program prints testdata/output.txt.
func TestOutput(t *testing.T) {
	want, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	got, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	stdout := os.Stdout
	os.Stdout = got
	main()
	os.Stdout = stdout
	require.NoError(t, got.Close())
	printed, err := os.ReadFile(got.Name())
	require.NoError(t, err)
	assert.Equal(t, string(want), string(printed))
}

// The README must begin with this program.
func TestREADMEShowsTheProgram(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	require.NoError(t, err)
	program, err := os.ReadFile("main.go")
	require.NoError(t, err)
	before, rest, found := strings.Cut(string(readme), "```go\n")
	require.True(t, found)
	shown, _, _ := strings.Cut(rest, "```")
	assert.Equal(t, string(program), shown)
	assert.LessOrEqual(t, strings.Count(before+shown, "\n")+1, 26, "the line of the README at which the program ends")
}

// endOfLiteral matches a line, also in a comment, that begins with a brace.
var endOfLiteral = regexp.MustCompile(`\n[/\t ]*\}`)

// Every server in the README, in examples and in documentation has timeouts, because programs are copied from there.
func TestServersHaveTimeouts(t *testing.T) {
	servers := 0
	require.NoError(t, filepath.WalkDir("../..", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".go" && filepath.Ext(path) != ".md" || path == filepath.Join("..", "..", "CHANGELOG.md") {
			return err
		}
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		_, rest, found := strings.Cut(string(source), "&http.Server{")
		for ; found; _, rest, found = strings.Cut(rest, "&http.Server{") {
			if strings.HasPrefix(rest, `"`) { // in this test
				continue
			}
			servers++
			literal := endOfLiteral.Split(rest, 2)[0]
			for _, field := range []string{"ReadHeaderTimeout:", "ReadTimeout:", "IdleTimeout:", "MaxHeaderBytes:"} {
				assert.Contains(t, literal, field, path)
			}
		}
		assert.NotContains(t, strings.ReplaceAll(string(source), `"http.ListenAndServe`, ""), "http.ListenAndServe"+"(", path)
		return nil
	}))
	assert.GreaterOrEqual(t, servers, 6)
}
