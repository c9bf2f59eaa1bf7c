package storagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/clientele-go/clientele/accounts"
	"github.com/clientele-go/clientele/storage/storagetest/internal/suite"
	"github.com/clientele-go/clientele/subscriptions"
)

// entryCases returns the cases about the entries of buckets.
func entryCases() []testCase {
	return []testCase{
		{"an entry is returned as it was put", entryRoundTrip},
		{"a condition decides whether an entry may be replaced", entryConditions},
		{"no version is given twice to a key", entryVersions},
		{"an expired entry does not exist", entryExpired},
		{"DeleteExpired deletes 1000 entries at most, those that expired first", entryDeleteExpired},
		{"List returns the entries with a prefix in byte order, page by page", entryList},
		{"DeletePrefix deletes exactly the entries with the prefix", entryDeletePrefix},
		{"buckets are separate", entryBuckets},
		{"bad input is refused with its path", entryBadInput},
		{"an entry of an account is removed with it, in every bucket", entryRemoval},
		{"an entry of an account needs the account", entryOwner},
		{"no entry of an account is left after concurrent puts and its removal", raceEntryRemoval},
		{"entries record no events", entryEvents},
		{"of concurrent requests with one idempotency key one runs the command and the others get its result", raceIdempotency},
		{"of concurrent puts of an absent key, replacements of a version and deletions exactly one succeeds", raceEntries},
		{"concurrent deletions of many and puts lose nothing", raceDeleteMany},
		{"DeleteExpired leaves what was replaced after it was found expired", entryReplaced},
		{"Get in a transaction waits for the key and obeys its context", entryLock},
		{"LockEntries returns entries by key, by prefix and with their owners", lockEntries},
		{"Entry and Entries read without a lock", readEntries},
	}
}

func (f *fixture) put(e accounts.Entry, c accounts.Condition) accounts.Entry {
	f.t.Helper()
	stored, err := f.clients.Bucket(suiteBucket).Put(f.ctx, e, c)
	f.NoError(err)
	return stored
}

// entries returns the entries on all pages of a bucket.
func (f *fixture) entries(bucket string) []accounts.Entry {
	f.t.Helper()
	var all []accounts.Entry
	for after := ""; ; {
		page, err := f.clients.Bucket(bucket).List(f.ctx, "", after, 500)
		f.NoError(err)
		all = append(all, page...)
		if len(page) < 500 {
			return all
		}
		after = page[len(page)-1].Key
	}
}

func keysOf(entries []accounts.Entry) []string {
	keys := make([]string, len(entries))
	for i, e := range entries {
		keys[i] = e.Key
	}
	return keys
}

func entryRoundTrip(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	every := make([]byte, 256)
	for i := range every {
		every[i] = byte(i)
	}
	expires := time.Date(2030, 1, 2, 3, 4, 5, 678901234, time.FixedZone("", 3600))
	for _, in := range []accounts.Entry{
		{Key: "k", Value: []byte("v")},
		{Key: "every byte", Value: every, Version: 99},
		{Key: strings.Repeat("k", 255), Value: bytes.Repeat([]byte{0xff, 0}, 1<<15)},
		{Key: "no value", Value: []byte{}, ExpiresAt: expires},
		{Key: "a key \n\t\"'\\%_ ключ 🔑", Value: []byte("\\x41 {} \"")},
		{Key: "backslash x", Value: []byte(`\x`)},
	} {
		put, err := b.Put(f.ctx, in, accounts.Absent)
		f.NoError(err)
		f.NotEqual(in.Version, put.Version)
		f.Positive(put.Version)
		want := accounts.Entry{Key: in.Key, Value: slices.Clone(in.Value), Version: put.Version, ExpiresAt: suite.StoredTime(in.ExpiresAt)}
		if len(in.Value) == 0 {
			want.Value = nil
		}
		if in.ExpiresAt.IsZero() {
			want.ExpiresAt = time.Time{}
		}
		f.Equal(want, put)
		for range 2 { // the second time after the caller's and the returned values were changed
			got, err := b.Get(f.ctx, in.Key)
			f.NoError(err)
			f.Equal(want, got)
			listed, err := b.List(f.ctx, in.Key, "", 1)
			f.NoError(err)
			f.Equal([]accounts.Entry{want}, listed)
			for _, value := range [][]byte{in.Value, put.Value, got.Value, listed[0].Value} {
				for i := range value {
					value[i]++
				}
			}
		}
	}
	_, err := b.Get(f.ctx, "K")
	f.ErrorIs(err, accounts.ErrNotFound, "keys differ by case")
}

