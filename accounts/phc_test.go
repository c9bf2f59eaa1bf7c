package accounts

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	salt16 = "c29tZXNhbHRzb21lc2FsdA"
	key32  = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"
)

func TestPHCStrings(t *testing.T) {
	for phc, valid := range map[string]bool{
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + key32:                         true,
		"$argon2id$v=19$m=65536,t=8,p=8$" + salt16 + "$" + key32:                         true,
		"$argon2id$v=19$m=8,t=1,p=1$" + salt16 + "$" + key32:                             true,
		"$argon2id$v=19$m=65537,t=2,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=19456,t=9,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=19456,t=2,p=9$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=4294967295,t=4294967295,p=255$" + salt16 + "$" + key32:         false,
		"$argon2id$v=19$m=99999999999999999999,t=2,p=1$" + salt16 + "$" + key32:          false,
		"$argon2id$v=19$m=0,t=2,p=1$" + salt16 + "$" + key32:                             false,
		"$argon2id$v=19$m=19456,t=0,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=19456,t=2,p=0$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=7,t=2,p=1$" + salt16 + "$" + key32:                             false,
		"$argon2id$v=19$m=019456,t=2,p=1$" + salt16 + "$" + key32:                        false,
		"$argon2id$v=19$m=+9456,t=2,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$t=2,m=19456,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2id$v=19$m=19456,t=2,p=1,keyid=x$" + salt16 + "$" + key32:                 false,
		"$argon2id$v=16$m=19456,t=2,p=1$" + salt16 + "$" + key32:                         false,
		"$argon2i$v=19$m=19456,t=2,p=1$" + salt16 + "$" + key32:                          false,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16:                                       false,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + key32 + "$":                   false,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + key32 + "=":                   false,
		"$argon2id$v=19$m=19456,t=2,p=1$$" + key32:                                       false,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$AAAA":                             false,
		"$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + strings.Repeat("AAAA", 1<<18): false,
		"":      false,
		"$$$$$": false,
	} {
		start := time.Now()
		parsed, ok := parseArgon(phc)
		assert.Equal(t, valid, ok, "%.100q", phc)
		if ok {
			assert.Equal(t, phc, parsed.String())
		}
		assert.Less(t, time.Since(start), time.Second)
	}
}

func TestBcryptHashes(t *testing.T) {
	body := "abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234"
	for hash, valid := range map[string]bool{
		"$2a$04$" + body: true, "$2b$14$" + body: true, "$2y$10$" + body: true,
		"$2a$15$" + body: false, "$2a$31$" + body: false, "$2a$99$" + body: false, "$2a$03$" + body: false,
		"$1a$10$" + body: false, "$2a$10$" + body[1:]: false, "$2a$10$" + body + "x": false,
	} {
		assert.Equal(t, valid, isBcrypt(hash), hash)
	}
}

// Parsing never panics and never computes a hash, and String returns accepted text unchanged.
func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$" + salt16 + "$" + key32)
	f.Add("$2a$10$abcdefghijklmnopqrstuuabcdefghijklmnopqrstuvwxyz01234")
	f.Add("$argon2id$v=19$m=4294967295,t=4294967295,p=255$AAAA$AAAA")
	f.Fuzz(func(t *testing.T, given string) {
		if parsed, ok := parseArgon(given); ok {
			require.Equal(t, given, parsed.String())
		}
		isBcrypt(given)
	})
}

func TestResetTokenRoundTrip(t *testing.T) {
	secret := []byte(strings.Repeat("s", minSecret))
	token := resetToken{id: 7, epoch: 3, expires: time.Unix(1_800_000_000, 0)}
	signed := token.signed(secret)

	read, ok := readToken(secret, signed)
	assert.True(t, ok)
	assert.Equal(t, token, read)

	for i := range len(signed) {
		forged := []byte(signed)
		forged[i] ^= 1
		_, ok := readToken(secret, string(forged))
		assert.False(t, ok, "forged at %d", i)
	}
	for _, forged := range []string{"", signed[1:], signed + "A", signed + "\n", strings.Repeat("A", len(signed))} {
		_, ok := readToken(secret, forged)
		assert.False(t, ok, forged)
	}
	_, ok = readToken([]byte(strings.Repeat("t", minSecret)), signed)
	assert.False(t, ok, "a token signed with another secret was accepted")
}
