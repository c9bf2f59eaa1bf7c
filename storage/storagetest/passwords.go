package storagetest

import (
	"context"
	"errors"
	"strings"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/accounts"
)

// passwordCases returns the cases about passwords and their hashes, with the library's default hasher.
func passwordCases() []testCase {
	return []testCase{
		{"passwords are hashed by Argon2id and not exposed", defaultHash},
		{"a hash of another system is verified with the raw password and replaced at sign-in", foreignHash},
		{"a hash of the empty password accepts no password", emptyPasswordHash},
		{"a hash beyond the limits is invalid and never computed", excessiveHashes},
		{"a new account needs exactly one of password and hash", passwordOrHash},
		{"a password has 8 to 128 characters and is neither the login nor common", passwordLimits},
		{"a password is neither the name nor the e-mail address of its account", passwordNotYours},
		{"both Unicode spellings of an accented password are one password", passwordSpellings},
		{"what telephones add to emoji is not part of a password", passwordEmoji},
		{"PasswordPolicy adds to the library's rules", passwordPolicy},
	}
}

// useDefaultHasher replaces the fixture's managers by ones with the library's default hasher.
func (f *fixture) useDefaultHasher() {
	f.useManager(f.manager(func(o *accounts.Options) { o.Hasher = nil }))
}

func defaultHash(f *fixture) {
	f.useDefaultHasher()
	mario := f.account("mario")
	hash := f.storedHash(mario.ID)
	f.True(strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), "Argon2id as in RFC 9106, with the parameters that OWASP recommends")
	a, err := f.clients.Authenticate(f.ctx, "mario", password)
	f.NoError(err)
	f.Equal(mario, a)
	f.Equal(hash, f.storedHash(mario.ID))
	_, err = f.clients.Authenticate(f.ctx, "mario", password+"!")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
	f.NotContains(err.Error(), "argon")
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, password))
	f.NotEqual(hash, f.storedHash(mario.ID), "every hash must have a new salt")
}

func foreignHash(f *fixture) {
	f.useDefaultHasher()
	raw := "nai\u0308ve \u2003 short" // PRECIS would store another spelling
	crypt, err := bcrypt.GenerateFromPassword([]byte(raw), bcrypt.MinCost)
	f.NoError(err)
	in := newAccount("mario")
	in.Password, in.PasswordHash = "", string(crypt)
	mario := f.create(in)
	f.Equal(string(crypt), f.storedHash(mario.ID))
	f.unchanged(func() {
		for _, wrong := range []string{"na\u00efve \u2003 short", raw + strings.Repeat("x", 72)} {
			_, err := f.clients.Authenticate(f.ctx, "mario", wrong)
			f.ErrorIs(err, accounts.ErrInvalidCredentials, "%q", wrong)
		}
	})
	a, err := f.clients.Authenticate(f.ctx, "mario", raw)
	f.NoError(err)
	f.Equal(mario.SessionEpoch, a.SessionEpoch)
	f.True(strings.HasPrefix(f.storedHash(mario.ID), "$argon2id$v=19$m=19456,t=2,p=1$"), "the imported hash must be replaced by one of Argon2id")
	_, err = f.clients.Authenticate(f.ctx, "mario", raw)
	f.NoError(err)
}

func emptyPasswordHash(f *fixture) {
	f.useDefaultHasher()
	crypt, err := bcrypt.GenerateFromPassword(nil, bcrypt.MinCost)
	f.NoError(err)
	in := newAccount("mario")
	in.Password, in.PasswordHash = "", string(crypt)
	f.create(in)
	f.unchanged(func() {
		for _, password := range []string{"", strings.Repeat("x", 129), strings.Repeat("x", 1<<20), "\xff"} {
			_, err := f.clients.Authenticate(f.ctx, "mario", password)
			f.ErrorIs(err, accounts.ErrInvalidCredentials, "%.40q", password)
		}
	})
}