func (f *fixture) entryNotFound(err error, key string) {
	f.t.Helper()
	var unknown *accounts.NotFoundError
	f.ErrorAs(err, &unknown)
	f.Equal(accounts.NotFoundError{Kind: accounts.KindEntry, Name: key}, *unknown)
}

// versionConflict asserts that err is a *ConflictError with the current version.
func (f *fixture) versionConflict(err error, current int64) {
	f.t.Helper()
	var conflict *accounts.ConflictError
	f.ErrorAs(err, &conflict)
	f.ErrorIs(err, accounts.ErrConflict)
	f.Equal(current, conflict.Current)
}

func entryConditions(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	put := func(value string, c accounts.Condition) (accounts.Entry, error) {
		return b.Put(f.ctx, accounts.Entry{Key: "k", Value: []byte(value)}, c)
	}
	_, err := put("none", accounts.AtVersion(1))
	f.versionConflict(err, 0)
	first, err := put("first", accounts.Absent)
	f.NoError(err)
	f.unchanged(func() {
		_, err = put("again", accounts.Absent)
		f.versionConflict(err, first.Version)
		_, err = put("other", accounts.AtVersion(first.Version+1))
		f.versionConflict(err, first.Version)
	})
	second, err := put("second", accounts.AtVersion(first.Version))
	f.NoError(err)
	f.Greater(second.Version, first.Version)
	_, err = put("late", accounts.AtVersion(first.Version))
	f.versionConflict(err, second.Version)
	third, err := put("third", accounts.Any)
	f.NoError(err)
	zero, err := put("fourth", accounts.Condition{})
	f.NoError(err, "the zero condition is Any")
	f.Greater(zero.Version, third.Version)
	f.NoError(b.Delete(f.ctx, "k"))
	f.entryNotFound(b.Delete(f.ctx, "k"), "k")
	_, err = b.Get(f.ctx, "k")
	f.entryNotFound(err, "k")
	_, err = put("gone", accounts.AtVersion(zero.Version))
	f.versionConflict(err, 0)
	_, err = put("back", accounts.Absent)
	f.NoError(err)
}

func entryVersions(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	last := int64(0)
	for i := range 6 {
		e := f.put(accounts.Entry{Key: "k", ExpiresAt: f.clock.now().Add(time.Minute)}, accounts.Any)
		f.Greater(e.Version, last)
		last = e.Version
		switch i {
		case 1:
			f.NoError(b.Delete(f.ctx, "k"))
		case 2:
			_, err := b.DeletePrefix(f.ctx, "k")
			f.NoError(err)
		case 3:
			f.clock.advance(time.Hour)
		case 4:
			f.clock.advance(time.Hour)
			_, err := b.DeleteExpired(f.ctx)
			f.NoError(err)
		}
	}
}

func entryExpired(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	e := f.put(accounts.Entry{Key: "k", ExpiresAt: f.clock.now().Add(time.Minute)}, accounts.Absent)
	f.put(accounts.Entry{Key: "stays"}, accounts.Absent)
	f.clock.advance(time.Minute - time.Microsecond)
	_, err := b.Get(f.ctx, "k")
	f.NoError(err)
	f.Equal([]string{"k", "stays"}, keysOf(f.entries(suiteBucket)))
	f.clock.advance(time.Microsecond)
	_, err = b.Get(f.ctx, "k")
	f.entryNotFound(err, "k")
	f.Equal([]string{"stays"}, keysOf(f.entries(suiteBucket)))
	f.entryNotFound(b.Delete(f.ctx, "k"), "k")
	_, err = b.Put(f.ctx, accounts.Entry{Key: "k"}, accounts.AtVersion(e.Version))
	f.versionConflict(err, 0)
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Bucket(suiteBucket).Get(ctx, "k")
		f.entryNotFound(err, "k")
		return nil
	})
	n, err := b.DeletePrefix(f.ctx, "k")
	f.NoError(err)
	f.Zero(n)
	f.put(accounts.Entry{Key: "k", ExpiresAt: f.clock.now()}, accounts.Absent)
	f.put(accounts.Entry{Key: "k", Value: []byte("new")}, accounts.Absent)
	f.clock.advance(time.Hour)
	f.Equal([]string{"k", "stays"}, keysOf(f.entries(suiteBucket)))
}

