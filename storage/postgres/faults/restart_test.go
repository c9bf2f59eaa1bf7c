package faults_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// Eight writers and a follower go on through restarts of the server.
func TestTheServerIsStoppedAndStartedUnderLoad(t *testing.T) {
	server := pgtest.Start(t, "")
	h := openHost(t, migrated(t, server), manyWriters+2, nil)
	w, l := startFollower(t, h), startLoad(t, h)
	for _, mode := range []string{"immediate", "fast"} {
		l.more(t, acknowledged, 100)
		server.Stop(t, mode)
		l.more(t, unavailable, 2*manyWriters)
		server.Start(t)
	}
	l.more(t, acknowledged, 100)
	w.check(t, l.check(t).events)
	require.Positive(t, l.told[unavailable].Load())
}
