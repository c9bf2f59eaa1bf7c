package pgtest

import (
	"net/url"
	"strings"
	"testing"
)

// WithDatabase returns the DSN of another database of the same server, with all settings of dsn.
func WithDatabase(t testing.TB, dsn, database string) string {
	t.Helper()
	return WithSetting(t, dsn, "dbname", database)
}

// WithSetting returns dsn, which may be a URL, with another value of a setting, such as "port".
func WithSetting(t testing.TB, dsn, name, value string) string {
	t.Helper()
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		// If a keyword occurs twice, the last value counts.
		return dsn + " " + name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
	}
	u, err := url.Parse(dsn)
	if err != nil {
		t.Fatal(err)
	}
	settings := u.Query()
	settings.Set(name, value)
	u.RawQuery = strings.ReplaceAll(settings.Encode(), "+", "%20") // as libpq, pgx reads a + as it is
	return u.String()
}
