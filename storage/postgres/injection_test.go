package postgres_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/postgres/pgtest"
	"github.com/clientele-go/clientele/subscriptions"
)

// hostileTexts look like SQL, arrays, JSON, patterns, or placeholders of Bun or the driver.
var hostileTexts = []string{
	`'; DROP TABLE clientele.accounts; --`, `\'; DROP TABLE clientele.accounts; --`, `'); DELETE FROM clientele.events; --`,
	`" OR 1=1 --`, `$1`, `$$; SELECT 1; $$`, `?`, `?0`, `?TableName`, `{}`, `{"a","b"}`, `NULL`, `\`, `\\`, `"`, `"",NULL,"`,
	`\x00`, `%`, `_`, `clientele.accounts AS a`, `E'\\x41'`, `/*`, `{"Cause":"abuse"}`, `(1,2)`, `🧑💻'é"`,
}

// Hostile text in every string of every method is returned as it was stored, and has no other effect.
func TestTextIsNeverSQL(t *testing.T) {
	ctx := t.Context()
	st := newStorePool(t, pgtest.Shared(t).Database(t), 4)
	m := manager(st.openStore(t))
	s := m.Subscriptions()
	for i, text := range hostileTexts {
		ctx := accounts.WithActor(ctx, text)
		in := accounts.New{
			Login: fmt.Sprintf("user%d", i), Password: "correct horse battery", ExternalID: text,
			Contact: accounts.Contact{
				Name: text, Company: text, Phone: truncate(text, 30), Address: text,
				City: truncate(text, 50), State: truncate(text, 50), PostalCode: truncate(text, 20),
			},
			AdditionalInfo: text, Description: text, Attributes: map[string]string{"key": text},
			Subscription: &subscriptions.New{
				Name: text, Plan: text, Description: text, ExternalID: text, Attributes: map[string]string{"key": text},
				Domains: []string{fmt.Sprintf("site%d.example.com", i)},
			},
		}
		_, err := m.Create(ctx, in)
		require.NoError(t, err, text)
		a, err := m.GetByExternalID(ctx, text)
		require.NoError(t, err)
		require.Equal(t, in.Contact, a.Contact)
		require.Equal(t, []string{text, text, text}, []string{a.AdditionalInfo, a.Description, a.Attributes["key"]})
		sub, err := s.GetByExternalID(ctx, text)
		require.NoError(t, err)
		require.Equal(t, []string{text, text, text, text}, []string{sub.Name, sub.Plan, sub.Description, sub.Attributes["key"]})

		hold := accounts.Hold{Note: text, Message: text, Public: text}
		_, err = m.Suspend(ctx, []accounts.ID{a.ID}, hold)
		require.NoError(t, err)
		_, err = s.Suspend(ctx, []subscriptions.ID{sub.ID}, hold)
		require.NoError(t, err)
		site, err := s.Resolve(ctx, fmt.Sprintf("site%d.example.com", i))
		require.NoError(t, err)
		require.Len(t, site.Domain.Inherited, 2)
		for _, held := range site.Domain.Inherited {
			require.Equal(t, []string{text, text, text, text}, []string{held.Note, held.Message, held.Public, held.By})
		}
		_, err = m.Update(ctx, a.ID, accounts.Changes{Description: pointerTo(text + text), ExternalID: pointerTo(text + "2")})
		require.NoError(t, err)

		for _, q := range []accounts.Query{{Search: text}, {Search: text, Sort: accounts.SortName, Desc: true}} {
			page, err := m.List(ctx, q)
			require.NoError(t, err)
			require.Contains(t, logins(page), a.Login, "found by %s", text)
		}
		_, err = m.List(ctx, accounts.Query{Country: text})
		require.NoError(t, unlessInvalid(err))
		_, err = m.List(ctx, accounts.Query{Cause: accounts.Cause(text)})
		require.NoError(t, unlessInvalid(err))
		subs, err := s.List(ctx, subscriptions.Query{Plan: text, Search: text})
		require.NoError(t, err)
		require.Len(t, subs.Items, 1)
		for j, refused := range []error{
			second(m.GetByLogin(ctx, text)), second(m.Authenticate(ctx, text, text)), second(s.Resolve(ctx, text)),
			second(s.Domain(ctx, text)), second(m.List(ctx, accounts.Query{After: accounts.Cursor(text)})),
			second(m.Events(ctx, accounts.EventQuery{After: accounts.Cursor(text)})), second(s.AddDomain(ctx, sub.ID, text)),
			second(m.Lift(ctx, []accounts.ID{a.ID}, []accounts.Cause{accounts.Cause(text)})),
			second(m.ResetPassword(ctx, text, text)), second(m.CheckResetToken(ctx, text)),
		} {
			require.Error(t, refused, "%d of %s", j, text)
			require.NotErrorIs(t, refused, accounts.ErrUnavailable, text)
		}
	}
	n, err := m.Count(ctx, accounts.Query{}, 0)
	require.NoError(t, err)
	require.Equal(t, len(hostileTexts), n)
	page, err := m.Events(ctx, accounts.EventQuery{Limit: 500})
	require.NoError(t, err)
	require.Len(t, page.Items, 6*len(hostileTexts))
	for i, e := range page.Items {
		require.Equal(t, hostileTexts[i/6], e.Actor)
	}
	_, err = m.PruneEvents(ctx, time.Now().Add(time.Hour))
	require.NoError(t, err)
}

// truncate returns the first limit characters of text.
func truncate(text string, limit int) string {
	runes := []rune(text)
	return string(runes[:min(len(runes), limit)])
}

// unlessInvalid returns err, or nil if it matches ErrInvalid.
func unlessInvalid(err error) error {
	if errors.Is(err, accounts.ErrInvalid) {
		return nil
	}
	return err
}

func second[V any](_ V, err error) error { return err }

func logins(page accounts.Page) []string {
	var all []string
	for _, a := range page.Items {
		all = append(all, a.Login)
	}
	return all
}
