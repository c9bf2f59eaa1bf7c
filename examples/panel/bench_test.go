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

	"github.com/clientele-go/clientele/examples/internal/database"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
)

// BenchmarkListPage compares how long the list of customers takes with 50 and with 50,000 customers in PostgreSQL,
// requesting them in turn, and reports the ratio of the two medians:
//
//	go test ./examples/panel -run '^$' -bench ListPage -benchtime 300x
func BenchmarkListPage(b *testing.B) {
	getSmall, getLarge := newListClient(b, "50"), newListClient(b, "50000")
	for _, page := range []struct{ name, path string }{
		{"newest first", "/customers"},
		{"by name", "/customers?sort=name&dir=asc"},
		{"a search that matches all", "/customers?q=customer"},
	} {
		b.Run(page.name, func(b *testing.B) {
			var small, large []time.Duration
			for b.Loop() {
				small, large = append(small, getSmall(b, page.path)), append(large, getLarge(b, page.path))
			}
			b.ReportMetric(0, "ns/op") // the time of both together is of no use
			b.ReportMetric(float64(median(small).Microseconds())/1000, "ms/with-50")
			b.ReportMetric(float64(median(large).Microseconds())/1000, "ms/with-50000")
			b.ReportMetric(float64(median(large))/float64(median(small)), "ratio")
		})
	}
}

func median(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}

// newListClient fills a database with n customers. It returns a function that requests a page of the panel as an operator
// and returns how long it took.
func newListClient(b *testing.B, n string) func(b *testing.B, path string) time.Duration {
	b.Helper()
	dsn := pgtest.Shared(b).Database(b)
	conn, err := pgx.Connect(b.Context(), dsn)
	require.NoError(b, err)
	_, err = conn.Exec(b.Context(), "CREATE EXTENSION pg_trgm")
	require.NoError(b, err)
	store, closeStore, err := database.Open(b.Context(), dsn)
	require.NoError(b, err)
	b.Cleanup(closeStore)
	seed, err := os.ReadFile("../../storage/postgres/testdata/seed.sql")
	require.NoError(b, err)
	for _, statements := range []string{strings.ReplaceAll(string(seed), "50000", n), "VACUUM ANALYZE"} {
		_, err = conn.Exec(b.Context(), statements)
		require.NoError(b, err)
	}
	require.NoError(b, conn.Close(b.Context()))

	a, err := newApp(b.Context(), store, settings{
		host: "localhost", db: dsn, empty: true, operator: operatorName, password: operatorPassword,
	}, slog.New(slog.DiscardHandler))
	require.NoError(b, err)
	server := httptest.NewServer(a.handler)
	b.Cleanup(server.Close)
	jar, err := cookiejar.New(nil)
	require.NoError(b, err)
	client := &http.Client{Jar: jar}
	_, err = client.PostForm(server.URL+"/operator", url.Values{"login": {operatorName}, "password": {operatorPassword}})
	require.NoError(b, err)
	return func(b *testing.B, path string) time.Duration {
		b.Helper()
		start := time.Now()
		resp, err := client.Get(server.URL + path)
		require.NoError(b, err)
		defer resp.Body.Close()
		page, err := io.ReadAll(resp.Body)
		require.NoError(b, err)
		took := time.Since(start)
		require.Equal(b, 51, strings.Count(string(page), "<tr>"), "50 rows and the header")
		return took
	}
}
