package accounts

import (
	"context"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/internal/input"
	"github.com/clientele-go/clientele/subscriptions"
)

const (
	minTTL    = time.Minute
	maxTTL    = 7 * 24 * time.Hour
	minSecret = 32 // bytes
)

// resetToken is the content of a reset link. Nothing of it is stored: a token is used up when SessionEpoch rises, as it does
// with every new password and every new e-mail address.
type resetToken struct {
	id      ID
	epoch   int64
	expires time.Time // in whole microseconds
}

const tokenFields = 3 * 8 // bytes

func (t resetToken) fields() []byte {
	raw := binary.BigEndian.AppendUint64(nil, uint64(t.id))
	raw = binary.BigEndian.AppendUint64(raw, uint64(t.epoch))
	return binary.BigEndian.AppendUint64(raw, uint64(t.expires.UnixMicro()))
}

func sign(secret, fields []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte("clientele reset token 1\n"))
	mac.Write(fields)
	return mac.Sum(nil)
}

func (t resetToken) signed(secret []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(t.fields(), sign(secret, t.fields())...))
}

func readToken(secret []byte, token string) (resetToken, bool) {
	raw, ok := input.Decode(base64.RawURLEncoding, token)
	if !ok || len(raw) != tokenFields+sha256.Size {
		return resetToken{}, false
	}
	fields, mac := raw[:tokenFields], raw[tokenFields:]
	if !hmac.Equal(mac, sign(secret, fields)) {
		return resetToken{}, false
	}
	return resetToken{
		id:      ID(binary.BigEndian.Uint64(fields)),
		epoch:   int64(binary.BigEndian.Uint64(fields[8:])),
		expires: time.UnixMicro(int64(binary.BigEndian.Uint64(fields[16:]))),
	}, true
}

// ResetToken returns the secret part of a link with which the owner sets a new password, once, within ttl: 1 minute to 7 days.
// Any new password or e-mail address, and activating the account, makes it invalid earlier. The token is not stored; that it was made is
// recorded as an event.
//
// It returns ErrNotFound if the account does not exist; ErrInvalid at "ttl", and at "secret" without Options.Secret;
// ErrUnavailable if the store cannot do it now (no changes were made) and ErrCommitUnknown if the outcome of the commit is
// unknown.
func (m *Manager) ResetToken(ctx context.Context, id ID, ttl time.Duration) (_ string, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.ResetToken")
	defer func() { end(err) }()
	var v input.Violations
	c := m.commandInfo(ctx, &v)
	m.checkSecret(&v)
	if ttl < minTTL || ttl > maxTTL {
		v.Add("ttl", "ttl", "")
	}
	if err := v.Err(); err != nil {
		return "", err
	}
	var token string
	err = m.store.Update(ctx, func(tx Tx) error {
		records, err := lock(tx, []ID{id})
		if err != nil {
			return err
		}
		token = resetToken{id: id, epoch: records[0].SessionEpoch, expires: c.at.Add(ttl)}.signed(m.secret)
		return tx.Save(Writes{Writes: subscriptions.Writes{Events: []Event{c.event(AccountResetLinkMade, id, nil)}}})
	})
	if err != nil {
		return "", err
	}
	return token, nil
}

func (m *Manager) checkSecret(v *input.Violations) {
	if len(m.secret) < minSecret {
		v.Add("secret", "secret", strconv.Itoa(minSecret))
	}
}

// CheckResetToken returns the account for which ResetToken made the token, also a suspended one, if ResetPassword would accept
// the token now. It changes nothing: programs call it before they ask for a new password.
//
// It returns ErrInvalidCredentials if the token is forged, expired or used, or if the account was removed or its sessions
// were ended otherwise; ErrInvalid at "secret" without Options.Secret; and ErrUnavailable if the store cannot answer.
func (m *Manager) CheckResetToken(ctx context.Context, token string) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.CheckResetToken")
	defer func() { end(err) }()
	var v input.Violations
	m.checkSecret(&v)
	if err := v.Err(); err != nil {
		return Account{}, err
	}
	r, _, err := m.readResetToken(ctx, token, input.Time(m.now()))
	return r.Account, err
}

// readResetToken returns the content of a valid token and its account. It returns ErrInvalidCredentials for any other token.
func (m *Manager) readResetToken(ctx context.Context, token string, now time.Time) (Record, resetToken, error) {
	t, genuine := readToken(m.secret, token)
	if !genuine || !now.Before(t.expires) {
		return Record{}, resetToken{}, ErrInvalidCredentials
	}
	r, err := m.store.Account(ctx, AccountKey{ID: t.id})
	if err != nil {
		return Record{}, resetToken{}, asInvalidToken(err)
	}
	if err := t.checkUnused(r); err != nil {
		return Record{}, resetToken{}, err
	}
	return r, t, nil
}

// ResetPassword sets the password of the account for which ResetToken made the token, and ends its sessions. The actor is that
// of ctx, or else "owner".
//
// It returns ErrInvalidCredentials if the token is forged, expired or used. It returns ErrSuspended together with the Account
// if the account is suspended: the new password is set, but the owner cannot sign in yet. It returns ErrInvalid at "password",
// whatever the token is, if the password breaks a rule of New.Password, and at "secret" without Options.Secret; the error of
// Options.PasswordPolicy, wrapped, if that fails; ErrUnavailable if the store cannot do it now or too many passwords are being
// hashed (no changes were made) and ErrCommitUnknown if the outcome of the commit is unknown.
func (m *Manager) ResetPassword(ctx context.Context, token, password string) (_ Account, err error) {
	ctx, end := m.hook.Start(ctx, "accounts.ResetPassword")
	defer func() { end(err) }()
	if err := m.mayHash(); err != nil {
		return Account{}, err
	}
	var v input.Violations
	c := m.ownerCommandInfo(ctx, &v)
	m.checkSecret(&v)
	checkForm(&v, password)
	if err := v.Err(); err != nil {
		return Account{}, err
	}
	r, t, err := m.readResetToken(ctx, token, c.at)
	if err != nil {
		return Account{}, err
	}
	hash, err := m.newHash(ctx, r.Account, password)
	if err != nil {
		return Account{}, err
	}
	reset, err := m.replacePassword(ctx, t.id, hash, c, t.checkUnused)
	if err != nil {
		return Account{}, asInvalidToken(err)
	}
	if len(reset.Holds) > 0 {
		return reset, &SuspendedError{Messages: messages(reset.Holds)}
	}
	return reset, nil
}

// checkUnused returns ErrInvalidCredentials if the token was used, or if the account's sessions were ended otherwise.
func (t resetToken) checkUnused(r Record) error {
	if r.SessionEpoch != t.epoch {
		return ErrInvalidCredentials
	}
	return nil
}

// asInvalidToken turns ErrNotFound into ErrInvalidCredentials: the token of a removed account is invalid.
func asInvalidToken(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrInvalidCredentials
	}
	return err
}

// derivedKey is the length of the keys that DeriveKey returns, in bytes.
const derivedKey = 32

// DeriveKey returns a key of 32 bytes that is derived from Options.Secret: the same in every process that has this secret, and
// another one for every purpose. Adapters sign with it what browsers keep for them. Nothing about the secret, or about the key
// for another purpose, follows from it.
//
// It returns ErrInvalid at "secret" without Options.Secret.
func (m *Manager) DeriveKey(purpose string) ([]byte, error) {
	var v input.Violations
	m.checkSecret(&v)
	if err := v.Err(); err != nil {
		return nil, err
	}
	return hkdf.Key(sha256.New, m.secret, nil, "clientele key: "+purpose, derivedKey)
}