func entryDeleteExpired(f *fixture) {
	const all = 1003
	b, other := f.clients.Bucket(suiteBucket), f.clients.Bucket("other")
	f.transaction(func(ctx context.Context, tx *accounts.Manager) error {
		for i := range all { // the last key expires first
			e := accounts.Entry{Key: fmt.Sprintf("k%04d", i), ExpiresAt: f.clock.now().Add(time.Duration(all-i) * time.Second)}
			if _, err := tx.Bucket(suiteBucket).Put(ctx, e, accounts.Absent); err != nil {
				return err
			}
		}
		return nil
	})
	f.put(accounts.Entry{Key: "stays"}, accounts.Absent)
	f.put(accounts.Entry{Key: "later", ExpiresAt: f.clock.now().Add(24 * time.Hour)}, accounts.Absent)
	_, err := other.Put(f.ctx, accounts.Entry{Key: "x", ExpiresAt: f.clock.now().Add(time.Second)}, accounts.Absent)
	f.NoError(err)
	n, err := b.DeleteExpired(f.ctx)
	f.NoError(err)
	f.Zero(n)
	f.clock.advance(time.Hour)
	for _, want := range []int{1000, 3, 0} {
		if want == 3 {
			left, err := f.store.Entries(f.ctx, accounts.EntryParams{Bucket: suiteBucket, At: f.clock.storedNow(), Expired: true, Limit: 10})
			f.NoError(err)
			f.Equal([]string{"k0002", "k0001", "k0000"}, keysOf(left))
		}
		n, err := b.DeleteExpired(f.ctx)
		f.NoError(err)
		f.Equal(want, n)
	}
	f.Equal([]string{"later", "stays"}, keysOf(f.entries(suiteBucket)))
	n, err = other.DeleteExpired(f.ctx)
	f.NoError(err)
	f.Equal(1, n)
}

func entryList(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	keys := []string{
		"a", "a%", "a%b", "a/", "a/1", "a/10", "a/2", "a_b", "aa", "A", "ab\U0010ffff", "ab\U0010ffffz", "ac", "z", "é", "e\u0301", "\ud7ff", "\ue000", "🔑", "\u0001", "B",
	}
	for _, key := range keys {
		f.put(accounts.Entry{Key: key, Value: []byte(key)}, accounts.Absent)
	}
	slices.Sort(keys)
	for _, prefix := range []string{"", "a", "a/", "a/1", "a%", "a_", "ab", "ab\U0010ffff", "A", "x", "é", "\ud7ff", "🔑", "\u0001"} {
		var want []string
		for _, key := range keys {
			if strings.HasPrefix(key, prefix) {
				want = append(want, key)
			}
		}
		for _, limit := range []int{1, 2, 500} {
			var got []string
			for after := ""; ; {
				page, err := b.List(f.ctx, prefix, after, limit)
				f.NoError(err)
				f.NotNil(page)
				for _, e := range page {
					f.Equal(e.Key, string(e.Value))
				}
				got = append(got, keysOf(page)...)
				if len(page) < limit {
					break
				}
				after = page[len(page)-1].Key
			}
			f.Equal(want, got, "prefix %q, pages of %d", prefix, limit)
		}
	}
	page, err := b.List(f.ctx, "a/", "A", 0)
	f.NoError(err)
	f.Equal([]string{"a/", "a/1", "a/10", "a/2"}, keysOf(page), "after a key before the prefix")
	page, err = b.List(f.ctx, "a/", "b", 0)
	f.NoError(err)
	f.Empty(page, "after a key behind the prefix")
	for i := range 60 {
		f.put(accounts.Entry{Key: fmt.Sprintf("m%02d", i)}, accounts.Absent)
	}
	page, err = b.List(f.ctx, "m", "", 0)
	f.NoError(err)
	f.Len(page, 50)
}