func excessiveHashes(f *fixture) {
	const salt, sum = "c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	argon := func(head string) string { return head + "$" + salt + "$" + sum }
	f.useDefaultHasher()
	mario := f.account("mario")
	f.unchanged(func() {
		for _, hash := range []string{
			argon("$argon2id$v=19$m=65537,t=2,p=1"), argon("$argon2id$v=19$m=65536,t=9,p=1"), argon("$argon2id$v=19$m=65536,t=8,p=9"),
			argon("$argon2id$v=19$m=4294967295,t=4294967295,p=255"), argon("$argon2id$v=19$m=99999999999999999999,t=1,p=1"),
			argon("$argon2id$v=19$m=0,t=0,p=0"), argon("$argon2id$v=19$m=-1,t=1,p=1"), argon("$argon2i$v=19$m=64,t=1,p=1"),
			argon("$argon2d$v=19$m=64,t=1,p=1"), argon("$argon2id$v=16$m=64,t=1,p=1"), argon("$argon2id$m=64,t=1,p=1"),
			argon("$argon2id$v=19$m=64"), "$argon2id$v=19$m=64,t=1,p=1$$", "$argon2id$v=19$m=64,t=1,p=1$" + salt + "$",
			"$argon2id$v=19$m=64,t=1,p=1$" + salt, "$argon2id$", "$2b$15$" + strings.Repeat("a", 53), "$2b$31$" + strings.Repeat("a", 53),
			"$2b$99$" + strings.Repeat("a", 53), "$2b$10$short", "$2b$10$" + strings.Repeat("\x00", 53), "$1$md5$crypt", "plain text", "\xff\x00",
			strings.Repeat("$argon2id", 1<<17), "$argon2id$v=19$m=64,t=1,p=1$" + strings.Repeat("A", 1<<20) + "$" + sum,
			"$argon2id$v=19$m=64,t=1,p=1$" + salt + "$" + strings.Repeat("A", 1<<20),
		} {
			in := newAccount("luigi")
			in.Password, in.PasswordHash = "", hash
			_, err := f.clients.Create(f.ctx, in)
			f.ErrorIs(err, accounts.ErrInvalid, "%.100q", hash)
			f.invalid(err, "passwordHash")
			f.Less(len(err.Error()), 1000)
		}
	})
	for i, hash := range []string{
		argon("$argon2id$v=19$m=65536,t=8,p=8"), "$2a$14$" + strings.Repeat("a", 53), "$2b$04$" + strings.Repeat("a", 53), "$2y$10$" + strings.Repeat("a", 53),
	} {
		in := newAccount("edge" + string(rune('a'+i)))
		in.Password, in.PasswordHash = "", hash
		f.create(in)
	}
	f.NoError(f.checkSession(mario.ID, mario.SessionEpoch))
}

func passwordOrHash(f *fixture) {
	in := newAccount("mario")
	in.PasswordHash = "$2b$04$" + strings.Repeat("a", 53)
	f.unchanged(func() {
		_, err := f.clients.Create(f.ctx, in)
		f.ErrorIs(err, accounts.ErrInvalid)
		in.Password, in.PasswordHash = "", ""
		_, err = f.clients.Create(f.ctx, in)
		f.invalid(err, "password")
	})
}

func passwordLimits(f *fixture) {
	mario := f.account("mariomario")
	for _, c := range []struct {
		password string
		valid    bool
	}{
		{"", false},
		{"seven77", false},
		{"eight888", true},
		{"ääääääöü", true},
		{"äääääää", false},
		{strings.Repeat("e\u0301", 4), false}, // four characters in NFC
		{strings.Repeat("e\u0301", 127) + "e", true},
		{strings.Repeat("e\u0301", 129), false},
		{strings.Repeat("a", 127) + "b", true},
		{strings.Repeat("a", 128), false}, // one of the common passwords, 16 times
		{strings.Repeat("ä", 127) + "a", true},
		{strings.Repeat("ä", 128), false},
		{"ababababa", false},
		{"password ", false},
		{strings.Repeat("a", 129), false},
		{strings.Repeat("ä", 129), false},
		{"11111111", false},
		{"QwertyUIOP", false},
		{"passwordPASSWORD", false},
		{"abc123abc123", false},
		{"passwordpassword.", true},
		{"aaaaaaaa aaaaaaaa", true},
		{"пароль и ключ", true},
		{"pass😀word", true},
		{"tab\tinside", false},
		{"new\nline inside", false},
		{"nul\x00inside", false},
		{"invalid \xff UTF-8", false},
		{"mariomario", false},
		{"MarioMario", false},
		{"mariomario1", true},
		{strings.Repeat("x", 1<<20), false},
	} {
		err := f.clients.SetPassword(f.ctx, mario.ID, c.password)
		if !c.valid {
			f.ErrorIs(err, accounts.ErrInvalid, "%.200q", c.password)
			f.invalid(err, "password")
			if c.password != "" {
				f.NotContains(err.Error(), c.password, "an error must not contain the password")
			}
			continue
		}
		f.NoError(err, "%.200q", c.password)
		_, err = f.clients.Authenticate(f.ctx, "mariomario", c.password)
		f.NoError(err, "%.200q", c.password)
	}
}

