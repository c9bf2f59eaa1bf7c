package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun/dialect"
)

// minServerVersion is the first version of PostgreSQL on which all statements run, in the form of server_version_num.
const minServerVersion = 130_000

// serverRow has the version and the settings of a server, a database and a connection.
type serverRow struct {
	Version                                                                          int
	StandardConformingStrings, DateStyle, ServerEncoding, ClientEncoding, ArrayNulls string
}

// check returns an error if the store would not work with the database, or not be safe.
func (r runner) check(ctx context.Context) error {
	if r.db.Dialect().Name() != dialect.PG {
		return errors.New("clientele: the bun.DB must be created with pgdialect.New()")
	}
	var server serverRow
	if e := r.query(ctx, &server, `
SELECT current_setting('server_version_num')::integer AS version,
    current_setting('standard_conforming_strings') AS standard_conforming_strings,
    split_part(current_setting('DateStyle'), ',', 1) AS date_style,
    current_setting('server_encoding') AS server_encoding,
    current_setting('client_encoding') AS client_encoding,
    current_setting('array_nulls') AS array_nulls`); e != nil {
		return e
	}
	return server.validate()
}

// validate returns an error that says what to do if the server, the database or the connection is not supported.
func (s serverRow) validate() error {
	if s.Version < minServerVersion {
		return fmt.Errorf("clientele: unsupported PostgreSQL %d: upgrade the server to %d or later",
			s.Version/10_000, minServerVersion/10_000)
	}
	if s.ServerEncoding != "UTF8" { // others cannot store every text
		return fmt.Errorf("clientele: unsupported database encoding %s: "+
			"create the database with ENCODING 'UTF8' TEMPLATE template0", s.ServerEncoding)
	}
	for _, setting := range []struct{ name, value, required string }{
		{"standard_conforming_strings", s.StandardConformingStrings, "on"}, // off: text may be read as SQL
		{"DateStyle", s.DateStyle, "ISO"},                                  // others: drivers cannot parse times
		{"client_encoding", s.ClientEncoding, "UTF8"},                      // others: texts are converted
		{"array_nulls", s.ArrayNulls, "on"},                                // off: NULL in an array is read as a text
	} {
		if setting.value != setting.required {
			return fmt.Errorf("clientele: unsupported setting %s = %s: must be %s (set it for the connection, role, database or server)",
				setting.name, setting.value, setting.required)
		}
	}
	return nil
}