func entryDeletePrefix(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	for _, key := range []string{"a", "a/", "a/1", "a/1/x", "a/2", "a0", "b/1", "a/\U0010ffff"} {
		f.put(accounts.Entry{Key: key}, accounts.Absent)
	}
	_, err := f.clients.Bucket("other").Put(f.ctx, accounts.Entry{Key: "a/1"}, accounts.Absent)
	f.NoError(err)
	f.put(accounts.Entry{Key: "a/3", ExpiresAt: f.clock.now()}, accounts.Absent)
	n, err := b.DeletePrefix(f.ctx, "a/")
	f.NoError(err)
	f.Equal(5, n, "an expired entry does not count")
	f.Equal([]string{"a", "a0", "b/1"}, keysOf(f.entries(suiteBucket)))
	f.Len(f.entries("other"), 1)
	n, err = b.DeletePrefix(f.ctx, "a/")
	f.NoError(err)
	f.Zero(n)
}

func entryBuckets(f *fixture) {
	for _, name := range []string{"a", "b", strings.Repeat("z", 64), "a-1"} {
		b := f.clients.Bucket(name)
		_, err := b.Put(f.ctx, accounts.Entry{Key: "k", Value: []byte(name)}, accounts.Absent)
		f.NoError(err)
		got, err := b.Get(f.ctx, "k")
		f.NoError(err)
		f.Equal(name, string(got.Value))
	}
	f.NoError(f.clients.Bucket("a").Delete(f.ctx, "k"))
	f.Len(f.entries("b"), 1)
}

func entryBadInput(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	for _, name := range []string{"", "A", "1a", "a b", "a/b", strings.Repeat("z", 65), "ä"} {
		bad := f.clients.Bucket(name)
		_, err := bad.Get(f.ctx, "k")
		f.invalid(err, "bucket")
		_, err = bad.List(f.ctx, "", "", 0)
		f.invalid(err, "bucket")
		_, err = bad.Put(f.ctx, accounts.Entry{Key: "k"}, accounts.Any)
		f.invalid(err, "bucket")
		f.invalid(bad.Delete(f.ctx, "k"), "bucket")
		_, err = bad.DeletePrefix(f.ctx, "k")
		f.invalid(err, "bucket")
		_, err = bad.DeleteExpired(f.ctx)
		f.invalid(err, "bucket")
	}
	for _, key := range []string{"", "a\x00b", "\xff", strings.Repeat("k", 256), strings.Repeat("é", 128)} {
		_, err := b.Put(f.ctx, accounts.Entry{Key: key}, accounts.Any)
		f.invalid(err, "key")
		_, err = b.Get(f.ctx, key)
		f.entryNotFound(err, key)
		f.entryNotFound(b.Delete(f.ctx, key), key)
		_, err = b.DeletePrefix(f.ctx, key)
		f.invalid(err, "prefix")
		if key != "" {
			_, err = b.List(f.ctx, key, key, 0)
			f.invalid(err, "prefix", "after")
		}
	}
	_, err := b.Put(f.ctx, accounts.Entry{Value: make([]byte, 1<<16+1), ExpiresAt: time.Unix(-1, 0)}, accounts.AtVersion(0))
	f.invalid(err, "key", "value", "expiresAt", "condition")
	_, err = b.Put(f.ctx, accounts.Entry{Key: "k"}, accounts.AtVersion(-1))
	f.invalid(err, "condition")
	for _, limit := range []int{-1, 501} {
		_, err = b.List(f.ctx, "", "", limit)
		f.invalid(err, "limit")
	}
	_, err = b.Put(accounts.WithActor(f.ctx, "two\nlines"), accounts.Entry{Key: "k"}, accounts.Any)
	f.invalid(err, "actor")
	f.Empty(f.entries(suiteBucket))
}

