package postgres

import (
	"context"
	"errors"
	"fmt"

	"github.com/uptrace/bun/dialect"
)

// oldestServer is the first version of PostgreSQL on which all statements run, as server_version_num tells it.
const oldestServer = 130_000

// serverRow is what a server says of itself.
type serverRow struct {
	Version  int
	Conforms bool // standard_conforming_strings
	ISO      bool // DateStyle
}

// check refuses a database on which the store would not work, or not be safe.
func (r runner) check(ctx context.Context) error {
	if r.db.Dialect().Name() != dialect.PG {
		return errors.New("clientele: the bun.DB must be made with pgdialect.New()")
	}
	var server serverRow
	if f := r.query(ctx, &server, `
SELECT current_setting('server_version_num')::integer AS version,
    current_setting('standard_conforming_strings') = 'on' AS conforms,
    current_setting('DateStyle') LIKE 'ISO%' AS iso`); f != nil {
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
	if !s.Conforms {
		return errors.New("clientele: standard_conforming_strings is off, which lets text be read as SQL: " +
			"set it to on, where the server's, the database's or the role's settings turn it off")
	}
	if !s.ISO {
		return errors.New("clientele: DateStyle is not ISO, and drivers read no times in another: " +
			"set it to ISO, where the server's, the database's or the role's settings change it")
	}
	return nil
}
