package subscriptions

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/clientele-go/clientele/internal/lockkey"
)

func TestCanonicalName(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	long := strings.Repeat(label63+".", 3) + strings.Repeat("b", 61) // 253 bytes
	for given, stored := range map[string]string{
		"example.com":             "example.com",
		"Example.COM.":            "example.com",
		" \u00a0example.com.\t\n": "example.com",
		"\u2066shop\u00ad.exa\u200bmple\u2060.com\u2069 \ufeff": "shop.example.com",
		"FA\u1e9e.DE":                 "xn--fa-hia.de",
		"Fa\u00df.de":                 "xn--fa-hia.de",
		"xn--fa-hia.de":               "xn--fa-hia.de",
		"fass.de":                     "fass.de",
		"نامه\u200cای.example":        "xn--mgba3gch31f060k.example", // the joiner spells another name
		"نامهای.example":              "xn--mgba3gch31f.example",
		"xn--mgba3gch31f060k.example": "xn--mgba3gch31f060k.example",
		"mario.localhost":             "mario.localhost",
		"münchen.example":             "xn--mnchen-3ya.example",
		"MÜNCHEN.example":             "xn--mnchen-3ya.example",
		"mu\u0308nchen.example":       "xn--mnchen-3ya.example",
		"xn--mnchen-3ya.example":      "xn--mnchen-3ya.example",
		"XN--MNCHEN-3YA.example":      "xn--mnchen-3ya.example",
		"例え。テスト":                      "xn--r8jz45g.xn--zckzah",
		"ｅｘａｍｐｌｅ.com":                 "example.com",
		"co.uk":                       "co.uk",
		"1.example":                   "1.example",
		"123.com":                     "123.com",
		"a-b.example":                 "a-b.example",
		"0xa.example":                 "0xa.example",
		"a.0xg":                       "a.0xg",
		long:                          long,
	} {
		name, ok := CanonicalName(given)
		assert.True(t, ok, given)
		assert.Equal(t, stored, name, given)
	}
	for _, given := range []string{
		"", ".", "..", "localhost", "a..b", ".a.b", "a.b..", "-a.example", "a-.example", "a.-b", "*.example.com", "a_b.example",
		"a b.example", "a.b/c", "a.b:80", "http://a.b", "a@b.example", "1.2.3.4", "1.2.3", "1.2.3.4.", "0x7f.1", "127.0.0.0x1",
		"a.0x", "a.0xff", "a.123", "[::1]", "::1", "fe80::1%lo", "2130706433", "a.xn--", "xn--a.example", "xn--zzzzzzzz.example",
		"xn--80ak6aa92e-.com", "ab--cd.example", "xn--example-.com", "\xff.example", "a\x00.example", "a\n.example",
		"א1a.example", "\u200b.example", "\u3164.example", "a .example", "example.com .", "a\u200db.example", " ",
		strings.Repeat("a", 64) + ".example", long + "b", strings.Repeat("a.", 1<<19) + "com",
	} {
		name, ok := CanonicalName(given)
		assert.False(t, ok, "%.80q became %.80q", given, name)
	}
}

// UTS 46 maps the Kelvin sign to k, so both spellings are one name and cannot be registered separately.
func TestKelvinSignFoldsToK(t *testing.T) {
	name, ok := CanonicalName("\u212aelvin.example")
	assert.True(t, ok)
	assert.Equal(t, "kelvin.example", name)
}

// An accepted name does not change when it is canonicalized again, in either spelling, and consists of LDH labels.
func FuzzCanonicalName(f *testing.F) {
	for _, seed := range []string{
		"example.com", "Example.COM.", "münchen.example", "xn--mnchen-3ya.example", "1.2.3.4", "a..b", "\u212a.example",
		"例え。テスト", "*.a.b", "ß.example", "\u1e9e.example", " \u202aa.b\u202c ", "नमस्\u200dते.example", "a\u200db.example", "xn--zca.example", "أهلا.example", "0x7f.1",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, given string) {
		name, ok := CanonicalName(given)
		if !ok {
			return
		}
		require.Regexp(t, `^[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+$`, name)
		require.LessOrEqual(t, len(name), 253)
		again, ok := CanonicalName(name)
		require.True(t, ok)
		require.Equal(t, name, again)
		again, ok = CanonicalName(decodedName(name))
		require.True(t, ok)
		require.Equal(t, name, again)
	})
}