func entryRemoval(f *fixture) {
	data := f.seed()
	mine, theirs := fmt.Sprintf("account/%d", data.mario.ID), fmt.Sprintf("account/%d", data.luigi.ID)
	longer := f.account("longer")
	for longer.ID < data.mario.ID*10 {
		longer = f.account(fmt.Sprintf("longer%d", longer.ID))
	}
	stay := []string{theirs + "/session/1", fmt.Sprintf("account/%d/x", longer.ID), mine, mine + ":x", "x/" + mine + "/y", "Account/" + mine[8:] + "/x", "account/0" + mine[8:] + "/x"}
	for _, bucket := range []string{suiteBucket, "other"} {
		b := f.clients.Bucket(bucket)
		for _, key := range append([]string{mine + "/", mine + "/session/1", mine + "/session/2"}, stay...) {
			_, err := b.Put(f.ctx, accounts.Entry{Key: key, ExpiresAt: f.clock.now().Add(time.Hour)}, accounts.Absent)
			f.NoError(err)
		}
	}
	f.remove(data.mario.ID)
	slices.Sort(stay)
	f.Equal(stay, keysOf(f.entries(suiteBucket)))
	f.Equal(stay, keysOf(f.entries("other")))
	f.clock.advance(2 * time.Hour)
	n, err := f.clients.Bucket(suiteBucket).DeleteExpired(f.ctx)
	f.NoError(err)
	f.Equal(len(stay), n, "nothing is left in the index of expiry")
}

func entryOwner(f *fixture) {
	mario := f.account("mario")
	key := fmt.Sprintf("account/%d/key", mario.ID)
	f.put(accounts.Entry{Key: key}, accounts.Absent)
	f.remove(mario.ID)
	_, err := f.clients.Bucket(suiteBucket).Put(f.ctx, accounts.Entry{Key: key}, accounts.Any)
	f.notFound(err, accounts.LevelAccount, int64(mario.ID))
	f.entryNotFound(f.clients.Bucket(suiteBucket).Delete(f.ctx, key), key)
	_, err = f.clients.Bucket(suiteBucket).DeletePrefix(f.ctx, key)
	f.NoError(err)
	f.put(accounts.Entry{Key: "account/999999999999999999999/x"}, accounts.Absent) // no id
	f.put(accounts.Entry{Key: "account/-1/x"}, accounts.Absent)
}

func raceEntryRemoval(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	for round := range 4 {
		mario := f.account(fmt.Sprint("mario", round))
		errs := concurrently(racers, func(i int) error {
			if i == racers/2 {
				_, err := f.clients.Remove(f.ctx, []accounts.ID{mario.ID})
				return err
			}
			_, err := b.Put(f.ctx, accounts.Entry{Key: fmt.Sprintf("account/%d/%d", mario.ID, i)}, accounts.Any)
			return err
		})
		for i, err := range errs {
			if i != racers/2 && err != nil {
				f.notFound(err, accounts.LevelAccount, int64(mario.ID))
				continue
			}
			f.NoError(err)
		}
		f.Empty(f.entries(suiteBucket))
	}
}

func entryEvents(f *fixture) {
	data := f.seed()
	b := f.clients.Bucket(suiteBucket)
	events := f.eventsOf(func() {
		f.put(accounts.Entry{Key: fmt.Sprintf("account/%d/x", data.mario.ID), ExpiresAt: f.clock.now()}, accounts.Any)
		f.put(accounts.Entry{Key: "k"}, accounts.Any)
		f.NoError(b.Delete(f.ctx, "k"))
		_, err := b.DeleteExpired(f.ctx)
		f.NoError(err)
	})
	f.Empty(events)
	f.Equal(data.mario.Version, f.getAccount(data.mario.ID).Version)
}

