package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// BenchmarkListPage compares how long the list of customers takes with 50,000 of them in PostgreSQL and with 50, both
// answered in turns, and reports the ratio of the two medians:
//
//	go test ./examples/panel -run '^$' -bench ListPage -benchtime 300x
func BenchmarkListPage(b *testing.B) {
	few, many := customersInPostgreSQL(b, "50"), customersInPostgreSQL(b, "50000")
	for _, page := range []struct{ name, path string }{
		{"newest first", "/customers"},
		{"by name", "/customers?sort=name&dir=asc"},
		{"a search that all match", "/customers?q=customer"},
	} {
		b.Run(page.name, func(b *testing.B) {
			var ofFew, ofMany []time.Duration
			for b.Loop() {
				ofFew, ofMany = append(ofFew, few(b, page.path)), append(ofMany, many(b, page.path))
			}
			b.ReportMetric(0, "ns/op") // of both together says nothing
			b.ReportMetric(float64(median(ofFew).Microseconds())/1000, "ms/with-50")
			b.ReportMetric(float64(median(ofMany).Microseconds())/1000, "ms/with-50000")
			b.ReportMetric(float64(median(ofMany))/float64(median(ofFew)), "ratio")
		})
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// customersInPostgreSQL answers a function that asks a panel with so many customers for a page, as an operator's browser
// does, and says how long it took.
func customersInPostgreSQL(b *testing.B, number string) func(b *testing.B, path string) time.Duration {
	b.Helper()
	dsn := pgtest.Shared(b).Database(b)
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), "CREATE EXTENSION pg_trgm")
	require.NoError(b, err)
	store, closeStore, err := openStore(b.Context(), dsn)
	require.NoError(b, err)
	b.Cleanup(closeStore)
	seed, err := os.ReadFile("../../storage/postgres/testdata/seed.sql")
	require.NoError(b, err)
	for _, statements := range []string{strings.ReplaceAll(string(seed), "50000", number), "VACUUM ANALYZE"} {
		_, err = conn.Exec(b.Context(), statements)
		require.NoError(b, err)
	}
	require.NoError(b, conn.Close(b.Context()))

	h, err := newHost(b.Context(), store, settings{
		host: "localhost", dsn: dsn, empty: true, operator: operatorName, password: operatorPassword,
	}, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	server := httptest.NewServer(h.handler)
	b.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	client := &http.Client{Jar: jar}
	_, err = client.PostForm(server.URL+"/operator", url.Values{"login": {operatorName}, "password": {operatorPassword}})
	require.NoError(b, err)
	return func(b *testing.B, path string) time.Duration {
		b.Helper()
		began := time.Now()
		got, err := client.Get(server.URL + path)
		require.NoError(b, err)
		defer got.Body.Close()
		page, err := io.ReadAll(got.Body)
		require.NoError(b, err)
		took := time.Since(began)
		require.Equal(b, 51, strings.Count(string(page), "<tr>"), "the rows, and the head")
		return took
	}
}
