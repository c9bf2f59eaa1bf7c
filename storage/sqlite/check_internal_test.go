package sqlite

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// What the tested driver cannot show: other versions of SQLite, and those without FTS5.
func TestUnsupportedVersions(t *testing.T) {
	good := settingsRow{
		version: "3.44.0", encoding: "UTF-8", journal: "wal", locking: "normal", path: "/clientele.db", synchronous: 2, fts5: 1,
	}
	require.NoError(t, good.validate())
	for version, supported := range map[string]bool{"3.43.2": false, "2.99.0": false, "": false, "x": false, "3.100.1": true, "4.0.0": true} {
		r := good
		r.version = version
		if supported {
			require.NoError(t, r.validate(), version)
			continue
		}
		require.ErrorContains(t, r.validate(), "use a driver with 3.44 or later", version)
	}
	good.fts5 = 0
	require.ErrorContains(t, good.validate(), "lacks FTS5")
}
