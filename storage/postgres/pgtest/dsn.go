package pgtest

import (
	"cmp"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// WithDatabase returns the DSN of another database of the same server, with all settings of dsn. It has the form of keywords
// and values, to which further ones may be appended.
func WithDatabase(t testing.TB, dsn, database string) string {
	t.Helper()
	settings, err := keywords(dsn)
	if err != nil {
		t.Fatal(err)
	}
	return settings + " " + setting("dbname", database)
}

// keywords returns a DSN, which may be a URL, as keywords and values. If a keyword occurs twice, the last value counts.
func keywords(dsn string) (string, error) {
	if !strings.HasPrefix(dsn, "postgres://") && !strings.HasPrefix(dsn, "postgresql://") {
		return dsn, nil
	}
	u, err := url.Parse(dsn)
	if err != nil {
		return "", err
	}
	var hosts, ports []string
	for hostPort := range strings.SplitSeq(u.Host, ",") {
		server := url.URL{Host: hostPort}
		hosts, ports = append(hosts, server.Hostname()), append(ports, cmp.Or(server.Port(), "5432"))
	}
	password, _ := u.User.Password()
	var all []string
	for _, s := range [][2]string{
		{"host", strings.Join(hosts, ",")},
		{"port", strings.Join(ports, ",")},
		{"user", u.User.Username()},
		{"password", password},
		{"dbname", strings.TrimPrefix(u.Path, "/")},
	} {
		if s[1] != "" {
			all = append(all, setting(s[0], s[1]))
		}
	}
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		all = append(all, setting(name, query.Get(name)))
	}
	return strings.Join(all, " "), nil
}

func setting(name, value string) string {
	return name + "='" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(value) + "'"
}
