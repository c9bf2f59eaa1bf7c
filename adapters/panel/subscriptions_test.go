package panel

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/subscriptions"
)

func location(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	require.NoError(t, err)
	return loc
}

// A day ends at 23:59:59 by the clocks of the zone, wherever these are set forward or back at midnight.
func TestEndOfDay(t *testing.T) {
	for _, c := range []struct{ zone, day, end string }{
		{"UTC", "2026-03-01", "2026-03-01T23:59:59Z"},
		{"Europe/Rome", "2026-03-28", "2026-03-28T23:59:59+01:00"},
		{"Europe/Rome", "2026-03-29", "2026-03-29T23:59:59+02:00"},
		{"America/Asuncion", "2023-09-30", "2023-09-30T23:59:59-04:00"},     // the next day began at 1:00
		{"Africa/Cairo", "2024-04-25", "2024-04-25T23:59:59+02:00"},         // so it did here
		{"Asia/Beirut", "2024-03-30", "2024-03-30T23:59:59+02:00"},          // and here
		{"America/Havana", "2024-03-09", "2024-03-09T23:59:59-05:00"},       // and here
		{"America/Santiago", "2024-09-07", "2024-09-07T23:59:59-04:00"},     // and here
		{"America/Asuncion", "2024-03-23", "2024-03-23T23:59:59-04:00"},     // 23:00 to 24:00 came twice
		{"Africa/Cairo", "2024-10-31", "2024-10-31T23:59:59+02:00"},         // so it did here
		{"Asia/Beirut", "2024-10-26", "2024-10-26T23:59:59+02:00"},          // and here
		{"America/Santiago", "2024-04-06", "2024-04-06T23:59:59-04:00"},     // and here
		{"America/Havana", "2024-11-02", "2024-11-02T23:59:59-04:00"},       // the next day had 0:00 to 1:00 twice
		{"America/St_Johns", "2010-11-06", "2010-11-06T23:59:59-03:30"},     // set back to it a minute after its end
		{"America/Scoresbysund", "2025-03-29", "2025-03-29T22:59:59-02:00"}, // its last hour was skipped
		{"Pacific/Apia", "2011-12-29", "2011-12-29T23:59:59-10:00"},
		{"Pacific/Apia", "2011-12-30", "2011-12-29T23:59:59-10:00"}, // skipped as a whole
		{"Pacific/Apia", "2011-12-31", "2011-12-31T23:59:59+14:00"},
		{"Pacific/Kiritimati", "1994-12-30", "1994-12-30T23:59:59-10:00"},
	} {
		day, err := time.Parse(time.DateOnly, c.day)
		require.NoError(t, err)
		assert.Equal(t, c.end, endOfDay(day, location(t, c.zone)).Format(time.RFC3339), "%s in %s", c.day, c.zone)
	}
	far := time.FixedZone("", 100*3600)
	assert.Equal(t, time.Date(2026, 3, 1, 23, 59, 59, 0, far), endOfDay(time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), far))
}

// For every day of 60 years, the end is on that day, no later second is, and it is 23:59:59 unless the clocks jump right after.
func TestEndsOfManyDays(t *testing.T) {
	for _, zone := range []string{
		"America/Asuncion", "Africa/Cairo", "America/Santiago", "Asia/Beirut", "America/Havana", "Pacific/Apia", "America/St_Johns",
		"America/Scoresbysund", "America/Nuuk", "America/Sao_Paulo", "Asia/Amman", "Asia/Gaza", "Asia/Tehran", "Atlantic/Azores",
		"Australia/Lord_Howe", "Africa/Monrovia", "Pacific/Kiritimati", "Asia/Kathmandu", "Europe/Rome",
	} {
		loc := location(t, zone)
		for day := time.Date(1970, 1, 2, 0, 0, 0, 0, time.UTC); day.Year() < 2030; day = day.AddDate(0, 0, 1) {
			date := day.Format(time.DateOnly)
			end := endOfDay(day, loc)
			if got := end.Format(time.DateOnly); got != date {
				require.Less(t, got, date, zone)
				require.Greater(t, end.Add(time.Second).Format(time.DateOnly), date, "%s is no day in %s", date, zone)
				continue
			}
			for _, later := range []time.Duration{time.Second, time.Minute, 29 * time.Minute, 31 * time.Minute, time.Hour, 2 * time.Hour, 25 * time.Hour} {
				require.Greater(t, end.Add(later).Format(time.DateOnly), date, "%s later than %s in %s", later, end, zone)
			}
			_, before := end.Zone()
			_, after := end.Add(time.Second).Zone()
			if end.Format(time.TimeOnly) != "23:59:59" {
				require.NotEqual(t, before, after, "%s in %s", end, zone)
			}
		}
	}
}

// An expiry that is entered as a day ends with that day, and the form shows the same day again.
func TestExpiryIsADay(t *testing.T) {
	for _, c := range []struct{ zone, day, end string }{
		{"America/Asuncion", "2023-09-30", "2023-10-01T03:59:59Z"},
		{"America/Asuncion", "2024-03-23", "2024-03-24T03:59:59Z"},
		{"America/Scoresbysund", "2025-03-29", "2025-03-30T00:59:59Z"},
		{"Europe/Rome", "2030-12-31", "2030-12-31T22:59:59Z"},
	} {
		e := newEnv(t, func(opts *Options) { opts.Location = location(t, c.zone) })
		b := e.signInOperator()
		added := b.post("/subscriptions/new", "customer", formatID(e.mario.ID), "name", "Shop", "expiresAt", " \u200e"+c.day)
		require.Equal(t, http.StatusSeeOther, added.StatusCode, added.body)
		page, err := e.clients.Subscriptions().List(t.Context(), subscriptions.Query{AccountID: &e.mario.ID, Search: "Shop"})
		require.NoError(t, err)
		s := page.Items[0]
		assert.Equal(t, c.end, s.ExpiresAt.Format(time.RFC3339))

		path := "/subscriptions/" + formatID(s.ID) + "/edit"
		form := b.get(path)
		shown := attribute(findInput(t, form, "expiresAt"), "value")
		saved := b.send(http.MethodPost, path, setValues(hiddenFields(t, form, path), "name", "Shop", "expiresAt", shown))
		require.Equal(t, http.StatusSeeOther, saved.StatusCode, saved.body)
		again, err := e.clients.Subscriptions().Get(t.Context(), s.ID)
		require.NoError(t, err)
		assert.Equal(t, c.day, shown)
		assert.Equal(t, s.ExpiresAt, again.ExpiresAt)
	}
}

// Days that are no dates, and years that the library does not store, are errors of the input.
func TestInvalidExpiry(t *testing.T) {
	e := newEnv(t, nil)
	b := e.signInOperator()
	for _, day := range []string{"2026-02-30", "tomorrow", "1969-12-31", "0001-01-01", "9999-12-31", "20000-01-01"} {
		got := b.post("/subscriptions/new", "customer", formatID(e.mario.ID), "name", "Shop", "expiresAt", day)
		require.Equal(t, http.StatusUnprocessableEntity, got.StatusCode, day)
		assert.Equal(t, "true", attribute(findInput(t, got, "expiresAt"), "aria-invalid"), day)
		assert.Equal(t, day, attribute(findInput(t, got, "expiresAt"), "value"))
	}
}
