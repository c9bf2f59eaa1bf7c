package accounts

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strconv"
	"time"

	"github.com/clientele-go/clientele/subscriptions/input"
)

const (
	leastTTL    = time.Minute
	mostTTL     = 7 * 24 * time.Hour
	leastSecret = 32 // bytes
)

// resetToken is what a reset link says. Nothing of it is stored: when SignIn rises, which a new password makes it do, the
// token is used up.
type resetToken struct {
	id      ID
	epoch  int64
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
		epoch:  int64(binary.BigEndian.Uint64(fields[8:])),
		expires: time.UnixMicro(int64(binary.BigEndian.Uint64(fields[16:]))),
	}, true
}

// ResetToken answers the secret part of a link with which an owner sets a new password, once, within ttl: from one minute
// to 7 days. Setting any password, or activating the account, ends it. ErrNotFound: there is no such account. ErrInvalid
// at "secret": Options.Secret has fewer than 32 bytes.
func (m *Manager) ResetToken(ctx context.Context, id ID, ttl time.Duration) (string, error) {
	var f input.Faults
	m.checkSecret(&f)
	if ttl < leastTTL || ttl > mostTTL {
		f.Add("ttl", "ttl", "")
	}
	if err := f.Err(); err != nil {
		return "", err
	}
	r, err := m.store.Account(ctx, AccountKey{ID: id})
	if err != nil {
		return "", err
	}
	return resetToken{id: id, epoch: r.SessionEpoch, expires: m.now().Add(ttl)}.signed(m.secret), nil
}

func (m *Manager) checkSecret(f *input.Faults) {
	if len(m.secret) < leastSecret {
		f.Add("secret", "secret", strconv.Itoa(leastSecret))
	}
}

// ResetPassword sets the password of the account that a token of ResetToken names and ends its sessions. ErrInvalidCredentials:
// the token is forged, expired or used. ErrSuspended, beside the Account: the password is set, but the owner cannot sign
// in. A password that nobody could have is ErrInvalid, whatever the token is. The actor is ctx's, else "owner".
func (m *Manager) ResetPassword(ctx context.Context, token, password string) (Account, error) {
	var f input.Faults
	c := m.ownerStamp(ctx, &f)
	m.checkSecret(&f)
	checkForm(&f, password)
	if err := f.Err(); err != nil {
		return Account{}, err
	}
	t, genuine := readToken(m.secret, token)
	if !genuine || !c.at.Before(t.expires) {
		return Account{}, ErrInvalidCredentials
	}
	r, err := m.store.Account(ctx, AccountKey{ID: t.id})
	if err != nil {
		return Account{}, usedUp(err)
	}
	if err := t.unused(r); err != nil {
		return Account{}, err
	}
	hash, err := m.newHash(ctx, r.Login, password)
	if err != nil {
		return Account{}, err
	}
	reset, err := m.replacePassword(ctx, t.id, hash, c, t.unused)
	if err != nil {
		return Account{}, usedUp(err)
	}
	if len(reset.Holds) > 0 {
		return reset, &SuspendedError{Messages: messages(reset.Holds)}
	}
	return reset, nil
}

// unused answers ErrInvalidCredentials if the token was used, or the account's sessions ended otherwise.
func (t resetToken) unused(r Record) error {
	if r.SessionEpoch != t.epoch {
		return ErrInvalidCredentials
	}
	return nil
}

// usedUp answers ErrInvalidCredentials for an account that was removed: its token is good for nothing.
func usedUp(err error) error {
	if errors.Is(err, ErrNotFound) {
		return ErrInvalidCredentials
	}
	return err
}
