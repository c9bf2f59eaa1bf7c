package accounts

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"

	"github.com/clientele-go/clientele/internal/input"
)

// argon is an Argon2id hash, written as a PHC string: $argon2id$v=19$m=19456,t=2,p=1$salt$hash.
type argon struct {
	memory  uint32 // KiB
	time    uint32
	threads uint8
	salt    []byte
	key     []byte
}

// The parameters of new hashes: the first recommendation of OWASP's Password Storage Cheat Sheet.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // bytes
	argonKey     = 32 // bytes
)

// The bounds of hashes that other systems made. Beyond them, a sign-in would cost too much.
const (
	maxArgonMemory  = 64 * 1024 // KiB
	maxArgonTime    = 8
	maxArgonThreads = 8
	maxBcryptCost   = 14
	maxBcryptBytes  = 72 // of a password; bcrypt ignores what comes after
	maxHash         = 512
)

// newArgon returns the parameters of a new hash with a new random salt.
func newArgon() argon {
	a := argon{memory: argonMemory, time: argonTime, threads: argonThreads, salt: make([]byte, argonSalt)}
	rand.Read(a.salt) // never fails: crypto/rand ends the program instead
	return a
}

// derive returns the key of a password, of the given length in bytes.
func (a argon) derive(password string, bytes int) []byte {
	return argon2.IDKey([]byte(password), a.salt, a.time, a.memory, a.threads, uint32(bytes))
}

// matches reports whether the hash was made of password. It compares in constant time.
func (a argon) matches(password string) bool {
	return subtle.ConstantTimeCompare(a.derive(password, len(a.key)), a.key) == 1
}

// outdated reports whether a new hash would have other parameters.
func (a argon) outdated() bool {
	return a.memory != argonMemory || a.time != argonTime || a.threads != argonThreads ||
		len(a.salt) != argonSalt || len(a.key) != argonKey
}

func (a argon) String() string {
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, a.memory, a.time, a.threads, b64(a.salt), b64(a.key))
}

// parseArgon parses a PHC string. It reports false if the parameters are out of bounds. String returns accepted text
// unchanged.
func parseArgon(phc string) (argon, bool) {
	parts := strings.Split(phc, "$")
	if len(phc) > maxHash || len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v=19" {
		return argon{}, false
	}
	parameters := strings.Split(parts[3], ",")
	if len(parameters) != 3 {
		return argon{}, false
	}
	memory, okM := parameter(parameters[0], "m=", maxArgonMemory)
	time, okT := parameter(parameters[1], "t=", maxArgonTime)
	threads, okP := parameter(parameters[2], "p=", maxArgonThreads)
	salt, okS := input.Decode(base64.RawStdEncoding, parts[4])
	key, okK := input.Decode(base64.RawStdEncoding, parts[5])
	if !okM || !okT || !okP || !okS || !okK || memory < 8*threads || len(salt) < 8 || len(key) < 16 || len(key) > 64 {
		return argon{}, false
	}
	return argon{memory: memory, time: time, threads: uint8(threads), salt: salt, key: key}, true
}

// parameter parses a number from 1 to limit without leading zeros.
func parameter(s, name string, limit uint64) (uint32, bool) {
	digits, found := strings.CutPrefix(s, name)
	if !found || digits == "" || digits[0] == '0' || digits[0] == '+' {
		return 0, false
	}
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), err == nil && n >= 1 && n <= limit
}

// isBcrypt reports whether a hash is bcrypt's, with a cost within the bounds.
func isBcrypt(hash string) bool {
	if !bcryptHash.MatchString(hash) {
		return false
	}
	cost, err := bcrypt.Cost([]byte(hash))
	return err == nil && cost <= maxBcryptCost
}

var bcryptHash = regexp.MustCompile(`^\$2[aby]\$[0-9]{2}\$[./A-Za-z0-9]{53}$`)

// isHash reports whether Argon2id can verify a hash.
func isHash(hash string) bool {
	_, isArgon := parseArgon(hash)
	return isArgon || isBcrypt(hash)
}