func passwordNotYours(f *fixture) {
	in := newAccount("mario")
	in.Contact = accounts.Contact{Name: "Mario Rossi", Email: "Mario@Example.com"}
	mario := f.create(in)
	other := newAccount("luigi")
	other.Contact = in.Contact
	token, err := f.clients.ResetToken(f.ctx, mario.ID, time.Hour)
	f.NoError(err)
	refused := func(password string) {
		f.t.Helper()
		other.Password = password
		_, create := f.clients.Create(f.ctx, other)
		_, change := f.clients.Owner(mario.ID).ChangePassword(f.ctx, in.Password, password)
		_, reset := f.clients.ResetPassword(f.ctx, token, password)
		for _, err := range []error{create, f.clients.SetPassword(f.ctx, mario.ID, password), change, reset} {
			f.invalid(err, "password")
			var invalid *accounts.InvalidError
			f.ErrorAs(err, &invalid)
			f.Equal("notYours", invalid.Fields[0].Rule)
		}
	}
	f.unchanged(func() {
		for _, password := range []string{"Mario Rossi", "mario\u00a0ROSSI", "mario@example.com", "MARIO@EXAMPLE.COM"} {
			refused(password)
		}
	})
	_, err = f.clients.Update(f.ctx, mario.ID, accounts.Changes{Contact: &accounts.Contact{Name: "Mario Bianchi"}})
	f.NoError(err)
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "mario rossi"), "what counts is the contact of today")
	f.NoError(f.clients.SetPassword(f.ctx, mario.ID, "mario@example.com"))
	f.invalid(f.clients.SetPassword(f.ctx, mario.ID, "mario bianchi"), "password")
}

func passwordEmoji(f *fixture) {
	const phone, desk = "\u2764\ufe0f to my \U0001f469\u200d\U0001f467", "\u2764 to my \U0001f469\U0001f467"
	in := newAccount("mario")
	for i, set := range []string{phone, desk} {
		in.Login, in.Password = "mario"+string(rune('a'+i)), set
		f.create(in)
		for _, typed := range []string{phone, desk} {
			_, err := f.clients.Authenticate(f.ctx, in.Login, typed)
			f.NoError(err, "%q", typed)
		}
		_, err := f.clients.Authenticate(f.ctx, in.Login, "\u2764 to my \U0001f469")
		f.ErrorIs(err, accounts.ErrInvalidCredentials)
	}
	in.Password, in.PasswordHash, in.Login = "", "$plain$"+phone, "imported"
	f.create(in)
	_, err := f.clients.Authenticate(f.ctx, "imported", phone)
	f.NoError(err, "the other system hashed what was typed")
}

func passwordSpellings(f *fixture) {
	in := newAccount("mario")
	in.Password = "cafe\u0301 \u00a0 corretto"
	f.create(in)
	for _, same := range []string{in.Password, "caf\u00e9   corretto"} {
		_, err := f.clients.Authenticate(f.ctx, "mario", same)
		f.NoError(err, "%q", same)
	}
	_, err := f.clients.Authenticate(f.ctx, "mario", "cafe   corretto")
	f.ErrorIs(err, accounts.ErrInvalidCredentials)
}

func passwordPolicy(f *fixture) {
	offline := errors.New("the list of leaked passwords is unavailable")
	f.useManager(f.manager(func(o *accounts.Options) {
		o.PasswordPolicy = func(_ context.Context, login, password string) error {
			switch {
			case strings.Contains(password, "offline"):
				return offline
			case strings.Contains(password, "leaked"):
				return &accounts.InvalidError{Fields: []accounts.FieldError{{Rule: "leaked", Message: login + ": leaked"}}}
			}
			return nil
		}
	}))
	in := newAccount("mario")
	in.Password, in.Locale = "leaked password", "no such language"
	err := f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Create(f.ctx, in)
		return err
	})
	f.invalid(err, "locale", "password")
	mario := f.account("mario")
	err = f.refused(accounts.ErrInvalid, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "leaked password") })
	f.invalid(err, "password")
	var invalid *accounts.InvalidError
	f.ErrorAs(err, &invalid)
	f.Equal("leaked", invalid.Fields[0].Rule)
	f.Equal("mario: leaked", invalid.Fields[0].Message)
	f.refused(offline, func() error { return f.clients.SetPassword(f.ctx, mario.ID, "offline password") })
	f.refused(accounts.ErrInvalid, func() error {
		_, err := f.clients.Owner(mario.ID).ChangePassword(f.ctx, password, "leaked password")
		return err
	})
}
