// Package stored has what stores that keep rows in SQL tables share: the columns that they derive from the domain's values,
// in the form in which they are stored.
package stored

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/subscriptions"
)

// ReverseLabels returns name with its labels from the last to the first, so that all names below a name are one range.
func ReverseLabels(name string) string {
	labels := strings.Split(name, ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".")
}

// MarshalMap returns m, which is not empty, as a JSON object. Most maps are so small and plain that the reflection of
// encoding/json would take longer than everything else.
func MarshalMap(m map[string]string) string {
	b := []byte{'{'}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		b = appendJSON(b, key)
		b = append(b, ':')
		b = append(appendJSON(b, m[key]), ',')
	}
	b[len(b)-1] = '}'
	return string(b)
}

func appendJSON(b []byte, text string) []byte {
	plain := func(c rune) bool { return c >= ' ' && c < 0x7f && c != '"' && c != '\\' }
	if strings.IndexFunc(text, func(c rune) bool { return !plain(c) }) < 0 {
		b = append(b, '"')
		b = append(b, text...)
		return append(b, '"')
	}
	encoded, _ := json.Marshal(text) // never fails for a string
	return append(b, encoded...)
}

// AfterPrefix returns the first text after all that begin with prefix, in the order of code points, or "" if there is none.
func AfterPrefix(prefix string) string {
	for prefix != "" {
		last, size := utf8.DecodeLastRuneInString(prefix)
		prefix = prefix[:len(prefix)-size]
		switch {
		case last == utf8.MaxRune:
			continue
		case last == surrogateMin-1:
			return prefix + string(rune(surrogateMax+1))
		default:
			return prefix + string(last+1)
		}
	}
	return ""
}

// The code points between these are no characters.
const (
	surrogateMin = 0xd800
	surrogateMax = 0xdfff
)

// Subscription is a row of subscriptions with what is derived.
type Subscription struct {
	subscriptions.Record
	DueAt time.Time // its expiry, unless it has the hold "expired"; zero: never
}

// Subscriptions returns the rows of all, some of the subscriptions that w writes.
func Subscriptions(w accounts.Writes, all []subscriptions.Record) []Subscription {
	if len(all) == 0 {
		return nil
	}
	changes := w.ExpiryHolds()
	rows := make([]Subscription, len(all))
	for i, r := range all {
		rows[i] = Subscription{Record: r, DueAt: r.DueAt()}
		switch expired, changed := changes[r.ID]; {
		case changed && expired:
			rows[i].DueAt = time.Time{}
		case changed:
			rows[i].DueAt = r.ExpiresAt
		}
	}
	return rows
}

// FilterDetails returns the details that the event loses when its subject is removed, or those that it keeps; nil if there
// are none.
func FilterDetails(e subscriptions.Event, redacted bool) map[string]string {
	var filtered map[string]string
	for key, value := range e.Details {
		if e.Type.Redacts(key) == redacted {
			if filtered == nil {
				filtered = make(map[string]string, len(e.Details))
			}
			filtered[key] = value
		}
	}
	return filtered
}

// WithoutRemovedTexts returns the events of w, without the texts of those whose subject is removed.
func WithoutRemovedTexts(w accounts.Writes) []subscriptions.Event {
	if len(w.RemoveAccounts)+len(w.RemoveSubscriptions)+len(w.RemoveDomains) == 0 || !slices.ContainsFunc(w.Events, hasTexts) {
		return w.Events
	}
	type subject struct {
		level subscriptions.Level
		id    int64
	}
	removed := map[subject]bool{}
	for _, id := range w.RemoveAccounts {
		removed[subject{subscriptions.LevelAccount, int64(id)}] = true
	}
	for _, id := range w.RemoveSubscriptions {
		removed[subject{subscriptions.LevelSubscription, int64(id)}] = true
	}
	for _, id := range w.RemoveDomains {
		removed[subject{subscriptions.LevelDomain, int64(id)}] = true
	}
	events := slices.Clone(w.Events)
	for i, e := range events {
		if level, id := e.Subject(); removed[subject{level, id}] {
			events[i].Details = FilterDetails(e, false)
		}
	}
	return events
}

// hasTexts reports whether the event has details that it loses when its subject is removed.
func hasTexts(e subscriptions.Event) bool {
	for key := range e.Details {
		if e.Type.Redacts(key) {
			return true
		}
	}
	return false
}
