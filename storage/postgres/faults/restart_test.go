package faults_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// Eight writers and a follower continue after restarts of the server.
func TestServerRestartsUnderLoad(t *testing.T) {
	server := pgtest.Start(t, "")
	app := openApp(t, newDatabase(t, server), writerCount+2, nil)
	w, l := startFollower(t, app), startLoad(t, app)
	for _, mode := range []string{"immediate", "fast"} {
		l.waitForMore(t, acknowledged, 100)
		server.Stop(t, mode)
		l.waitForMore(t, unavailable, 2*writerCount)
		server.Start(t)
	}
	l.waitForMore(t, acknowledged, 100)
	w.check(t, l.check(t).events)
	require.Positive(t, l.counts[unavailable].Load())
}