// raceIdempotency runs requests that create an account and keep the response under an idempotency key.
func raceIdempotency(f *fixture) {
	for round := range 3 {
		responses := make([]string, racers)
		errs := concurrently(racers, func(i int) error {
			return f.clients.Transaction(f.ctx, func(ctx context.Context, tx *accounts.Manager) error {
				b, key := tx.Bucket(suiteBucket), fmt.Sprint("request/", round)
				earlier, err := b.Get(ctx, key)
				if err == nil {
					responses[i] = string(earlier.Value)
					return nil
				}
				if !errors.Is(err, accounts.ErrNotFound) {
					return err
				}
				in := suite.WithHash(newAccount(fmt.Sprintf("customer%d-%d", round, i)))
				in.Subscription = &subscriptions.New{Domains: []string{in.Login + ".example"}}
				a, err := tx.Create(ctx, in)
				if err != nil {
					return err
				}
				responses[i] = fmt.Sprint(a.ID)
				_, err = b.Put(ctx, accounts.Entry{Key: key, Value: []byte(responses[i])}, accounts.Absent)
				return err
			})
		})
		f.NoError(errors.Join(errs...))
		f.Len(slices.Compact(slices.Clone(responses)), 1, "all requests must get the same response: %v", responses)
	}
	n, err := f.clients.Count(f.ctx, accounts.Query{}, 0)
	f.NoError(err)
	f.Equal(3, n)
}

func raceEntries(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	for round := range 3 {
		key := fmt.Sprint("k", round)
		put := func(c accounts.Condition) func(i int) error {
			return func(i int) error {
				_, err := b.Put(f.ctx, accounts.Entry{Key: key, Value: []byte{byte(i)}}, c)
				return err
			}
		}
		winner := f.oneSuccess(concurrently(racers, put(accounts.Absent)), accounts.ErrConflict)
		e, err := b.Get(f.ctx, key)
		f.NoError(err)
		f.Equal([]byte{byte(winner)}, e.Value)
		winner = f.oneSuccess(concurrently(racers, put(accounts.AtVersion(e.Version))), accounts.ErrConflict)
		e, err = b.Get(f.ctx, key)
		f.NoError(err)
		f.Equal([]byte{byte(winner)}, e.Value)
		f.oneSuccess(concurrently(racers, func(int) error { return b.Delete(f.ctx, key) }), accounts.ErrNotFound)
	}
}

// raceDeleteMany replaces expired entries while they are deleted. No replacement may be lost.
func raceDeleteMany(f *fixture) {
	b := f.clients.Bucket(suiteBucket)
	for range 3 {
		for i := range 20 {
			f.put(accounts.Entry{Key: fmt.Sprintf("k%02d", i), ExpiresAt: f.clock.now()}, accounts.Any)
		}
		errs := concurrently(4, func(i int) error {
			switch i {
			case 0:
				_, err := b.DeleteExpired(f.ctx)
				return err
			case 1:
				_, err := b.DeletePrefix(f.ctx, "other")
				return err
			}
			var err error
			for n := i - 2; n < 20; n += 2 {
				_, putErr := b.Put(f.ctx, accounts.Entry{Key: fmt.Sprintf("k%02d", n)}, accounts.Any)
				err = errors.Join(err, putErr)
			}
			return err
		})
		f.NoError(errors.Join(errs...))
		f.Len(f.entries(suiteBucket), 20)
	}
}

// replacingStore calls replace after each Entries.
type replacingStore struct {
	accounts.Store
	replace func()
}

func (s replacingStore) Entries(ctx context.Context, p accounts.EntryParams) ([]accounts.Entry, error) {
	all, err := s.Store.Entries(ctx, p)
	s.replace()
	return all, err
}

func entryReplaced(f *fixture) {
	for _, key := range []string{"gone", "replaced", "removed"} {
		f.put(accounts.Entry{Key: key, ExpiresAt: f.clock.now()}, accounts.Any)
	}
	m := f.managerFor(replacingStore{f.store, func() {
		f.put(accounts.Entry{Key: "replaced", ExpiresAt: f.clock.now().Add(time.Hour)}, accounts.Absent)
		f.put(accounts.Entry{Key: "removed"}, accounts.Absent)
		f.NoError(f.clients.Bucket(suiteBucket).Delete(f.ctx, "removed"))
	}}, nil)
	n, err := m.Bucket(suiteBucket).DeleteExpired(f.ctx)
	f.NoError(err)
	f.Equal(1, n)
	f.Equal([]string{"replaced"}, keysOf(f.entries(suiteBucket)))
}