func TestDisplayName(t *testing.T) {
	for name, displayName := range map[string]string{
		"example.com":            "example.com",
		"xn--mnchen-3ya.example": "münchen.example",
		"xn--r8jz45g.xn--zckzah": "例え.テスト",
		"xn--pypal-4ve.com":      "xn--pypal-4ve.com", // Cyrillic а in a Latin word
	} {
		assert.Equal(t, displayName, Domain{Name: name}.DisplayName())
		assert.Equal(t, displayName, Subscription{Name: name}.DisplayName())
	}
	for _, name := range []string{"", "My shop", "xn--mnchen-3ya", "XN--mnchen-3ya.example", "Osteria (xn--mnchen-3ya.example)"} {
		assert.Equal(t, name, Subscription{Name: name}.DisplayName(), "a name that is not a canonical domain name must stay unchanged")
	}
}

func TestMixesScripts(t *testing.T) {
	for label, mixed := range map[string]bool{
		"paypal": false, "пример": false, "p\u0430ypal": true, "日本語カタカナひらがなabc": false, "한국abc漢": false, "αβγabc": true,
		"abc-123": false, "пример1": false,
	} {
		assert.Equal(t, mixed, mixesScripts(label), label)
	}
}

func TestIsBareSuffix(t *testing.T) {
	plain := NewManager(nil, Options{})
	for name, bare := range map[string]bool{
		"co.uk": true, "com.au": true, "github.io": true, "example.com": false, "example.co.uk": false, "mario.localhost": false,
	} {
		assert.Equal(t, bare, plain.isBareSuffix(name), name)
		// An option that returns no suffix of the name counts for nothing.
		for _, garbage := range []string{"", ".", "UK", ".uk", "uk.", "o.uk", "other.example", "a." + name, strings.ToUpper(name), name + ".", "\xff"} {
			m := NewManager(nil, Options{PublicSuffixes: func(string) (string, bool) { return garbage, true }})
			assert.Equal(t, bare, m.isBareSuffix(name), "%s with %q", name, garbage)
		}
	}
	newer := NewManager(nil, Options{PublicSuffixes: func(domain string) (string, bool) {
		if within(domain, "shops.example") {
			return "shops.example", false
		}
		return domain[strings.LastIndexByte(domain, '.')+1:], true
	}})
	for name, bare := range map[string]bool{"shops.example": true, "a.shops.example": false, "example.example": false, "github.io": false} {
		assert.Equal(t, bare, newer.isBareSuffix(name), name)
		assert.Equal(t, bare, newer.ForAccount(1).WithStore(nil).isBareSuffix(name), name)
	}
}

// Names that can conflict share a lock key, even if a public suffix is between them.
func TestConflictingNamesShareLockKey(t *testing.T) {
	for _, pair := range [][2]string{
		{"example.com", "a.b.example.com"},
		{"b.example.co.uk", "a.b.example.co.uk"},
		{"amazonaws.com", "bucket.s3.amazonaws.com"},
		{"kawasaki.jp", "x.foo.kawasaki.jp"},
		{"mario.localhost", "www.mario.localhost"},
	} {
		ancestor, descendant := nameKeys(pair[:1]), nameKeys(pair[1:])
		assert.Subset(t, descendant, ancestor, pair)
	}
	assert.Len(t, nameKeys([]string{"a.b.c.example.co.uk"}), 1, "a name with one registrable domain needs one key")
}

// By Options.PublicSuffixes, an account may own what is a public suffix to the list that is compiled in. Names below that do
// not share its key, so the claim takes all.
func TestKeysOfASuffixThatAnAccountClaims(t *testing.T) {
	below := Claim{Names: []string{"mario.github.io"}, Owner: 1}.Keys()
	assert.Len(t, below, 1)
	for _, owner := range []AccountID{2, newAccount} {
		all := Claim{Names: []string{"example.com", "github.io"}, Owner: owner}.Keys()
		assert.Len(t, all, lockkey.Count)
		assert.IsIncreasing(t, all)
		assert.Equal(t, 0, all[0])
	}
	assert.Len(t, Claim{Names: []string{"github.io"}, Owner: Provider}.Keys(), 1, "the provider's names conflict with no others")
}

func TestClaimKeys(t *testing.T) {
	c := Claim{ExternalIDs: []string{"x"}, Names: []string{"b.example.com", "a.example.com", "example.org"}}
	keys := c.Keys()
	assert.Len(t, keys, 3)
	assert.IsIncreasing(t, keys)
	for _, key := range keys {
		assert.True(t, key >= 0 && key < 1024)
	}
	assert.Equal(t, 459, lockkey.Of("domain", "example.com"), "keys must never change: processes of different versions lock the same ones")
}

func TestAncestors(t *testing.T) {
	assert.Equal(t, []string{"b.example.com", "example.com"}, Ancestors("a.b.example.com"))
	assert.Empty(t, Ancestors("example.com"))
}
