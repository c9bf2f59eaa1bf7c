package main

import (
	"bytes"
	"flag"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

func golden(t *testing.T) string {
	t.Helper()
	content, err := os.ReadFile("testdata/output.txt")
	require.NoError(t, err)
	return string(content)
}

// The program prints testdata/output.txt.
func TestOutput(t *testing.T) {
	defer goleak.VerifyNone(t)
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), nil, &out))
	assert.Equal(t, golden(t), out.String())
}

// The output is the same on PostgreSQL, in an empty database and in a second run.
func TestOutputOnPostgreSQL(t *testing.T) {
	dsn := pgtest.Shared(t).Database(t)
	defer goleak.VerifyNone(t)
	for range 2 {
		var out bytes.Buffer
		require.NoError(t, run(t.Context(), []string{"-dsn", dsn}, &out))
		assert.Equal(t, golden(t), out.String())
	}
}

// No response contains a note or a message. The owner sees the messages, and the operator both.
func TestNoResponseHasANoteOrAMessage(t *testing.T) {
	responses := 0
	for line := range strings.Lines(golden(t)) {
		if !regexp.MustCompile(`^ +(200|404|503)  `).MatchString(line) {
			continue
		}
		responses++
		for _, secret := range secrets {
			assert.NotContains(t, line, secret)
		}
	}
	assert.Equal(t, 21, responses)
	for _, secret := range secrets {
		assert.Contains(t, golden(t), secret, "otherwise the check above cannot fail")
	}
	for _, text := range []string{unpaid.Message, unpaid.Note, spam.Message, spam.Note, moving.Message, moving.Note} {
		assert.Regexp(t, strings.Join(secrets, "|"), text)
	}
}

// No line is wider than a terminal of 80 columns.
func TestOutputFitsATerminal(t *testing.T) {
	for line := range strings.Lines(golden(t)) {
		assert.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSuffix(line, "\n")), 80, line)
	}
}

func TestInvalidArguments(t *testing.T) {
	var help bytes.Buffer
	require.ErrorIs(t, run(t.Context(), []string{"-h"}, &help), flag.ErrHelp)
	assert.Contains(t, help.String(), "-dsn PostgreSQL")
	require.ErrorContains(t, run(t.Context(), []string{"serve"}, io.Discard), `unexpected argument "serve"`)
	for _, dsn := range []string{"postgres://127.0.0.1:nowhere", "host=/nowhere user=nobody"} {
		require.Error(t, run(t.Context(), []string{"-dsn", dsn}, io.Discard))
	}
}