func entryLock(f *fixture) {
	end := f.holdOpen(func(tx accounts.Tx) error {
		_, err := tx.LockEntries(accounts.EntryLockSet{Bucket: suiteBucket, Key: "k"})
		return err
	})
	ctx, cancel := context.WithTimeout(f.ctx, 200*time.Millisecond)
	defer cancel()
	err := f.clients.Transaction(ctx, func(ctx context.Context, tx *accounts.Manager) error {
		_, err := tx.Bucket(suiteBucket).Get(ctx, "k")
		return err
	})
	f.ErrorIs(err, context.DeadlineExceeded)
	f.ErrorIs(err, accounts.ErrUnavailable)
	stillOpen, err := end()
	f.True(stillOpen)
	f.NoError(err)
}

func lockEntries(f *fixture) {
	data := f.seed()
	mine, unknown := fmt.Sprintf("account/%d/", data.mario.ID), fmt.Sprintf("account/%d/", unusedID)
	var stored []accounts.Entry
	for _, key := range []string{mine + "a", mine + "b", "k"} {
		stored = append(stored, f.put(accounts.Entry{Key: key, Value: []byte(key), ExpiresAt: f.clock.now()}, accounts.Any))
	}
	withoutValues := slices.Clone(stored)
	for i := range withoutValues {
		withoutValues[i].Value = nil
	}
	owners := []accounts.ID{data.mario.ID}
	lastVersion := int64(0)
	for _, c := range []struct {
		lock accounts.EntryLockSet
		want accounts.LockedEntries
	}{
		{accounts.EntryLockSet{Key: "k"}, accounts.LockedEntries{Entries: withoutValues[2:]}},
		{accounts.EntryLockSet{Key: "k", Value: true, NewVersion: true}, accounts.LockedEntries{Entries: stored[2:]}},
		{accounts.EntryLockSet{Key: "none", Value: true}, accounts.LockedEntries{}},
		{accounts.EntryLockSet{Key: "none", NewVersion: true}, accounts.LockedEntries{}},
		{accounts.EntryLockSet{Key: mine + "none"}, accounts.LockedEntries{Owners: owners}},
		{accounts.EntryLockSet{Key: unknown + "none"}, accounts.LockedEntries{}},
		{accounts.EntryLockSet{Keys: []string{mine + "a", unknown, "k", "none"}}, accounts.LockedEntries{Entries: []accounts.Entry{withoutValues[0], withoutValues[2]}, Owners: owners}},
		{accounts.EntryLockSet{Prefix: mine}, accounts.LockedEntries{Entries: withoutValues[:2], Owners: owners}},
		{accounts.EntryLockSet{Prefix: "account/"}, accounts.LockedEntries{Entries: withoutValues[:2]}},
	} {
		var got accounts.LockedEntries
		f.NoError(f.store.Update(f.ctx, func(tx accounts.Tx) (err error) {
			c.lock.Bucket = suiteBucket
			got, err = tx.LockEntries(c.lock)
			return err
		}))
		f.Equal(c.lock.NewVersion, got.Version != 0)
		if got.Version != 0 {
			f.Greater(got.Version, max(lastVersion, stored[2].Version))
			lastVersion = got.Version
		}
		got.Version = 0
		f.Equal(c.want, got, "%+v", c.lock)
	}
}

func readEntries(f *fixture) {
	e := f.put(accounts.Entry{Key: "k", Value: []byte("v"), ExpiresAt: f.clock.now()}, accounts.Any)
	got, err := f.store.Entry(f.ctx, accounts.EntryKey{Bucket: suiteBucket, Key: "k"})
	f.NoError(err)
	f.Equal(e, got, "an expired entry is returned as well")
	_, err = f.store.Entry(f.ctx, accounts.EntryKey{Bucket: suiteBucket, Key: "none"})
	f.entryNotFound(err, "none")
	for _, expired := range []bool{false, true} {
		none, err := f.store.Entries(f.ctx, accounts.EntryParams{Bucket: "none", At: f.clock.storedNow(), Expired: expired, Limit: 1})
		f.NoError(err)
		f.NotNil(none)
		f.Empty(none)
	}
}
