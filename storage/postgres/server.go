package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun/dialect"
)

// oldestServer is the first version of PostgreSQL on which all statements run, as server_version_num tells it.
const oldestServer = 130_000

// serverRow is what a server, a database and a connection say of themselves.
type serverRow struct {
	Version                                                                          int
	StandardConformingStrings, DateStyle, ServerEncoding, ClientEncoding, ArrayNulls string
}

// check refuses a database on which the store would not work, or not be safe.
func (r runner) check(ctx context.Context) error {
	if r.db.Dialect().Name() != dialect.PG {
		return errors.New("clientele: the bun.DB must be made with pgdialect.New()")
	}
	var server serverRow
	if f := r.query(ctx, &server, `
SELECT current_setting('server_version_num')::integer AS version,
    current_setting('standard_conforming_strings') AS standard_conforming_strings,
    split_part(current_setting('DateStyle'), ',', 1) AS date_style,
    current_setting('server_encoding') AS server_encoding,
    current_setting('client_encoding') AS client_encoding,
    current_setting('array_nulls') AS array_nulls`); f != nil {
		return f
	}
	return server.refusal()
}

// refusal answers an error that says what to do about a server that will not do.
func (s serverRow) refusal() error {
	if s.Version < oldestServer {
		return fmt.Errorf("clientele: the server is PostgreSQL %d: upgrade it to %d or later",
			s.Version/10_000, oldestServer/10_000)
	}
	if s.ServerEncoding != "UTF8" {
		return fmt.Errorf("clientele: the database's encoding is %s, which cannot hold every text: "+
			"create one with ENCODING 'UTF8' TEMPLATE template0", s.ServerEncoding)
	}
	for _, setting := range []struct{ name, is, wanted, because string }{
		{"standard_conforming_strings", s.StandardConformingStrings, "on", "lets text be read as SQL"},
		{"DateStyle", s.DateStyle, "ISO", "writes times that drivers do not read"},
		{"client_encoding", s.ClientEncoding, "UTF8", "changes texts on their way"},
		{"array_nulls", s.ArrayNulls, "on", "reads what is absent as a text"},
	} {
		if setting.is != setting.wanted {
			return fmt.Errorf("clientele: %s is %s, which %s: set it to %s, where the connection's, the role's, "+
				"the database's or the server's settings change it", setting.name, setting.is, setting.because, setting.wanted)
		}
	}
	return nil
}
